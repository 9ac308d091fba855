import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { parseTarGzip } from "nanotar";
import { expect, test, vi } from "vitest";
import { openClient } from "@/client/client";
import { openClientArchives } from "@/downloads/client-archive";
import { ListRuns } from "@/graphql/operations";
import { sharedServer } from "../support/server";
import { createSweep } from "../support/worker";

const server = sharedServer();
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

async function withEmptyFolder<T>(body: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), "besom worker "));
  try {
    return await body(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** As on a machine that has Node and npm and nothing else: an empty folder, an empty cache, no registry. */
const onWorker = (cwd: string, file: string, words: string[], more: Record<string, string> = {}) => {
  const env: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: cwd,
    npm_config_cache: join(cwd, "npm"),
    npm_config_registry: "http://127.0.0.1:9/",
    npm_config_update_notifier: "false",
    ...more,
  };
  const ran = promisify(execFile)(file, words, { cwd, env: env as NodeJS.ProcessEnv });
  // Who kills it does not wait for what it says.
  ran.catch(() => {});
  return ran;
};

test("a machine with Node alone runs a sweep by npx and the server's archive, which asks the server that it came from", async () => {
  const { url, key } = server();
  const program = 'console.log(JSON.stringify({ loss: Number(process.argv[1].split("=")[1]) }))';
  const sweepId = await createSweep(server(), program, { parameters: { a: { values: [3, 1.5] } } });
  const ran = await withEmptyFolder((cwd) =>
    onWorker(cwd, "npx", ["--yes", `${url}/besom-agent.tgz`, "agent", sweepId], { BESOM_API_KEY: key }),
  );
  expect(ran.stderr).toContain("done: 2 finished, 0 running");
  const client = openClient(server());
  const { sweep } = await client.query(ListRuns, { id: sweepId, first: 10, after: null, filter: null });
  await client.close();
  expect(sweep?.runs.nodes.map(({ state, objective }) => [state, objective]).sort()).toEqual([
    ["finished", 1.5],
    ["finished", 3],
  ]);
});

test.runIf(process.platform === "linux")(
  "SIGTERM to npx, which ends at once and tells nobody, stops the agent's run and hands it back",
  async () => {
    const { url, key } = server();
    const sweepId = await createSweep(server(), "setInterval(() => {}, 1000)");
    const client = openClient(server());
    const stateOf = async () => {
      const { sweep } = await client.query(ListRuns, { id: sweepId, first: 1, after: null, filter: null });
      return sweep?.runs.nodes[0]?.state;
    };
    await withEmptyFolder(async (cwd) => {
      const words = ["--yes", `${url}/besom-agent.tgz`, "agent", sweepId];
      const { child } = onWorker(cwd, "npx", words, { BESOM_API_KEY: key });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await vi.waitFor(async () => expect(await stateOf()).toBe("running"), 30_000);
      child.kill("SIGTERM");
      await ended;
      await vi.waitFor(async () => expect(await stateOf()).toBe("pending"), 10_000);
    });
    await client.close();
  },
);

test("the archive is the same bytes for the same sources, below 2 MB, revalidated by its hash, and installs besom/client", async () => {
  const { url, key } = server();
  const answer = await fetch(`${url}/besom-agent.tgz`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(answer.headers.get("content-type")).toBe("application/gzip");
  expect(bytes.length).toBeLessThan(2_000_000);
  const etag = answer.headers.get("etag") ?? "";
  expect(etag).toBe(`"${createHash("sha256").update(bytes).digest("hex")}"`);
  const again = await fetch(`${url}/besom-agent.tgz`, { headers: { "if-none-match": etag } });
  expect(again.status).toBe(304);
  const files = await parseTarGzip(bytes.buffer);
  expect(files.map(({ name }) => name)).toContain("package/client.d.ts");

  await withEmptyFolder(async (cwd) => {
    writeFileSync(join(cwd, "package.json"), '{"type":"module"}');
    await onWorker(cwd, "npm", ["install", "--no-audit", "--no-fund", `${url}/besom-agent.tgz`]);
    writeFileSync(
      join(cwd, "train.js"),
      `import * as besom from "besom/client";
       const run = await besom.init({ project: "by-hand", config: { lr: 0.1 } });
       for (let step = 0; step < 3; step++) run.log({ loss: 1 / (step + run.config.lr) }, step);
       await run.finish();`,
    );
    const { stderr } = await onWorker(cwd, process.execPath, ["train.js"], { BESOM_API_KEY: key });
    expect(stderr).toContain(`besom: this run is ${url}/`);
  });
});

test("an archive names the server as its reader reached it, whatever the header says", async () => {
  const { url } = server();
  const { port } = new URL(url);
  const home = async (host: string) => {
    const { stdout } = await promisify(execFile)(
      "curl",
      ["-sS", "-H", `Host: ${host}`, `http://127.0.0.1:${port}/besom-agent.tgz`],
      { encoding: "buffer", maxBuffer: 4_000_000 },
    );
    const files = await parseTarGzip(new Uint8Array(stdout).buffer);
    const manifest = files.find(({ name }) => name === "package/package.json");
    return JSON.parse(text(manifest?.data)).besom.server;
  };
  expect(await home("sweeps.example.org:8080")).toBe("http://sweeps.example.org:8080");
  expect(await home("evil/../x'y")).toBe("http://localhost:3000");
});

test("a stranger who makes up names for the server costs it next to nothing", async () => {
  const archives = openClientArchives();
  const own = await archives("http://own");
  const startedAt = performance.now();
  const names = Array.from({ length: 100 }, (_, i) => `http://made-up-${i}`);
  for (const name of names) expect((await archives(name)).hash).not.toBe(own.hash);
  // Packed anew for each they took 140 ms each, and two megabytes.
  expect((performance.now() - startedAt) / names.length).toBeLessThan(40);
  expect((await archives("http://own")).hash).toBe(own.hash);
});

test("the wheel's list of files is true, its index names it, and an older name says which one there is", async () => {
  const { url } = server();
  const index = await (await fetch(`${url}/python/`)).text();
  const [, name = ""] = /href="(besom-[\d.]+-py3-none-any\.whl)#sha256=/.exec(index) ?? [];
  const answer = await fetch(`${url}/python/${name}`);
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
  const info = name.replace("-py3-none-any.whl", ".dist-info");
  const record = text(files[`${info}/RECORD`]).trim().split("\n");
  expect(record).toHaveLength(Object.keys(files).length);
  for (const line of record) {
    const [path = "", hash, length] = line.split(",");
    if (path === `${info}/RECORD`) continue;
    const file = files[path] ?? new Uint8Array();
    expect([hash, Number(length)], path).toEqual([
      `sha256=${createHash("sha256").update(file).digest("base64url")}`,
      file.length,
    ]);
  }
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining(["besom/__init__.py", "besom/py.typed", "besom/api/_run.py"]),
  );
  expect(text(files[`${info}/entry_points.txt`])).toMatch(/^\[console_scripts\]\nbesom = besom/);

  const older = await fetch(`${url}/python/besom-0.0.1-py3-none-any.whl`);
  expect(older.status).toBe(404);
  expect(await older.text()).toContain(`this server hands out ${name}`);
});
