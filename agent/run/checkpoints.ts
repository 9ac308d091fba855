import { rmdirSync } from "node:fs";
import { rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "../folders";

export interface CheckpointFolder {
  readonly dir: string;
  /** Goes when it is empty. Never rejects. */
  close(): Promise<void>;
}

/** Another agent may remove an empty folder in the moment in which it is made. */
const TRIES = 5;

/** Where the programs of one sweep save what they would go on from. */
export class Checkpoints {
  private readonly root: string;
  private readonly ours: readonly string[];

  /** `BESOM_CHECKPOINT_ROOT`, else `.besom/checkpoints` where the agent runs. */
  constructor(sweepId: string, cwd: string, env: Readonly<Record<string, string | undefined>>) {
    const chosen = env.BESOM_CHECKPOINT_ROOT;
    const parent = resolve(cwd, chosen || join(".besom", "checkpoints"));
    this.root = join(parent, sweepId);
    this.ours = [this.root, ...(chosen ? [] : [parent, dirname(parent)])];
  }

  /** The same folder for every attempt of a run, whichever agent has it, when they share a disk. Throws when it can't be made. */
  open(runName: string): CheckpointFolder {
    const dir = join(this.root, runName);
    for (let left = TRIES; ; left--) {
      try {
        makeFolder(dir);
        break;
      } catch (error) {
        if (left <= 1) throw error;
      }
    }
    return { dir, close: () => rmdir(dir).catch(() => {}) };
  }

  /** Takes what is empty of the folders that were made here. */
  close(): void {
    try {
      for (const folder of this.ours) rmdirSync(folder);
    } catch {
      // Something is in it, or somebody else was faster.
    }
  }
}
