import { expect, test } from "vitest";
import type { Demand } from "@/db/queries/search-demand";
import { countMissing, PATIENCE_MS, paceOf } from "@/engine/search/demand";

const demandOf = (given: Partial<Demand>): Demand => ({
  sweepId: "k3v9q0az",
  generation: 1,
  open: true,
  known: true,
  spent: false,
  results: 100,
  winnerResults: 100,
  news: false,
  slots: 64,
  busy: 64,
  ready: 0,
  room: null,
  runSeconds: 6,
  ...given,
});

test("before the first result a point lies ready for each agent that is free, and some for those that come behind", () => {
  expect(countMissing(demandOf({ results: 0, runSeconds: null, slots: 3, busy: 0 }), 0)).toBe(6);
  expect(countMissing(demandOf({ results: 0, runSeconds: null, busy: 10 }), 0)).toBe(54 + 16);
  expect(countMissing(demandOf({ results: 0, runSeconds: null, slots: 3, busy: 0, room: 4 }), 0)).toBe(4);
});

test("the shorter the runs of 64 agents, the more proposals lie ready, and never more than will be fresh when their turn comes", () => {
  const depthOf = (runSeconds: number, results = 30) => countMissing(demandOf({ runSeconds, results }), 0);
  expect([6, 20, 60, 600].map((seconds) => depthOf(seconds))).toEqual([8, 4, 2, 1]);
  // With more results each is worth less; with short runs more are asked for.
  expect([6, 60].map((seconds) => depthOf(seconds, 1_000))).toEqual([10, 2]);
  expect(countMissing(demandOf({ runSeconds: 60, results: 30, slots: 1, busy: 1 }), 0)).toBe(1);
});

test("proposals are made several at a time where several are due, but nobody waits for that", () => {
  expect(countMissing(demandOf({ ready: 7 }), 0)).toBe(0);
  expect(countMissing(demandOf({ ready: 6 }), 0)).toBe(2);
  expect(countMissing(demandOf({ ready: 7 }), 1)).toBe(1);
  expect(countMissing(demandOf({ ready: 2 }), 20)).toBe(18);
  expect(countMissing(demandOf({ open: false }), 20)).toBe(0);
});

test("64 agents with runs of 6 s need a proposal each 94 ms, and nobody knows before a run has ended", () => {
  expect(paceOf({ busy: 64, runSeconds: 6 }, 0)).toBeCloseTo(93.75, 9);
  expect(paceOf({ busy: 64, runSeconds: null }, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(paceOf({ busy: 0, runSeconds: 6 }, 0)).toBe(Number.POSITIVE_INFINITY);
});

test("all who wait are to get their proposal within a quarter of their patience", () => {
  expect(paceOf({ busy: 0, runSeconds: null }, 64)).toBe(PATIENCE_MS / 4 / 64);
  expect(paceOf({ busy: 2, runSeconds: 600 }, 1)).toBe(PATIENCE_MS / 4);
  expect(paceOf({ busy: 64, runSeconds: 6 }, 4)).toBeCloseTo(93.75, 9);
});
