import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "@/graphql/operations";
import type { Progress } from "../progress";
import { type AttemptSpool, SpoolHome } from "./home";
import { recover } from "./recover";
import { spoolRootOf } from "./root";

export interface SpoolsOptions {
  url: string;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  userAgent: string;
  /** A folder for a machine that has no other: what lies there goes with the agent. */
  fallback: string;
  progress: Progress;
}

/** Somebody who was told to leave does not wait for what others left behind. */
const LAST_RECOVERY_MS = 1_000;
const TOUCH_MS = 60_000;

/** Where one agent's runs keep what the server does not have yet, and what agents before it left. */
export class Spools {
  private readonly root: string;
  private readonly home: SpoolHome | undefined;
  private recovering: Promise<unknown> = Promise.resolve();
  private touchedMs = 0;

  constructor(private readonly options: SpoolsOptions) {
    this.root = spoolRootOf(options.env, options.cwd);
    try {
      this.home = new SpoolHome(this.root);
    } catch (error) {
      options.progress.warn(
        `no place to keep what the server does not have yet (${error instanceof Error ? error.message : error}): it would be lost with this agent; set BESOM_SPOOL_DIR to a folder that can be written to`,
      );
    }
  }

  open({ runId, attempt, apiKey, displayName }: Claim): AttemptSpool {
    const { url, fallback } = this.options;
    try {
      if (this.home) return this.home.open({ url, runId, attempt, apiKey, displayName });
    } catch {
      // A full disk: the run is worth more than what could be lost with this agent.
    }
    return openTemporary(fallback);
  }

  /** Delivers what others left, beside the work. */
  recover(signal: AbortSignal): void {
    const { progress, userAgent } = this.options;
    this.recovering = recover({
      root: this.root,
      userAgent,
      signal,
      say: (text) => progress.say(text),
    }).catch((error: unknown) =>
      progress.warn(`what other agents left in ${this.root} can't be read: ${error}`),
    );
  }

  touch(nowMs = performance.now()): void {
    if (nowMs - this.touchedMs < TOUCH_MS) return;
    this.touchedMs = nowMs;
    this.home?.touch();
  }

  async close(): Promise<void> {
    await Promise.race([
      this.recovering,
      new Promise((resolve) => setTimeout(resolve, LAST_RECOVERY_MS).unref()),
    ]);
    const { left = 0, dir = "" } = (await this.home?.close()) ?? {};
    if (left > 0)
      this.options.progress.warn(
        `what the server does not have of ${left === 1 ? "1 run" : `${left} runs`} is kept in ${dir}: the next agent on this machine delivers it, or \`besom agent --recover\``,
      );
  }
}

function openTemporary(parent: string): AttemptSpool {
  let dir = parent;
  try {
    dir = mkdtempSync(join(parent, "spool-"));
  } catch {
    // Then there is memory.
  }
  return {
    dir,
    ended: () => {},
    remove: () => {
      if (dir !== parent) rmSync(dir, { recursive: true, force: true });
    },
  };
}
