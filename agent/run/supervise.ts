import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { AppError } from "@/core/errors";
import { STOP_GRACE_MS } from "@/core/time";
import { isGroupAlive, signalGroup } from "./group";
import type { Janitor } from "./janitor";
import { killStrays } from "./strays";

export interface ChildOptions {
  /** The program and its arguments; never a shell's line. */
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  onOutput: (stream: "stdout" | "stderr", text: string) => void;
  janitor: Janitor;
  /** Between SIGTERM and SIGKILL. */
  graceMs?: number;
}

/** How it ended: one of the two is set. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A training process in a process group of its own, standard input empty. */
export interface Child {
  readonly pid: number;
  /** Resolves when the whole group is gone and everything it printed was read. */
  readonly exited: Promise<Exit>;
  /** Resolves a little later, when nothing that it started in sessions of their own is left either. */
  readonly cleared: Promise<void>;
  /** SIGTERM to the group, SIGKILL after the grace. Repeated calls change nothing. */
  stop(): void;
  /** SIGKILL to the group at once. */
  kill(): void;
  /** To the program itself, not to what it started: it may have its own mind about those. */
  signal(name: NodeJS.Signals): void;
  /** Stops reading what it prints, or goes on: a full pipe makes it wait. On its way out it never has to. */
  holdOutput(hold: boolean): void;
}

/** What the group's other processes get to end by themselves after the first one has. */
const LINGER_MS = 1_000;
/**
 * A daemon that left the group may hold the pipes open for ever; what is in them is there by now, and is read even when
 * our loop was blocked for longer: libuv hands out a poll's data before it tells of an exit, and polls before the time
 * is looked at again.
 */
const DRAIN_MS = 1_000;

/** Rejects with COMMAND_NOT_STARTED when the program can't be run here. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { argv, cwd, env, onOutput, janitor, graceMs = STOP_GRACE_MS } = options;
  const [file, ...args] = argv;
  if (!file)
    throw new AppError(
      "COMMAND_NOT_STARTED",
      "the sweep's command is empty: its first word must be a program",
    );
  const child = spawn(file, args, {
    cwd,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid === undefined) throw await notStarted(child, file, cwd);
  janitor.add(pid);
  const streams = [child.stdout, child.stderr] as const;
  read(child.stdout, (text) => onOutput("stdout", text));
  read(child.stderr, (text) => onOutput("stderr", text));
  let leaving = false;
  const holdOutput = (hold: boolean) => {
    for (const stream of streams) {
      if (hold && !leaving) stream.pause();
      else stream.resume();
    }
  };
  const leave = () => {
    leaving = true;
    holdOutput(false);
  };
  child.once("exit", leave);

  let stopping: NodeJS.Timeout | undefined;
  const stop = () => {
    if (stopping) return;
    leave();
    signalGroup(pid, "SIGTERM");
    // A process that is suspended takes SIGTERM only when it goes on.
    signalGroup(pid, "SIGCONT");
    stopping = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
  };
  const clear = once(() => killStrays(marksOf(env, janitor)));
  const exited = waitForEnd(child, pid, stop, clear).finally(() => {
    clearTimeout(stopping);
    janitor.remove(pid);
  });
  // It looks at every process of the machine: what was printed last is on its way to the server first.
  const cleared = exited.then(() => new Promise<void>((resolve) => setImmediate(() => resolve(clear()))));
  const signal = (name: NodeJS.Signals) => void child.kill(name);
  return { pid, exited, cleared, stop, kill: () => signalGroup(pid, "SIGKILL"), signal, holdOutput };
}

/** What tells this run's processes from all others, those of the agent's other runs too. */
function marksOf(env: Readonly<Record<string, string>>, { mark }: Janitor): Record<string, string> {
  const own = ["BESOM_RUN_ID", "BESOM_ATTEMPT"].map((name) => [name, env[name] ?? ""]);
  return Object.fromEntries([[mark.name, mark.value], ...own.filter(([, value]) => value !== "")]);
}

async function waitForEnd(
  child: ChildProcess,
  pid: number,
  stop: () => void,
  clear: () => void,
): Promise<Exit> {
  let isClosed = false;
  const closed = new Promise<void>((resolve) =>
    child.once("close", () => {
      isClosed = true;
      resolve();
    }),
  );
  const exit = await new Promise<Exit>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  if (isGroupAlive(pid)) {
    const lingering = setTimeout(stop, LINGER_MS);
    while (isGroupAlive(pid)) await after(50);
    clearTimeout(lingering);
  }
  // What is in the pipes is read in this turn of the loop; who still holds them open after it is a stray.
  await new Promise((resolve) => setImmediate(resolve));
  if (!isClosed) {
    clear();
    await Promise.race([closed, after(DRAIN_MS)]);
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
  return exit;
}

function read(stream: Readable | null, onText: (text: string) => void): void {
  const decoder = new StringDecoder("utf8");
  stream?.on("data", (bytes: Buffer) => onText(decoder.write(bytes)));
  stream?.on("end", () => onText(decoder.end()));
  stream?.on("error", () => {});
}

function notStarted(child: ChildProcess, file: string, cwd: string): Promise<AppError> {
  return new Promise((resolve) =>
    child.once("error", (cause) => {
      const code = "code" in cause ? cause.code : undefined;
      const why =
        code === "ENOENT"
          ? `there is no program ${JSON.stringify(file)} (or the folder ${cwd} is gone)`
          : code === "EACCES"
            ? `${JSON.stringify(file)} may not be run`
            : cause.message;
      resolve(
        new AppError(
          "COMMAND_NOT_STARTED",
          `the sweep's command can't be started on this machine: ${why}; mend the \`command\` of the sweep file or install the program`,
          { cause },
        ),
      );
    }),
  );
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
