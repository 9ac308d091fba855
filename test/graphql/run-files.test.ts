import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOOK_MS, linksBy } from "@/engine/files/links";
import { addPerson, type Person } from "../support/people";
import { seenRun } from "../support/seen-run";
import { send, sharedServer, withServerOn } from "../support/server";
import { uploadFile, type WireRun } from "../support/wire";

/** Files of a run, sent as wandb's client sends them, and read by the API. */

const filesDir = mkdtempSync(join(tmpdir(), "besom-run-files-"));
const server = sharedServer({ BESOM_FILES_DIR: filesDir });
afterAll(() => rmSync(filesDir, { recursive: true, force: true }));

const PICTURE = randomBytes(2_000);
const { ofRun, errorOf, ...seen } = seenRun(server);
let run: WireRun;
let viewer: Person;
beforeAll(() => {
  run = seen.run();
  viewer = seen.viewer();
});
const names = (page: { nodes: { name: string }[] }) => page.nodes.map(({ name }) => name);

describe("files of a run", () => {
  beforeAll(async () => {
    for (const name of [
      "model.pt",
      "media/images/a.png",
      "media/images/b.png",
      "media/table/t.table.json",
      "世/é.txt",
    ])
      await uploadFile(server(), run, name, name.endsWith("a.png") ? PICTURE : name);
  });

  test("stand by name, with size, type and digest, and come by an address that needs no credentials", async () => {
    const { files } = await ofRun("files { totalCount nodes { name size type md5 updatedAt url } }");
    expect(files.totalCount).toBe(5);
    expect(names(files)).toEqual([
      "media/images/a.png",
      "media/images/b.png",
      "media/table/t.table.json",
      "model.pt",
      "世/é.txt",
    ]);
    const [picture] = files.nodes;
    expect(picture).toMatchObject({ size: 2_000, type: "image/png" });
    expect(picture.md5).toBe(createHash("md5").update(PICTURE).digest("hex"));
    expect(Date.now() - Date.parse(picture.updatedAt)).toBeLessThan(60_000);
    const answer = await fetch(picture.url);
    expect(Buffer.from(await answer.arrayBuffer()).equals(PICTURE)).toBe(true);
  });

  test("page by page, below a prefix, or of one folder alone", async () => {
    const first = (await ofRun("files(first: 2) { nodes { name } pageInfo { hasNextPage endCursor } }"))
      .files;
    expect(first.pageInfo.hasNextPage).toBe(true);
    const rest = await ofRun(
      `files(first: 10, after: "${first.pageInfo.endCursor}") { nodes { name } pageInfo { hasNextPage } }`,
    );
    expect(names(rest.files)).toEqual(["media/table/t.table.json", "model.pt", "世/é.txt"]);
    expect(rest.files.pageInfo.hasNextPage).toBe(false);
    const below = await ofRun('files(prefix: "media/images/") { totalCount nodes { name } }');
    expect(below.files.totalCount).toBe(2);
    const top = await ofRun("files(shallow: true) { totalCount nodes { name } } folders { name files size }");
    expect(names(top.files)).toEqual(["model.pt"]);
    expect(top.folders).toEqual([
      {
        name: "media",
        files: 3,
        size: 2_000 + "media/images/b.png".length + "media/table/t.table.json".length,
      },
      { name: "世", files: 1, size: Buffer.byteLength("世/é.txt") },
    ]);
    const inside = await ofRun(
      'folders(prefix: "media/") { name files } files(prefix: "世/", shallow: true) { nodes { name } }',
    );
    expect(inside.folders).toEqual([
      { name: "images", files: 2 },
      { name: "table", files: 1 },
    ]);
    expect(names(inside.files)).toEqual(["世/é.txt"]);
  });

  test("what is asked wrongly is refused by its name", async () => {
    expect(await errorOf('folders(prefix: "media") { name }')).toMatchObject({
      message: expect.stringContaining('prefix is "media"'),
      extensions: { code: "BAD_INPUT" },
    });
    expect((await errorOf('files(after: "x") { nodes { name } }'))?.extensions.code).toBe("BAD_INPUT");
    expect((await errorOf("files(first: 1001) { nodes { name } }"))?.extensions.code).toBe("BAD_INPUT");
    expect((await errorOf(`files(prefix: "${"x".repeat(1_025)}") { nodes { name } }`))?.message).toContain(
      "1025",
    );
  });

  test("whoever may see the run reads them; nobody else is told of any, nor asked whether they exist", async () => {
    const { files } = await ofRun("files { nodes { url } }", run, viewer);
    expect((await fetch(files.nodes[0].url)).status).toBe(200);
    const stranger = await addPerson(server(), "stranger");
    expect(await ofRun("files { totalCount } folders { name } media { key }", run, stranger)).toBeNull();
    const nobody = await send({ url: server().url }, `{ run(id: "${run.id}") { files { totalCount } } }`);
    expect(nobody.errors?.[0]?.extensions.code).toBe("UNAUTHENTICATED");
  });

  test("an address ends after one to two hours, and is good for its own file alone", async () => {
    const secret = randomBytes(32);
    const link = { may: "get-run-file", runId: 1, name: "a" } as const;
    const halfPast = 30 * 60_000;
    const token = linksBy(secret, () => halfPast).sign(link, LOOK_MS);
    expect(linksBy(secret, () => halfPast + LOOK_MS).read(token)).toEqual(link);
    expect(() => linksBy(secret, () => 2 * LOOK_MS + 1).read(token)).toThrow("ended");
    const { files } = await ofRun("files(first: 1) { nodes { url } }");
    const [text = "", mac = ""] = (new URL(files.nodes[0].url).searchParams.get("t") ?? "").split(".");
    const other = { ...JSON.parse(Buffer.from(text, "base64url").toString()), name: "model.pt" };
    const forged = `${Buffer.from(JSON.stringify(other)).toString("base64url")}.${mac}`;
    expect((await fetch(`${server().url}/wandb/bytes?t=${forged}`)).status).toBe(403);
  });

  test("another server of the same database lists them, and takes the first one's addresses", async () => {
    const { files } = await ofRun('files(prefix: "media/images/a") { nodes { url } }');
    await withServerOn(
      server().databaseUrl,
      async (second) => {
        const there = await ofRun("files { totalCount } media { key }", run, {
          url: second.url,
          key: server().key,
        });
        expect(there.files.totalCount).toBeGreaterThan(4);
        const { search } = new URL(files.nodes[0].url);
        const answer = await fetch(`${second.url}/wandb/bytes${search}`);
        expect(Buffer.from(await answer.arrayBuffer()).equals(PICTURE)).toBe(true);
      },
      { BESOM_FILES_DIR: filesDir },
    );
  });
});
