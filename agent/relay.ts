import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { PASSED } from "./ladder";

const RELAYED = "BESOM_RELAYED";
/** How often a process looks whether the one above it is still there. */
const LOOK_MS = 500;

/**
 * `npx tsx agent ID` runs us as the child of another Node process, which kills its child with SIGKILL when it has not
 * answered a signal within 60 ms. Training programs that use every core make that happen (seen at a load of 6 a core),
 * and the agent, whose task is to stop them in peace, would be gone. So under tsx the agent itself runs one
 * level deeper and what tsx may kill is this relay; the agent notices, stops its runs and hands them back.
 * `npx besom agent ID` needs none of this.
 */
export function needsRelay(words: readonly string[], env: NodeJS.ProcessEnv = process.env): boolean {
  const underTsx = process.execArgv.some((word) => word.includes("tsx") && word.includes("preflight"));
  const isAgent = words[0] === "agent" || /^[\w./:-]*[a-z0-9]{8}$/.test(words[0] ?? "");
  return underTsx && isAgent && env[RELAYED] === undefined;
}

/** Runs the same command line as a child, hands signals on, and gives its exit code. */
export function relay(entry: string, words: readonly string[]): Promise<number> {
  const loader = import.meta.resolve("tsx");
  const child = spawn(process.execPath, ["--import", loader, entry, ...words], {
    stdio: "inherit",
    env: { ...process.env, [RELAYED]: "1" },
  });
  const forward = words.includes("-f") || words.includes("--forward-signals");
  for (const signal of forward ? PASSED : (["SIGINT", "SIGTERM", "SIGHUP"] as const))
    process.on(signal, () => child.kill(signal));
  watchParent(() => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
}

/** Calls `onGone` when the process above us died; gives what ends the watch. */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * For the agent itself: only under a relay, and under the shell that npx starts, does its parent's death mean anything (a shell
 * of the user's may well go). npx ends at SIGTERM with its shell, and would leave the agent behind.
 */
export const watchRelay = (onGone: () => void): (() => void) =>
  process.env[RELAYED] !== undefined || isUnderNpx() ? watchParent(onGone) : () => {};

function isUnderNpx(
  { npm_command: command, npm_lifecycle_event: event }: NodeJS.ProcessEnv = process.env,
): boolean {
  if (command !== "exec" || event !== "npx") return false;
  try {
    // Not a shell that somebody works in, which npx may have started long ago: sh -c "besom agent ID".
    return readFileSync(`/proc/${process.ppid}/cmdline`, "latin1").split("\0")[1] === "-c";
  } catch {
    return process.platform !== "linux";
  }
}
