import { closeSync, openSync, readdirSync, readSync } from "node:fs";

/** A process that forks while it is looked for may leave one more behind. */
const ROUNDS = 3;

/**
 * Kills every process whose environment holds all of `marks`: what a run started in a session of its own, out of reach
 * of its process group. Linux only. Some 18 µs for each process of the machine (4 ms for 200), and nothing for the garbage collector.
 */
export function killStrays(marks: Readonly<Record<string, string>>): void {
  if (process.platform !== "linux") return;
  const texts = Object.entries(marks).map(([name, value]) => Buffer.from(`\0${name}=${value}\0`, "latin1"));
  for (let round = 0; round < ROUNDS && killOnce(texts) > 0; round++);
}

function killOnce(texts: readonly Buffer[]): number {
  let found = 0;
  for (const pid of readdirSync("/proc")) {
    const first = pid.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const environment = readEnvironment(pid);
    if (environment === undefined || !texts.every((text) => environment.includes(text))) continue;
    found++;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // gone already
    }
  }
  return found;
}

/** Grows to the longest environment that was met; one byte before it stands for the end of a variable before the first. */
let room = Buffer.alloc(64 * 1024);

/** Undefined for what is gone, and for other users' processes. Valid until the next call. */
function readEnvironment(pid: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(`/proc/${pid}/environ`, "r");
    for (let length = 1; ; ) {
      const count = readSync(file, room, length, room.length - length, null);
      if (count === 0) return room.subarray(0, length);
      length += count;
      if (length === room.length) room = Buffer.concat([room, Buffer.alloc(room.length)]);
    }
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
