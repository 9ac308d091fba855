import type { AttemptState, FinishState, RunReason, RunState } from "@/core/run";
import type { SweepState } from "@/core/sweep";

/** How an attempt came to its end: what its client said, or what the server found. */
export type Ending = FinishState | "expired" | "silent" | "agent_gone";

/** Everything that decides what becomes of a run whose current attempt has ended. */
export interface Facts {
  readonly preempting: boolean;
  readonly stopRequested: "stop" | "cancel" | "early" | null;
  /** Null for a run outside a sweep: there is no queue that it could go back to. */
  readonly sweepState: SweepState | null;
  readonly crashes: number;
  readonly preemptions: number;
  readonly retries: number;
  readonly retryFailed: boolean;
}

export interface Settlement {
  readonly attemptState: AttemptState;
  /** Kept on the attempt; `lease_expired` and `silent` mark an ending that its own heartbeat may take back. */
  readonly attemptReason: RunReason | null;
  /** `pending` means back in the queue. */
  readonly runState: RunState;
  readonly runReason: RunReason | null;
  readonly crashes: number;
  readonly preemptions: number;
}

const STOP_REASON: Readonly<Record<"stop" | "cancel" | "early", RunReason>> = {
  stop: "stopped_by_user",
  cancel: "sweep_canceled",
  early: "early_stopped",
};
const ENDING_REASON: Readonly<Partial<Record<Ending, RunReason>>> = {
  expired: "lease_expired",
  silent: "silent",
  agent_gone: "agent_gone",
  failed: "exit_code",
  crashed: "signal",
};

/** Pure: the one place that knows the rules of retries, preemption and stopping (design section 4). */
export function settle(ending: Ending, facts: Facts): Settlement {
  const attemptState = endState(ending, facts);
  const attemptReason = ENDING_REASON[ending] ?? null;
  const { crashes, preemptions } = facts;
  const same = { attemptState, attemptReason, crashes, preemptions };
  switch (attemptState) {
    case "crashed":
      return {
        ...same,
        ...again("crashed", crashes < facts.retries, facts),
        runReason: attemptReason,
        crashes: crashes + 1,
      };
    case "failed":
      if (!facts.retryFailed) return { ...same, runState: "failed", runReason: attemptReason };
      return {
        ...same,
        ...again("failed", crashes < facts.retries, facts),
        runReason: attemptReason,
        crashes: crashes + 1,
      };
    case "preempted":
      return {
        ...same,
        ...again("preempted", true, facts),
        runReason: attemptReason,
        preemptions: preemptions + 1,
      };
    case "killed":
      return { ...same, runState: "killed", runReason: stopReason(facts) ?? attemptReason };
    default:
      return { ...same, runState: "finished", runReason: null };
  }
}

/** What the attempt itself ended as. A process that was told to stop was killed, however it went down. */
function endState(ending: Ending, facts: Facts): "finished" | "failed" | "crashed" | "killed" | "preempted" {
  if (ending === "finished") return "finished";
  if (ending === "killed" || stopReason(facts) !== null) return "killed";
  if (ending === "preempted" || ending === "agent_gone" || facts.preempting) return "preempted";
  return ending === "failed" ? "failed" : "crashed";
}

function stopReason({ stopRequested, sweepState }: Facts): RunReason | null {
  if (stopRequested !== null) return STOP_REASON[stopRequested];
  return sweepState === "canceled" ? "sweep_canceled" : null;
}

/** Back into the queue while there is one; in a stopped sweep the run stays what it is until somebody resumes. */
function again(otherwise: RunState, mayRetry: boolean, { sweepState }: Facts): { runState: RunState } {
  const open = sweepState === "pending" || sweepState === "running" || sweepState === "paused";
  return { runState: open && mayRetry ? "pending" : otherwise };
}
