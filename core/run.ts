/** Run and attempt states with the legal moves between them, as data. */

export const RUN_STATES = [
  "pending",
  "running",
  "finished",
  "failed",
  "crashed",
  "killed",
  "preempting",
  "preempted",
] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * pending: waits to be handed out (first time, or again after a crash). crashed, failed and preempted may be
 * handed out again or, for crashed, be revived by their own attempt; finished and killed are the end unless a
 * person retries (issue: retry by button), which makes the run pending again.
 */
export const RUN_MOVES: Readonly<Record<RunState, readonly RunState[]>> = {
  pending: ["running", "killed"],
  running: ["finished", "failed", "crashed", "killed", "preempting", "preempted", "pending"],
  preempting: ["finished", "failed", "crashed", "killed", "preempted", "pending"],
  preempted: ["pending", "running", "killed"],
  crashed: ["pending", "running", "finished", "failed", "killed"],
  failed: ["pending"],
  killed: ["pending"],
  finished: ["pending"],
};

export const isActive = (state: RunState): boolean =>
  state === "pending" || state === "running" || state === "preempting" || state === "preempted";
export const isOver = (state: RunState): boolean => !isActive(state);
export const canMoveRun = (from: RunState, to: RunState): boolean => RUN_MOVES[from].includes(to);

/** How an attempt ends. `superseded` never happens to a live one: a new attempt starts only after the old ended. */
export const ATTEMPT_STATES = [
  "running",
  "preempting",
  "finished",
  "failed",
  "crashed",
  "killed",
  "preempted",
] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** What a client says at the end of an attempt. */
export const FINISH_STATES = ["finished", "failed", "crashed", "killed", "preempted"] as const;
export type FinishState = (typeof FINISH_STATES)[number];

/** Why a run is where it is, beyond its state. */
export const RUN_REASONS = [
  "lease_expired",
  "silent",
  "stopped_by_user",
  "sweep_canceled",
  "early_stopped",
  "target_reached",
  "exit_code",
  "signal",
  "agent_gone",
] as const;
export type RunReason = (typeof RUN_REASONS)[number];
