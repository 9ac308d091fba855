import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries";
import { databaseEnv, type Places } from "./cluster";
import { type Identity, isAlive, markOf } from "./identity";

/** A running PostgreSQL and the guard that ends it with us. */
export interface Postmaster {
  pid: number;
  port: number;
  /** Resolves when it has ended, however that came. */
  ended: Promise<{ code: number | null }>;
  /** Fast shutdown, then harder ones. */
  stop(): Promise<void>;
}

/** Why a start did not come about; what PostgreSQL wrote is in `said`. */
export class StartFailure extends Error {
  readonly kind: "locked" | "port" | "busy" | "other";
  readonly said: string;
  constructor(kind: StartFailure["kind"], said: string) {
    super(said);
    this.kind = kind;
    this.said = said;
  }
}

/** The guard's exit code when somebody else holds the lock. */
const LOCKED = 75;
/** Recovery after a crash reads up to max_wal_size of log: seconds, on a slow disk minutes. */
const READY_WITHIN_MS = 300_000;
const FAST_SHUTDOWN_MS = 30_000;
const LOG_KEPT_BYTES = 10 * 2 ** 20;

export interface StartOptions {
  places: Places;
  binaries: Binaries;
  identity: Identity | undefined;
  port: number;
  settings: Readonly<Record<string, string>>;
}

/** Starts PostgreSQL under the guard and waits until it takes connections. @throws StartFailure */
export async function startPostmaster(options: StartOptions): Promise<Postmaster> {
  const { places, port } = options;
  rotate(places.log);
  const logStart = statSync(places.log, { throwIfNoEntry: false })?.size ?? 0;
  const guard = spawnGuard(options);
  const ended = new Promise<{ code: number | null }>((resolve) => {
    guard.once("error", () => resolve({ code: null }));
    guard.once("exit", (code) => resolve({ code }));
  });
  // The guard's watcher reads our pipe to its end: without this it would outlive PostgreSQL.
  void ended.then(() => guard.stdin?.destroy());
  // Who has failed to start is not waited for: each further try of a start would leave one more that polls for minutes.
  const over = new AbortController();
  void ended.then(() => over.abort());
  const pid = await readPid(guard);
  const outcome = await Promise.race([ended, waitUntilReady(places, pid, over.signal)]);
  if (pid === undefined || outcome !== "ready") {
    guard.stdin?.destroy();
    const { code } = await ended;
    throw failureOf(code, tail(places.log, logStart));
  }
  return { pid, port, ended, stop: () => stop(guard, pid, ended) };
}

function spawnGuard({ places, binaries, identity, port, settings }: StartOptions): ChildProcess {
  const script = readFileSync(join(import.meta.dirname, "guard.sh"), "utf8");
  const flags = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  // As text (-c), since the database's user may not be able to read our checkout. A session of its own, so
  // that Ctrl-C in the terminal stops us first and the database after us.
  return spawn(
    "/bin/sh",
    [
      "-c",
      script,
      "besom-guard",
      places.lock,
      places.log,
      places.owner,
      JSON.stringify(markOf(process.pid)),
      binaries.postgres,
      "-D",
      places.cluster,
      ...flags,
    ],
    {
      ...(identity && { uid: identity.uid, gid: identity.gid }),
      cwd: places.home,
      env: databaseEnv(),
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
}

async function readPid(guard: ChildProcess): Promise<number | undefined> {
  let said = "";
  for await (const chunk of guard.stdout ?? []) {
    said += chunk;
    if (said.includes("\n")) break;
  }
  const pid = Number.parseInt(said, 10);
  return Number.isInteger(pid) ? pid : undefined;
}

/** As pg_ctl does: PostgreSQL writes its state in the eighth line of postmaster.pid. */
async function waitUntilReady(
  places: Places,
  pid: number | undefined,
  signal: AbortSignal,
): Promise<"ready" | "late"> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && !signal.aborted) {
    const running = readPostmasterFile(places);
    if (running?.ready && running.pid === pid) return "ready";
    await sleep(10);
  }
  return "late";
}

