import { FINISH_STATES, ATTEMPT_STATES as IN_ATTEMPT, RUN_STATES, WARNING_CODES } from "@/core/run";
import { SWEEP_STATES } from "@/core/sweep";
import { builder } from "./builder";

/** Values are the words of `core`, in small letters, so that a page and a script need no second vocabulary. */
export const SweepState = builder.enumType("SweepState", {
  description:
    "pending: nothing handed out yet. running, paused: as they say. finished: exhausted, at the end of its budget, at its target, or stopped. canceled: the end, its runs are killed.",
  values: SWEEP_STATES,
});
export const SweepAction = builder.enumType("SweepAction", {
  description:
    "pause: hand out nothing for now. resume: go on, also from finished. stop: hand out nothing more, let runs end. cancel: kill the runs too.",
  values: ["pause", "resume", "stop", "cancel"] as const,
});
export const RunState = builder.enumType("RunState", {
  description:
    "pending: waits in the queue. running, preempting: an attempt is at work. finished, failed (by exit code), crashed (lost), killed (stopped by somebody or early), preempted: how the last attempt ended.",
  values: RUN_STATES,
});
export const AttemptState = builder.enumType("AttemptState", {
  description:
    "Where one try at a run stands, or how it ended. running: at work. preempting: about to give way. finished, failed (by its own doing), crashed (lost), killed (stopped by somebody or early), preempted (its machine or its agent went).",
  values: IN_ATTEMPT,
});
export const FinishState = builder.enumType("FinishState", {
  description:
    "How an attempt ended, as its holder says. finished: well. failed: by its own doing, handed out again only where the sweep has retry_failed. crashed: by no doing of its own, handed out again while retries are left. killed: it was stopped. preempted: its machine or its agent went, handed out again without using up a retry.",
  values: FINISH_STATES,
});
export const AgentState = builder.enumType("AgentState", {
  description: "alive; lost: its heartbeats stopped; exited: it said goodbye.",
  values: ["alive", "lost", "exited"] as const,
});
export const OutputStream = builder.enumType("OutputStream", {
  description: "Where the training program wrote to. stdout: what it prints. stderr: warnings and errors.",
  values: ["stdout", "stderr"] as const,
});
export const AttemptCommandKind = builder.enumType("AttemptCommandKind", {
  description:
    "STALE: another attempt holds the run, stop and report nothing. STOP: end, its results count. CANCEL: end, its sweep was canceled.",
  values: ["STALE", "STOP", "CANCEL"] as const,
});
export const WarningCode = builder.enumType("WarningCode", {
  description:
    "METRIC_NEVER_LOGGED: it ended without the sweep's metric. PARAMETER_NEVER_READ: the program took no notice of a parameter. UNKNOWN_MACRO: the command has a macro that means nothing. STEP_BACKWARDS: steps fell, and their points were left out. OUTPUT_CUT: it printed more than is kept. METRICS_REFUSED: the server took some of its metrics not. ALERT: its program asks somebody to look.",
  values: WARNING_CODES,
});
