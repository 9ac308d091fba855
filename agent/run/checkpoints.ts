import { rmdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "../folders";

export interface CheckpointFolder {
  readonly dir: string;
  /** Goes when it is empty, with the empty folders above it that are ours. */
  close(): void;
}

/** Another run may remove an empty folder in the moment in which it is made. */
const TRIES = 5;

/**
 * Where a run's program saves what it would go on from: the same folder for every attempt of the run, whichever agent has it,
 * when they share a disk. `BESOM_CHECKPOINT_ROOT`, else `.besom/checkpoints` where the agent runs.
 * Throws when it can't be made.
 */
export function openCheckpoints(
  { sweepId, runName, cwd }: { sweepId: string; runName: string; cwd: string },
  env: Readonly<Record<string, string | undefined>>,
): CheckpointFolder {
  const chosen = env.BESOM_CHECKPOINT_ROOT;
  const root = resolve(cwd, chosen || join(".besom", "checkpoints"));
  const dir = join(root, sweepId, runName);
  for (let left = TRIES; ; left--) {
    try {
      makeFolder(dir);
      break;
    } catch (error) {
      if (left <= 1) throw error;
    }
  }
  const ours = [dir, dirname(dir), ...(chosen ? [] : [root, dirname(root)])];
  return { dir, close: () => removeEmpty(ours) };
}

function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // Something is in it, or somebody else was faster.
  }
}
