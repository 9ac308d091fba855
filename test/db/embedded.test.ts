import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import postgres from "postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Embedded, findRunning, startEmbedded } from "@/db/embedded";
import { placesOf } from "@/db/embedded/cluster";
import { isAlive } from "@/db/embedded/identity";

const asRoot = process.getuid?.() === 0;
const ROOM = import.meta.dirname;
/** A path with a space, which every shell line and every setting has to survive. */
let parent: string;
let dataDir: string;
/** Folders whose database belonged to a program that was killed. */
const used = new Set<string>();

beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "besom embedded "));
  // Root's folder is closed; PostgreSQL's user must be able to pass the parents of the data folder.
  rmSync(parent, { recursive: true });
  mkdirSync(parent, { mode: 0o755 });
  dataDir = join(parent, "data folder");
});

afterAll(async () => {
  await waitUntil(() => [...used].every((folder) => findRunning(folder) === undefined));
  rmSync(parent, { recursive: true, force: true });
});

test("the first start makes a database that later starts find again, on the same port", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 42 as n");
  await first.stop();
  const second = await start();
  expect(await query(second.url, "select n from kept")).toEqual([{ n: 42 }]);
  expect(new URL(second.url).port).toBe(new URL(first.url).port);
  await second.stop();
  expect(findRunning(dataDir)).toBeUndefined();
});

test("it listens on the loopback alone, asks for its password, and keeps acknowledged writes", async () => {
  const { url, stop } = await start();
  const settings = await query(
    url,
    "select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'wal_compression', 'unix_socket_directories') order by name",
  );
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: "on",
    full_page_writes: "on",
    listen_addresses: "127.0.0.1",
    synchronous_commit: "on",
    unix_socket_directories: "",
    wal_compression: "pglz",
  });
  const wrong = new URL(url);
  wrong.password = "guess";
  await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  expect(statSync(placesOf(dataDir).password).mode & 0o777).toBe(0o600);
  expect(statSync(placesOf(dataDir).home).mode & 0o777).toBe(0o700);
  await stop();
});

test("text sorts by code point, whatever the machine's locale", async () => {
  const { url, stop } = await start();
  const rows = await query(url, "select x from (values ('b'), ('ä'), ('B'), ('a')) as t(x) order by x");
  expect(rows.map(({ x }) => x)).toEqual(["B", "a", "b", "ä"]);
  await stop();
});

test("a second start on the same folder is refused and names the first", async () => {
  const { url, stop } = await start();
  const { code, message } = await inProcess(dataDir).answer;
  expect({ code, message }).toMatchObject({
    code: "DATA_DIR_IN_USE",
    message: expect.stringContaining(`process number ${process.pid}`),
  });
  const byAnotherName = join(parent, "link");
  symlinkSync(dataDir, byAnotherName);
  await expect(startEmbedded({ dataDir: byAnotherName })).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
  expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
  await stop();
});

test("of two starts at the same moment one wins and the other is refused", async () => {
  const folder = join(parent, "race");
  const both = [inProcess(folder), inProcess(folder)];
  const answers = await Promise.all(both.map(({ answer }) => answer));
  expect(answers.map(({ code, message }) => code ?? message ?? "started").sort()).toEqual([
    "DATA_DIR_IN_USE",
    "started",
  ]);
  const winner = answers.find(({ url }) => url);
  expect(await query(winner?.url ?? "", "select 1 as one")).toEqual([{ one: 1 }]);
});

test("the database ends with its program, even after kill -9", async () => {
  const { child, answer } = inProcess(dataDir);
  const { pid = 0 } = await answer;
  expect(isAlive({ pid, began: undefined })).toBe(true);
  child.kill("SIGKILL");
  await waitUntil(() => !isAlive({ pid, began: undefined }));
  // A clean shutdown takes the file away; PostgreSQL that died would have left it.
  expect(existsSync(join(placesOf(dataDir).cluster, "postmaster.pid"))).toBe(false);
});

test("a start right after kill -9 waits for the old database instead of refusing", async () => {
  const { child, answer } = inProcess(dataDir);
  await answer;
  child.kill("SIGKILL");
  const next = await start();
  expect(await query(next.url, "select 1 as one")).toEqual([{ one: 1 }]);
  await next.stop();
});

test("a database whose program and guard were both killed is ended at the next start", async () => {
  const { child, answer } = inProcess(dataDir);
  const { pid = 0 } = await answer;
  const guards = await childrenOf(child.pid ?? 0);
  expect(guards.length).toBeGreaterThan(0);
  const watchers = (await Promise.all(guards.map(childrenOf))).flat().filter((each) => each !== pid);
  for (const each of [...guards, ...watchers]) process.kill(each, "SIGKILL");
  child.kill("SIGKILL");
  await waitUntil(() => !isAlive({ pid: child.pid ?? 0, began: undefined }));
  const next = await start();
  expect(next.pid).not.toBe(pid);
  expect(isAlive({ pid, began: undefined })).toBe(false);
  await next.stop();
});

