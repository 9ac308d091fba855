import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseJson } from "@/core/value";
import { type Database, openDatabase } from "@/db/client";
import { type Embedded, startEmbedded } from "@/db/embedded";
import { freePort } from "@/db/embedded/postmaster";

/** One server as a process of its own, on a fixed port, so that it can be killed and started again. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Again, on the same port, after a kill. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

export interface Spawned {
  readonly child: ChildProcess;
  /** Everything it printed, both streams. */
  output(): string;
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** A PostgreSQL of its own, servers and agents as processes: everything can be killed. */
export interface World {
  readonly db: Database;
  readonly key: string;
  readonly folder: string;
  readonly servers: readonly ServerProcess[];
  /** Stops PostgreSQL (fast shutdown) and gives what starts it again on the same port and data. */
  stopPostgres(): Promise<() => Promise<void>>;
  /** `besom ...` against the first server (or the one given). */
  besom(
    words: readonly string[],
    options?: { server?: ServerProcess; env?: Record<string, string>; cwd?: string },
  ): Spawned;
  driver(sweepId: string, agents: number, options?: { server?: ServerProcess; workMs?: number }): Spawned;
  /** Creates a sweep from the text of its file. */
  createSweep(source: string): Promise<string>;
}

const ROOT = join(import.meta.dirname, "../..");

export async function withWorld(
  options: { servers?: number },
  body: (world: World) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "besom-world-"));
  chmodSync(folder, 0o711); // as root, PostgreSQL runs as another user, who must get through
  const spawned: ChildProcess[] = [];
  const servers: ServerProcess[] = [];
  let postgres: Embedded | undefined;
  let db: Database | undefined;
  try {
    const dataDir = join(folder, "postgres");
    postgres = await startEmbedded({ dataDir });
    const { url } = postgres;
    db = openDatabase(url, { max: 4, applicationName: "besom test" });
    for (let i = 0; i < (options.servers ?? 1); i++) {
      servers.push(
        await startServerProcess({ databaseUrl: url, dataDir: join(folder, `server-${i}`), spawned }),
      );
    }
    const [first] = servers;
    if (first === undefined) throw new Error("a world has at least one server");
    const { key } = JSON.parse(readFileSync(join(folder, "server-0/credentials.json"), "utf8")) as {
      key: string;
    };
    const env = (server: ServerProcess): NodeJS.ProcessEnv => ({
      ...process.env,
      BESOM_URL: server.url,
      BESOM_API_KEY: key,
      TSX_TSCONFIG_PATH: join(ROOT, "tsconfig.json"),
      RECORD_DIR: folder,
      HOME: folder,
    });
    const run = (
      file: string,
      words: readonly string[],
      environment: NodeJS.ProcessEnv,
      cwd = ROOT,
    ): Spawned => {
      const child = spawn(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), join(ROOT, file), ...words],
        {
          cwd,
          env: environment,
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      spawned.push(child);
      return watch(child);
    };
    const world: World = {
      db,
      key,
      folder,
      servers,
      stopPostgres: async () => {
        await postgres?.stop();
        postgres = undefined;
        return async () => {
          postgres = await startEmbedded({ dataDir });
          if (postgres.url !== url) throw new Error("PostgreSQL came back on another port");
        };
      },
      besom: (words, { server = first, env: more = {}, cwd } = {}) =>
        run("agent/index.ts", words, { ...env(server), ...more }, cwd),
      driver: (sweepId, agents, { server = first, workMs = 20 } = {}) =>
        run("test/support/driver.ts", [sweepId, String(agents), String(workMs)], env(server)),
      createSweep: async (source) => {
        const answer = await ask(
          first.url,
          key,
          "mutation ($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } error { code message } } }",
          {
            input: { source, project: "chaos" },
          },
        );
        const { sweep, error } = answer.createSweep as { sweep: { id: string } | null; error: unknown };
        if (sweep === null) throw new Error(`createSweep: ${JSON.stringify(error)}`);
        return sweep.id;
      },
    };
    await body(world);
  } finally {
    for (const child of spawned) {
      child.kill("SIGCONT");
      child.kill("SIGKILL");
    }
    await Promise.all(spawned.map(gone));
    await db?.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServerProcess(options: {
  databaseUrl: string;
  dataDir: string;
  spawned: ChildProcess[];
}): Promise<ServerProcess> {
  const port = await freePort(undefined);
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  const start = async () => {
    child = spawn(process.execPath, ["--import", "tsx", "server.ts", "--no-pages"], {
      cwd: ROOT,
      env: {
        ...process.env,
        DATABASE_URL: options.databaseUrl,
        BESOM_DATA_DIR: options.dataDir,
        BESOM_PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    options.spawned.push(child);
    const { output } = watch(child);
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`the server ended: ${output()}`);
        return (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true;
      },
      60_000,
      () => `server at ${url}: ${output()}`,
    );
  };
  await start();
  return {
    url,
    get child() {
      return child;
    },
    start,
    kill: async () => {
      child.kill("SIGKILL");
      await gone(child);
    },
    signal: (name) => {
      child.kill(name);
    },
  };
}

function watch(child: ChildProcess): Spawned {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (piece: string) => {
      // The end is what a failing test wants to see.
      text = (text + piece).slice(-200_000);
    });
  }
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? -1));
  });
  return { child, output: () => text, exited };
}

const gone = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once("exit", () => resolve()));

/** Waits for a fact instead of for a time; fails with `describe()`. */
export async function until(
  fact: () => Promise<boolean>,
  timeoutMs: number,
  describe: () => string | Promise<string>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await fact())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${await describe()}`);
    await pause(100);
  }
}

/** GraphQL over HTTP with plain fetch: what a stranger's script would do. */
export async function ask(
  url: string,
  key: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Record<string, unknown>; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(`GraphQL: ${JSON.stringify(errors)}`);
  return data;
}

export interface Recorded {
  step: number;
  [metric: string]: number;
}

/** What train-and-record.mjs wrote down for one attempt; a torn last line (it was killed) is left out. */
export function readRecord(folder: string, runId: number, attempt: number): Recorded[] {
  const text = readFileSync(join(folder, `${runId}.${attempt}.jsonl`), "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => parseJson(line) as unknown as Recorded);
}
