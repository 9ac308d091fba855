import { AppError } from "@/core/errors";
import type { Ended } from "./run/live-run";

type Env = Readonly<Record<string, string | undefined>>;

export interface FailureLimits {
  /** `--max-consecutive-failures`: absent means any number. */
  inARow?: number | undefined;
}

/** As W&B's agent: this many failures within this time of the start, and it gives up. */
const FLAPPING = 3;
const WINDOW_MS = 60_000;
/** And this many at any time, when they are at least as many as the runs that finished. */
const INITIAL = 5;

/**
 * Keeps a broken machine (a missing package, a wrong folder) from burning a grid in a minute. W&B's rules and its variables
 * for them, with one difference: here flapping means that none of the first runs finished, so that three bad configurations among
 * sixty good ones of an agent with many slots are no reason to leave. As there, an exit code counts as a failure and a signal does not, but
 * for failures in a row.
 */
export class Failures {
  private failed = 0;
  private finished = 0;
  private inARow = 0;
  private readonly startMs = performance.now();
  private readonly initial: number;

  /** @throws AppError BAD_USAGE for a variable that is no number */
  constructor(
    private readonly env: Env,
    private readonly limits: FailureLimits = {},
  ) {
    this.initial = toLimit(env.WANDB_AGENT_MAX_INITIAL_FAILURES) ?? INITIAL;
  }

  /** The reason to stop, once there is one. */
  add({ outcome, exitCode }: Ended, nowMs = performance.now()): AppError | undefined {
    if (outcome === "finished") this.finished++;
    if (outcome === "finished") this.inARow = 0;
    if (outcome !== "failed") return undefined;
    this.inARow++;
    const { inARow = Number.POSITIVE_INFINITY } = this.limits;
    if (this.inARow >= inARow)
      return toReason(`${this.inARow} runs failed one after another (--max-consecutive-failures ${inARow})`);
    if (exitCode === null) return undefined;
    this.failed++;
    return this.judge(nowMs);
  }

  private judge(nowMs: number): AppError | undefined {
    const { env, failed, finished, initial } = this;
    const isOff = env.WANDB_AGENT_DISABLE_FLAPPING === "true";
    if (!isOff && finished === 0 && failed >= FLAPPING && nowMs - this.startMs <= WINDOW_MS)
      return toReason(
        `the first ${failed} runs all failed within a minute, so this machine is not set up for them (see their output above); WANDB_AGENT_DISABLE_FLAPPING=true turns this check off`,
      );
    if (failed >= initial && failed >= finished)
      return toReason(
        `${failed} runs failed and ${finished} finished; WANDB_AGENT_MAX_INITIAL_FAILURES=${failed * 10} lets more of them fail`,
      );
    return undefined;
  }
}

const toReason = (message: string) => new AppError("FAILING_AT_ONCE", message);

function toLimit(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const limit = Number(text);
  if (Number.isSafeInteger(limit) && limit >= 1) return limit;
  throw new AppError(
    "BAD_USAGE",
    `WANDB_AGENT_MAX_INITIAL_FAILURES is ${JSON.stringify(text)}: expected a whole number from 1`,
  );
}
