import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../folders";
import type { Verdict } from "../run/verdict";
import { thisOwner } from "./owner";

export const OWNER_FILE = "owner.json";
export const ATTEMPT_FILE = "attempt.json";
export const END_FILE = "end.json";

/** What somebody else needs to deliver an attempt's data: the server, and the attempt's own key. */
export interface SpooledAttempt {
  url: string;
  runId: string;
  attempt: number;
  apiKey: string;
  /** For people. */
  displayName: string;
}

/** One attempt's part of it. */
export interface AttemptSpool {
  readonly dir: string;
  /** How the process ended, before the server is told. */
  ended(verdict: Verdict): void;
  /** Beside the work: to remove a folder takes some disks 10 ms. */
  remove(): void;
}

/** A folder of this agent's own below the root, for the time in which the server does not have everything. */
export class SpoolHome {
  private readonly dir: string;
  private readonly removals = new Set<Promise<void>>();

  /** Throws when the folder can't be made. */
  constructor(root: string) {
    makeFolder(root, 0o700);
    this.dir = join(root, `agent-${process.pid}-${randomBytes(4).toString("hex")}`);
    mkdirSync(this.dir, { mode: 0o700 });
    writeJson(join(this.dir, OWNER_FILE), thisOwner());
  }

  open(attempt: SpooledAttempt): AttemptSpool {
    const dir = join(this.dir, `${attempt.runId}-${attempt.attempt}`);
    mkdirSync(dir, { mode: 0o700 });
    writeJson(join(dir, ATTEMPT_FILE), attempt);
    return {
      dir,
      ended: (verdict) => {
        try {
          writeJson(join(dir, END_FILE), verdict);
        } catch {
          // A full disk: whoever takes over does not know how it ended, but we may tell it yet.
        }
      },
      remove: () => {
        const removal = rm(dir, { recursive: true, force: true }).catch(() => {});
        this.removals.add(removal);
        void removal.finally(() => this.removals.delete(removal));
      },
    };
  }

  /** A sign of life for agents that can't see this process: those of other machines and containers. */
  touch(): void {
    try {
      const now = new Date();
      utimesSync(this.dir, now, now);
    } catch {
      // A full or absent disk is told by whoever needs it.
    }
  }

  /** What could not be delivered stays. Gives how many attempts that are, and where. */
  async close(): Promise<{ left: number; dir: string }> {
    const { dir } = this;
    await Promise.all([...this.removals]);
    try {
      const left = readdirSync(dir).filter((name) => name !== OWNER_FILE).length;
      if (left > 0) return { left, dir };
      rmSync(join(dir, OWNER_FILE), { force: true });
      rmdirSync(dir);
    } catch {
      // somebody tidied up
    }
    return { left: 0, dir };
  }
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
}