test.runIf(existsSync("/proc/self/stat"))(
  "a process that has ended is not alive, though nobody has asked how it ended, as in a container without an init",
  async () => {
    // The shell becomes a program that asks nobody; only then its child may end.
    const parent = spawn("/bin/sh", ["-c", "cat <&3 & echo $!; exec sleep 60 3<&-"], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const pid = Number(await new Promise((resolve) => parent.stdout?.once("data", resolve)));
    await waitUntil(() => readFileSync(`/proc/${parent.pid}/cmdline`, "utf8").startsWith("sleep"));
    (parent.stdio[3] as Writable).end();
    await waitUntil(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
    expect(isAlive({ pid, began: undefined })).toBe(false);
  },
);

test("a postmaster.pid that a crash left behind is no obstacle, even when its number lives again", async () => {
  for (const pid of [process.pid, 4_194_303]) {
    const file = join(placesOf(dataDir).cluster, "postmaster.pid");
    writeFileSync(
      file,
      `${pid}\n${placesOf(dataDir).cluster}\n1700000000\n5432\n\n127.0.0.1\n12 34\nready   \n`,
    );
    const { url, stop } = await start();
    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    await stop();
  }
});

test("a database that is killed is started again on the same port, with everything acknowledged", async () => {
  const embedded = await start();
  await query(embedded.url, "create table acknowledged as select generate_series(1, 1000) as n");
  process.kill(embedded.pid, "SIGKILL");
  const rows = await eventually(() => query(embedded.url, "select count(*)::int as n from acknowledged"));
  expect(rows).toEqual([{ n: 1000 }]);
  await embedded.stop();
});

test("when the remembered port is taken, another is chosen", async () => {
  const taken = createServer();
  const port = Number(readFileSync(placesOf(dataDir).port, "utf8"));
  await new Promise<void>((resolve) => taken.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => new Promise((resolve) => taken.close(() => resolve())));
  const { url, stop } = await start();
  expect(new URL(url).port).not.toBe(String(port));
  await stop();
});

test("a cluster of another major version is refused with the way out", async () => {
  const folder = join(parent, "older");
  mkdirSync(placesOf(folder).cluster, { recursive: true });
  writeFileSync(join(placesOf(folder).cluster, "PG_VERSION"), "17\n");
  await expect(startEmbedded({ dataDir: folder })).rejects.toMatchObject({
    code: "DATA_DIR_VERSION",
    message: expect.stringMatching(/PostgreSQL 17.*besom backup FILE.*besom restore FILE/),
  });
});

test("a database that can't start says why and where its log is", async () => {
  const folder = join(parent, "broken");
  mkdirSync(folder);
  execFileSync("cp", ["-a", placesOf(dataDir).home, placesOf(folder).home]);
  rmSync(join(placesOf(folder).cluster, "global", "pg_control"));
  await expect(startEmbedded({ dataDir: folder })).rejects.toMatchObject({
    code: "EMBEDDED_FAILED",
    message: expect.stringMatching(/pg_control.*server\.log/s),
  });
  // Nobody goes on looking whether it is ready: a look would change when the file was read last.
  const file = join(placesOf(folder).cluster, "postmaster.pid");
  writeFileSync(file, "1\n");
  utimesSync(file, 1, new Date());
  await pause(200);
  expect(statSync(file).atimeMs).toBe(1_000);
});

test("a data folder that is a file is refused with the way out", async () => {
  const file = join(parent, "file");
  writeFileSync(file, "");
  await expect(startEmbedded({ dataDir: file })).rejects.toMatchObject({
    code: "DATA_DIR_UNREACHABLE",
    message: expect.stringContaining("BESOM_DATA_DIR"),
  });
});

test.runIf(asRoot)(
  "as root the database runs as another user, who needs nothing of the checkout",
  async () => {
    const { pid, stop } = await start();
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(/^Uid:\t(\d+)/m.exec(status)?.[1]).not.toBe("0");
    expect(/^Groups:\t(.*)/m.exec(status)?.[1]?.trim()).toBe("");
    const maps = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    expect(maps).not.toContain("node_modules");
    await stop();
  },
);

test.runIf(asRoot)(
  "as root a folder that the other user can't reach is refused with the way out",
  async () => {
    const closed = join(parent, "closed");
    mkdirSync(closed, { mode: 0o700 });
    await expect(startEmbedded({ dataDir: join(closed, "data") })).rejects.toMatchObject({
      code: "DATA_DIR_UNREACHABLE",
      message: expect.stringMatching(new RegExp(`can't enter ${closed} .*chmod o\\+x`)),
    });
  },
);

const start = (): Promise<Embedded> => {
  const started = startEmbedded({ dataDir });
  onTestFinished(async () => (await started.catch(() => undefined))?.stop());
  return started;
};

interface Answer {
  url?: string;
  pid?: number;
  code?: string;
  message?: string;
}

/** A program of its own that starts the database of `folder` and then stays; killed at the end of the test. */
function inProcess(folder: string): { child: ChildProcess; answer: Promise<Answer> } {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(ROOM, "../support/embedded-process.ts"), folder],
    { cwd: join(ROOM, "../.."), stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  used.add(folder);
  const answer = (async () => {
    let said = "";
    for await (const chunk of child.stdout ?? []) {
      said += chunk;
      if (said.includes("\n")) break;
    }
    return JSON.parse(said || '{"message": "it said nothing"}') as Answer;
  })();
  return { child, answer };
}

async function childrenOf(pid: number): Promise<number[]> {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean).map(Number) : [];
}

async function query(url: string, text: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function waitUntil(condition: () => boolean, ms = 20_000): Promise<void> {
  for (const deadline = Date.now() + ms; !condition(); await pause(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${condition}`);
  }
}

async function eventually<T>(attempt: () => Promise<T>, ms = 20_000): Promise<T> {
  for (const deadline = Date.now() + ms; ; await pause(50)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
