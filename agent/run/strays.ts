import { readdirSync, readFileSync } from "node:fs";

/** A process that forks while it is looked for may leave one more behind. */
const ROUNDS = 3;

/**
 * Kills every process whose environment holds all of `marks`: what a run started in a session of its own, out of reach
 * of its process group. Linux only. Some 40 µs for each process of the machine (6 ms for 150).
 */
export function killStrays(marks: Readonly<Record<string, string>>): void {
  if (process.platform !== "linux") return;
  const texts = Object.entries(marks).map(([name, value]) => `\0${name}=${value}\0`);
  for (let round = 0; round < ROUNDS && killOnce(texts) > 0; round++);
}

function killOnce(texts: readonly string[]): number {
  let found = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
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

/** Undefined for what is gone, and for other users' processes. */
function readEnvironment(pid: string): string | undefined {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
  } catch {
    return undefined;
  }
}
