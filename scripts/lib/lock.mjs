import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root, say } from "./say.mjs";

/** A maker that has not yet written its number is this young. */
const YOUNG_MS = 5_000;

/**
 * Runs `body` while holding a folder's name: making a folder succeeds for one process only. Two scripts at once
 * would otherwise install or build over each other. A lock whose holder is gone is taken over.
 */
export async function withLock(name, body) {
  const lock = join(root, `.besom-${name}.lock`);
  for (let said = false; !take(lock); ) {
    if (!holderLives(lock)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!said) say(`another script is busy with the ${name}; waiting for it`);
    said = true;
    await sleep(200);
  }
  try {
    return await body();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(lock, "pid"), String(process.pid));
  return true;
}

function holderLives(lock) {
  try {
    process.kill(Number(readFileSync(join(lock, "pid"), "utf8")) || Number.NaN, 0);
    return true;
  } catch (error) {
    if (error.code === "EPERM") return true;
    if (error.code !== "ENOENT" && error.code !== "ERR_INVALID_ARG_TYPE") return false;
    const made = statSync(lock, { throwIfNoEntry: false });
    return made !== undefined && Date.now() - made.mtimeMs < YOUNG_MS;
  }
}
