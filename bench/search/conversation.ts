import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A Python program that answers lines of JSON (peers/protocol.py), spoken to without a turn of the event loop: `simulate` plays a search
 * in one synchronous go, and a peer has to look like any other search to it. Two named pipes do that; a shell opens both before Python begins, so a
 * program that can't start is an end of file and not a wait for ever.
 */
export interface Conversation {
  /** @throws Error with the program's own words; PeerGone when it has ended */
  ask(request: Readonly<Record<string, unknown>>): unknown;
  /** Seconds of processor time that the program has spent on answers so far. */
  readonly cpu: number;
  close(): void;
}

/** The program has ended, by a failure of its own or because a timer ended it. */
export class PeerGone extends Error {}

/** One thread each: engines are compared on one core. */
const ONE_THREAD = Object.fromEntries(
  ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"].map((name) => [name, "1"]),
);

/** @param log a file for what the program and its libraries say on standard error */
export function converse(python: string, args: readonly string[], log: string): Conversation {
  const folder = mkdtempSync(join(tmpdir(), "besom-peer-"));
  const [requests, answers] = [join(folder, "requests"), join(folder, "answers")];
  execFileSync("mkfifo", [requests, answers]);
  const child = spawn(
    "sh",
    ["-c", 'exec <"$1" >"$2" 2>>"$3"; shift 3; exec "$@"', "sh", requests, answers, log, python, ...args],
    {
      stdio: "ignore",
      env: { ...process.env, ...ONE_THREAD, PYTHONUNBUFFERED: "1" },
    },
  );
  child.unref();
  const into = openSync(requests, "w");
  const from = openSync(answers, "r");
  rmSync(folder, { recursive: true });

  const chunk = Buffer.alloc(1 << 16);
  let rest = "";
  let cpu = 0;
  const readLine = (): string => {
    for (;;) {
      const end = rest.indexOf("\n");
      if (end >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        return line;
      }
      const length = readSync(from, chunk);
      if (length === 0) throw new PeerGone(`${args.join(" ")} has ended; ${log} holds what it said`);
      rest += chunk.toString("utf8", 0, length);
    }
  };

  return {
    ask(request) {
      try {
        writeSync(into, `${JSON.stringify(request)}\n`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
        throw new PeerGone(`${args.join(" ")} has ended; ${log} holds what it said`);
      }
      const answer = JSON.parse(readLine()) as { result?: unknown; error?: string; cpu: number };
      cpu += answer.cpu;
      if (answer.error !== undefined) throw new Error(`${args.join(" ")}: ${answer.error}`);
      return answer.result;
    },
    get cpu() {
      return cpu;
    },
    close() {
      closeSync(into);
      closeSync(from);
    },
  };
}
