/** Sweep states with the legal moves between them, as data. */

export const SWEEP_STATES = ["pending", "running", "paused", "finished", "canceled"] as const;
export type SweepState = (typeof SWEEP_STATES)[number];

/** Resume is legal from finished (a raised run_cap, a retried run); canceled is the end. */
export const SWEEP_MOVES: Readonly<Record<SweepState, readonly SweepState[]>> = {
  pending: ["running", "paused", "finished", "canceled"],
  running: ["paused", "finished", "canceled"],
  paused: ["running", "finished", "canceled"],
  finished: ["running"],
  canceled: [],
};

export const SWEEP_ACTIONS = ["pause", "resume", "stop", "cancel"] as const;
export type SweepAction = (typeof SWEEP_ACTIONS)[number];

/** What each control means; the states it starts from are those that may move to its target. */
export const SWEEP_ACTION_TARGET: Readonly<Record<SweepAction, SweepState>> = {
  pause: "paused",
  resume: "running",
  stop: "finished",
  cancel: "canceled",
};

export const canMoveSweep = (from: SweepState, to: SweepState): boolean => SWEEP_MOVES[from].includes(to);
export const legalActions = (state: SweepState): SweepAction[] =>
  SWEEP_ACTIONS.filter((action) =>
    action === "resume"
      ? state === "paused" || state === "finished"
      : canMoveSweep(state, SWEEP_ACTION_TARGET[action]),
  );

export type Goal = "minimize" | "maximize";
export const isBetter = (goal: Goal, a: number, b: number): boolean => (goal === "minimize" ? a < b : a > b);
export const reachesTarget = (goal: Goal, value: number, target: number): boolean =>
  goal === "minimize" ? value <= target : value >= target;