async function stop(guard: ChildProcess, pid: number, ended: Promise<unknown>): Promise<void> {
  guard.stdin?.destroy();
  for (const [signal, ms] of [
    ["SIGINT", FAST_SHUTDOWN_MS],
    ["SIGQUIT", 5_000],
    ["SIGKILL", 5_000],
  ] as const) {
    const timer = new AbortController();
    const done = await Promise.race([
      ended.then(() => true),
      sleep(ms, false, { signal: timer.signal }).catch(() => false),
    ]);
    timer.abort();
    if (done) return;
    signalTo(pid, signal);
  }
}

/** Ends a database whose program is gone and whose guard was killed too. Returns false when it does not end. */
export async function endOrphan(pid: number, patienceMs = FAST_SHUTDOWN_MS): Promise<boolean> {
  const began = Date.now();
  // Its guard, when it lives, is at work already.
  if (await goneWithin(pid, 1_000)) return true;
  signalTo(pid, "SIGINT");
  return goneWithin(pid, patienceMs - (Date.now() - began));
}

async function goneWithin(pid: number, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(50)) {
    if (!isAlive({ pid, began: undefined })) return true;
  }
  return false;
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

export interface Running {
  pid: number;
  port: number;
  ready: boolean;
}

/** What postmaster.pid says; it stays behind after a crash, so whether the process lives is another question. */
export function readPostmasterFile(places: Places): Running | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(places.cluster, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 0
    ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" }
    : undefined;
}

/**
 * Takes away a postmaster.pid that a crash left behind and whose number now belongs to a stranger: PostgreSQL
 * would take the stranger for itself, which is the rule in containers, where numbers start at 1 each time.
 * Should a process of the old database still live, PostgreSQL finds its shared memory and refuses by itself.
 */
export function removeStalePidFile(places: Places): void {
  rmSync(join(places.cluster, "postmaster.pid"), { force: true });
}

/** Whether `pid` is a PostgreSQL on this cluster; where the kernel doesn't tell, that it lives must do. */
export function isPostmaster(pid: number, places: Places): boolean {
  if (!isAlive({ pid, began: undefined })) return false;
  if (!existsSync("/proc/self/cmdline")) return true;
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return words.includes(places.cluster);
  } catch {
    return false;
  }
}

/** A port of the loopback that nobody listens on: the remembered one when it is free, else any. */
export async function freePort(wanted: number | undefined): Promise<number> {
  for (const port of [wanted, 0]) {
    if (port === undefined) continue;
    const found = await listenOnce(port);
    if (found !== undefined) return found;
  }
  throw new StartFailure("port", "no free port on 127.0.0.1");
}

const listenOnce = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address && typeof address === "object" ? address.port : undefined));
    });
  });

function failureOf(code: number | null, said: string): StartFailure {
  if (code === LOCKED)
    return new StartFailure("locked", "another process holds the lock of this data folder");
  if (/lock file ".*" already exists/.test(said)) return new StartFailure("locked", said);
  if (/could not bind|Address already in use/.test(said)) return new StartFailure("port", said);
  if (/shared memory block .* is still in use/.test(said)) return new StartFailure("busy", said);
  return new StartFailure("other", said || `it ended with exit code ${code}`);
}

function rotate(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_KEPT_BYTES) renameSync(log, `${log}.1`);
}

/** What was written since `start`, at most the last 4 kB of it. */
function tail(log: string, start: number): string {
  if (!existsSync(log)) return "";
  const file = openSync(log, "r");
  try {
    const size = fstatSync(file).size;
    const from = Math.max(Math.min(start, size), size - 4096);
    const buffer = Buffer.alloc(size - from);
    readSync(file, buffer, 0, buffer.length, from);
    return buffer.toString("utf8").trim();
  } finally {
    closeSync(file);
  }
}
