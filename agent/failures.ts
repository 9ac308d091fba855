import { AppError } from "@/core/errors";
import type { Outcome } from "./run/live-run";

/** As W&B's agent: this many failures within this time of the start, and it gives up. */
const LIMIT = 3;
const WINDOW_MS = 60_000;

/**
 * Keeps a broken machine (a missing package, a wrong folder) from burning a grid in a minute: when the first runs all
 * fail, this agent stops asking for more. Unlike W&B's, one finished run shows that the machine is sound.
 */
export class Failures {
  private failed = 0;
  private finished = 0;
  private readonly startMs = performance.now();

  constructor(private readonly env: Readonly<Record<string, string | undefined>>) {}

  /** The reason to stop, once there is one. */
  add(outcome: Outcome, nowMs = performance.now()): AppError | undefined {
    if (outcome === "finished") this.finished++;
    if (outcome === "failed") this.failed++;
    if (this.env.WANDB_AGENT_DISABLE_FLAPPING === "true" || this.finished > 0 || this.failed < LIMIT)
      return undefined;
    if (nowMs - this.startMs > WINDOW_MS) return undefined;
    return new AppError(
      "FAILING_AT_ONCE",
      `the first ${this.failed} runs all failed within a minute, so this machine is not set up for them (see their output above); WANDB_AGENT_DISABLE_FLAPPING=true turns this check off`,
    );
  }
}
