import { describe, expect, test } from "vitest";
import { type Counts, type ProgressInput, prepareProgress, timeLeftMs } from "@/ui/charts/prepare/progress";

const NOW = Date.UTC(2026, 0, 1);
const plain = (text: string | undefined) => text?.replaceAll("\u00a0", " ").replaceAll("\u2009", " ");

function inputOf(counts: Partial<Counts>, more: Partial<ProgressInput> = {}): ProgressInput {
  const all = {
    pending: 0,
    running: 0,
    finished: 0,
    failed: 0,
    crashed: 0,
    killed: 0,
    preempting: 0,
    preempted: 0,
    ...counts,
  };
  const total = Object.values(all).reduce((sum, count) => sum + count, 0);
  return {
    state: "running",
    counts: { ...all, total },
    goal: 120,
    aliveAgents: 2,
    recentEndsMs: [],
    nowMs: NOW,
    ...more,
  };
}

describe("prepareProgress", () => {
  test("counts a run as done however it ended", () => {
    const progress = prepareProgress(inputOf({ finished: 78, failed: 2, crashed: 1, killed: 1, running: 3 }));
    expect(plain(progress.text)).toBe("82 / 120");
    expect(progress.percent).toBe(68);
    expect(progress.segments.map((s) => [s.label, s.count])).toEqual([
      ["finished", 78],
      ["failed", 2],
      ["crashed", 1],
      ["killed", 1],
      ["running", 3],
      ["to come", 35],
    ]);
    expect(progress.segments.reduce((sum, s) => sum + s.share, 0)).toBeCloseTo(1);
  });

  test("never shows 100 percent before the last run is done", () => {
    expect(prepareProgress(inputOf({ finished: 9_999 }, { goal: 10_000 })).percent).toBe(99);
  });

  test("has no percentage for a sweep without an end", () => {
    const progress = prepareProgress(inputOf({ finished: 7, running: 1 }, { goal: undefined }));
    expect(progress.percent).toBeUndefined();
    expect(progress.text).toBe("7");
    expect(progress.summary).toBe("7 runs done; 7 finished, 1 running");
  });

  test("says that nobody works instead of guessing a time", () => {
    const recentEndsMs = [1, 2, 3, 4].map((s) => NOW - s * 1_000);
    expect(prepareProgress(inputOf({ finished: 4 }, { aliveAgents: 0, recentEndsMs })).outlook).toBe(
      "no agent is connected",
    );
    expect(
      prepareProgress(inputOf({ finished: 4 }, { state: "paused", recentEndsMs })).outlook,
    ).toBeUndefined();
    expect(prepareProgress(inputOf({ finished: 4 }, { state: "finished" })).outlook).toBeUndefined();
  });

  test("estimates the time left from the recent pace", () => {
    const recentEndsMs = Array.from({ length: 20 }, (_, i) => NOW - i * 6_000);
    const progress = prepareProgress(inputOf({ finished: 80, running: 2 }, { recentEndsMs }));
    expect(plain(progress.outlook)).toBe("about 4 min left");
  });

  test("draws a cell a run where all are at hand and few enough, and marks the best", () => {
    const cells = (["finished", "failed", "running"] as const).map((state, i) => ({
      state,
      label: `run-${i + 1}`,
      best: i === 0,
    }));
    const counts = { finished: 1, failed: 1, running: 1 };
    const drawn = prepareProgress(inputOf(counts, { goal: 5, cells })).cells;
    expect(drawn?.map((cell) => cell.tone)).toEqual(["good", "bad", "running", "empty", "empty"]);
    expect(drawn?.[0]).toMatchObject({ best: true, title: "run-1: finished, the best so far" });
    expect(prepareProgress(inputOf(counts, { goal: 5, cells: cells.slice(1) })).cells).toBeUndefined();
    expect(prepareProgress(inputOf(counts, { goal: 500, cells })).cells).toBeUndefined();
  });
});

describe("timeLeftMs", () => {
  test("knows nothing from two ends", () => {
    expect(timeLeftMs([NOW, NOW - 1_000], NOW, 10)).toBeUndefined();
  });
  test("grows while nothing ends", () => {
    const ends = [0, 1, 2, 3].map((s) => NOW - s * 1_000);
    expect(timeLeftMs(ends, NOW, 10)).toBe(10_000);
    expect(timeLeftMs(ends, NOW + 1_500, 10)).toBe(10_000);
    expect(timeLeftMs(ends, NOW + 60_000, 10)).toBeGreaterThan(100_000);
  });
  test("is nothing when no run is left", () => {
    expect(timeLeftMs([], NOW, 0)).toBe(0);
  });
});
