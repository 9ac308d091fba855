import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSweepStore, SETTLE_MS } from "@/app/_live/sweep-store";
import { legalActions, type SweepState } from "@/core/sweep";
import type { SweepHead } from "@/graphql/operations/pages";

// The rule is about time, so time is the test's.
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const toHead = (state: SweepState, total = 0): SweepHead => ({
  id: "abcdefgh",
  name: "digits",
  url: "http://localhost:3000/ada/digits/sweeps/abcdefgh",
  path: "ada/digits/abcdefgh",
  state,
  stateReason: null,
  method: "grid",
  generation: 1,
  metric: null,
  runCap: null,
  size: "100",
  exhausted: false,
  constrained: false,
  createdAt: "2026-01-01T00:00:00.000Z",
  startedAt: null,
  finishedAt: null,
  counts: {
    total,
    pending: 0,
    running: 0,
    finished: total,
    failed: 0,
    crashed: 0,
    killed: 0,
    preempting: 0,
    preempted: 0,
  },
  bestRun: null,
  metrics: [],
  front: null,
  bestByModel: null,
  bestSoFar: [],
  agents: [],
  machines: [],
  agentCommand: "npx besom agent ada/digits/abcdefgh",
  workerCommand: "npx --yes http://localhost:3000/besom-agent.tgz#0.1.0 agent ada/digits/abcdefgh",
  allowedActions: legalActions(state),
  viewerCanEdit: true,
});

function openStore(state: SweepState) {
  const store = createSweepStore(toHead(state), [], true);
  return {
    hear: (told: SweepState, total?: number) => store.setHead(toHead(told, total)),
    answer: (told: SweepState) => store.answerControl(toHead(told)),
    /** What the page shows after `ms`. */
    shown: (ms = 1_000) => {
      vi.advanceTimersByTime(ms);
      const { state, allowedActions, counts } = store.data().head;
      expect(allowedActions).toEqual(legalActions(state));
      return { state, total: counts.total };
    },
  };
}

describe("a head that was read before the click and arrives after its answer", () => {
  test("does not take the answer back, but its other facts are shown", () => {
    const { hear, answer, shown } = openStore("running");
    answer("paused");
    hear("running", 7);
    expect(shown()).toEqual({ state: "paused", total: 7 });
    hear("paused", 8);
    expect(shown(SETTLE_MS * 2)).toEqual({ state: "paused", total: 8 });
  });

  test("counts when nothing newer follows: somebody else has undone the click", () => {
    const { hear, answer, shown } = openStore("running");
    answer("paused");
    hear("running", 7);
    expect(shown(SETTLE_MS + 1_000)).toEqual({ state: "running", total: 7 });
  });
});

test("an answer without any head after it stays", () => {
  const { answer, shown } = openStore("running");
  answer("paused");
  expect(shown(SETTLE_MS * 2)).toEqual({ state: "paused", total: 0 });
});

test("a third state is news at once: the sweep ended meanwhile", () => {
  const { hear, answer, shown } = openStore("paused");
  answer("running");
  hear("finished", 100);
  expect(shown()).toEqual({ state: "finished", total: 100 });
});

test("a second click settles by itself", () => {
  const { hear, answer, shown } = openStore("running");
  answer("paused");
  answer("running");
  hear("paused");
  expect(shown().state).toBe("running");
  hear("running");
  expect(shown(SETTLE_MS * 2).state).toBe("running");
});

test("when the subscription is faster than the answer, later heads count at once", () => {
  const { hear, answer, shown } = openStore("running");
  hear("paused");
  answer("paused");
  hear("running");
  expect(shown().state).toBe("running");
});
