/** Run and attempt states. What follows which is decided in one place, engine/settle.ts. */

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

/** pending and preempted may be handed out again; so may crashed and failed while retries are left, by going back to pending. */
export const isActive = (state: RunState): boolean =>
  state === "pending" || state === "running" || state === "preempting" || state === "preempted";
export const isOver = (state: RunState): boolean => !isActive(state);

/** A new attempt starts only after the old one has ended. */
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
  "machine_quarantined",
] as const;
export type RunReason = (typeof RUN_REASONS)[number];

/** What whoever started or served a run noticed, and its program does not say. */
export const WARNING_CODES = [
  "METRIC_NEVER_LOGGED",
  "PARAMETER_NEVER_READ",
  "UNKNOWN_MACRO",
  "STEP_BACKWARDS",
  "OUTPUT_CUT",
  "METRICS_REFUSED",
  "ALERT",
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];
