import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ATTEMPT_STATES, FINISH_STATES, isActive, isOver, RUN_STATES } from "@/core/run";
import {
  canMoveSweep,
  isBetter,
  legalActions,
  reachesTarget,
  SWEEP_ACTION_TARGET,
  SWEEP_MOVES,
  SWEEP_STATES,
  type SweepAction,
  type SweepState,
} from "@/core/sweep";

/** All states that some walk from `start` meets. */
function reachable<State extends string>(
  start: State,
  moves: Readonly<Record<State, readonly State[]>>,
): Set<State> {
  const found = new Set([start]);
  for (const state of found) for (const next of moves[state]) found.add(next);
  return found;
}

const ACTIONS = Object.keys(SWEEP_ACTION_TARGET) as SweepAction[];

describe("sweep states", () => {
  test("are all reachable from pending", () => {
    expect(reachable<SweepState>("pending", SWEEP_MOVES)).toEqual(new Set(SWEEP_STATES));
  });

  test("have moves to known, other states only", () => {
    for (const from of SWEEP_STATES)
      for (const to of SWEEP_MOVES[from]) {
        expect(SWEEP_STATES).toContain(to);
        expect(to).not.toBe(from);
      }
  });

  test("end for good in canceled, and in canceled alone", () => {
    expect(SWEEP_STATES.filter((state) => SWEEP_MOVES[state].length === 0)).toEqual(["canceled"]);
    expect(legalActions("canceled")).toEqual([]);
  });

  test("never come back to pending", () => {
    for (const state of SWEEP_STATES) expect(canMoveSweep(state, "pending")).toBe(false);
  });

  test("allow a person what section 7 of W&B's features allows, and nothing that is no legal move", () => {
    expect(Object.fromEntries(SWEEP_STATES.map((state) => [state, legalActions(state)]))).toEqual({
      pending: ["pause", "stop", "cancel"],
      running: ["pause", "stop", "cancel"],
      paused: ["resume", "stop", "cancel"],
      finished: ["resume"],
      canceled: [],
    });
    for (const state of SWEEP_STATES)
      for (const action of legalActions(state))
        expect(canMoveSweep(state, SWEEP_ACTION_TARGET[action])).toBe(true);
  });

  test("stay legal whatever anybody presses, and once canceled nothing moves", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ACTIONS, "claim" as const), { maxLength: 40 }), (presses) => {
        let state: SweepState = "pending";
        for (const press of presses) {
          const before: SweepState = state;
          if (press === "claim") state = state === "pending" ? "running" : state;
          else if (legalActions(state).includes(press)) state = SWEEP_ACTION_TARGET[press];
          expect(before === state || canMoveSweep(before, state)).toBe(true);
          if (before === "canceled") expect(state).toBe("canceled");
        }
      }),
    );
  });
});

describe("run states", () => {
  test("are active or over, never both", () => {
    expect(RUN_STATES.filter(isActive)).toEqual(["pending", "running", "preempting", "preempted"]);
    for (const state of RUN_STATES) expect(isActive(state)).toBe(!isOver(state));
  });

  test("of attempts include every way one ends, and no attempt waits", () => {
    for (const end of FINISH_STATES) {
      expect(ATTEMPT_STATES).toContain(end);
    }
    expect(ATTEMPT_STATES as readonly string[]).not.toContain("pending");
  });
});

test("better and target follow the goal, and NaN is never either", () => {
  const number = fc.double({ noNaN: true });
  fc.assert(
    fc.property(number, number, (a, b) => {
      expect(isBetter("minimize", a, b)).toBe(isBetter("maximize", b, a));
      expect(isBetter("minimize", a, b) && isBetter("minimize", b, a)).toBe(false);
      expect(reachesTarget("minimize", a, b)).toBe(reachesTarget("maximize", b, a));
    }),
  );
  for (const goal of ["minimize", "maximize"] as const) {
    expect(isBetter(goal, Number.NaN, 1)).toBe(false);
    expect(reachesTarget(goal, Number.NaN, 1)).toBe(false);
    expect(reachesTarget(goal, 1, 1)).toBe(true);
  }
});
