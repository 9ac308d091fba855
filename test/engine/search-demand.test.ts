import { expect, test } from "vitest";
import { PATIENCE_MS, paceOf } from "@/engine/search/demand";

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
