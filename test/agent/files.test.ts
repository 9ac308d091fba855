import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "@/agent/main";
import { addPerson } from "../support/people";
import { sharedServer } from "../support/server";
import { beginRun, uploadFile, type WireRun } from "../support/wire";

const server = sharedServer();
const cwd = mkdtempSync(join(tmpdir(), "besom-cli-files-"));
afterAll(() => rmSync(cwd, { recursive: true }));

let run: WireRun;
beforeAll(async () => {
  run = await beginRun(server(), "run one", "downloads");
  for (const [name, body] of [
    ["model.pt", "weights"],
    ["media/images/a b.png", "picture"],
    ["media/empty.txt", ""],
  ] as const)
    await uploadFile(server(), run, name, body);
});

async function type(words: readonly string[], key = server().key, url = server().url) {
  const printed = { out: "", err: "" };
  const nowhere = join(tmpdir(), "besom-nowhere");
  const code = await main(["files", ...words], {
    env: { XDG_CONFIG_HOME: nowhere, BESOM_DATA_DIR: nowhere, BESOM_URL: url, BESOM_API_KEY: key },
    cwd,
    out: (text) => {
      printed.out += `${text}\n`;
    },
    err: (text) => {
      printed.err += `${text}\n`;
    },
    color: false,
  });
  return { code, ...printed };
}

test("files are listed by name, by whatever a run is called", async () => {
  const path = `${run.entity}/downloads/run one`;
  const listed = await type([path]);
  expect(listed.code).toBe(0);
  expect(listed.out.split("\n").map((line) => line.split(/\s{2,}/)[0])).toEqual([
    ...["FILE", "media/empty.txt", "media/images/a b.png", "model.pt", ""],
  ]);
  const address = `${server().url}/${run.entity}/downloads/runs/run%20one`;
  for (const name of ["downloads/run one", run.id, address])
    expect((await type([name])).out).toBe(listed.out);
  const json = JSON.parse((await type([path, "--prefix", "media/", "--json"])).out);
  expect(json).toMatchObject([
    { name: "media/empty.txt", size: 0 },
    { name: "media/images/a b.png", size: 7 },
  ]);
  expect(json[0]).not.toHaveProperty("url");
});

test("they are downloaded below a folder, and once more only where something is missing or has changed", async () => {
  const first = await type([run.id, "--download", "out"]);
  expect(first).toMatchObject({ code: 0, err: "3 of 3 files written to out (14 bytes)\n" });
  expect(readFileSync(join(cwd, "out/media/images/a b.png"), "utf8")).toBe("picture");
  expect(statSync(join(cwd, "out/media/empty.txt")).size).toBe(0);
  writeFileSync(join(cwd, "out/model.pt"), "changed");
  const second = await type([run.id, "--download", "out"]);
  expect(second.err).toBe("1 of 3 files written to out (7 bytes), 2 were there\n");
  expect(readFileSync(join(cwd, "out/model.pt"), "utf8")).toBe("weights");
  expect(existsSync(join(cwd, "out/model.pt.besom-part"))).toBe(false);
});

test("a file whose address ended while others were fetched comes by another one", async () => {
  const { url } = server();
  const { url: behind, asked, close } = await refuseFirst(url);
  try {
    const fetched = await type([run.id, "--download", "late"], server().key, behind);
    expect(fetched).toMatchObject({ code: 0, err: "3 of 3 files written to late (14 bytes)\n" });
    expect(readFileSync(join(cwd, "late/model.pt"), "utf8")).toBe("weights");
    // Each was refused once, and asked for once more.
    expect(asked()).toBe(6);
  } finally {
    await close();
  }
});

/** A way to the server on which each file's first address has ended. */
async function refuseFirst(url: string) {
  const refused = new Set<string>();
  let asked = 0;
  const proxy = createServer(async (request, response) => {
    const { method = "GET", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const name = /[?&]t=([^.]*)/.exec(request.url ?? "")?.[1];
    if (name !== undefined) {
      asked++;
      if (!refused.has(name)) {
        refused.add(name);
        return void response.writeHead(403, { "content-type": "application/json" }).end('{"errors":[]}');
      }
    }
    const { authorization = "", "content-type": type = "application/json" } = headers;
    const sent = { authorization, "content-type": type };
    const body = method === "POST" ? { body: Buffer.concat(chunks) } : {};
    const answer = await fetch(url + request.url, { method, headers: sent, ...body });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((ready) => proxy.listen(0, "127.0.0.1", ready));
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: () => new Promise((closed) => proxy.close(closed)),
  };
}

test("what is no run, is unknown or may not be seen is said, and writes nothing", async () => {
  expect(await type(["model"])).toMatchObject({ code: 2, err: expect.stringContaining('"model" is no run') });
  expect(await type(["downloads/nobody"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("knows no run"),
  });
  const stranger = await addPerson(server(), "stranger");
  const refused = await type([run.id, "--download", "theirs"], stranger.key);
  expect(refused.code).toBe(1);
  expect(existsSync(join(cwd, "theirs"))).toBe(false);
});
