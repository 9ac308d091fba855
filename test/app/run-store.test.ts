import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRunStore, openSeam } from "@/app/_live/run-store";
import type { OutputPiece, RunHead } from "@/graphql/operations/run-page";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const piece = (time: number, attempt = 1): OutputPiece => ({
  attempt,
  stream: "stdout",
  time,
  text: `line ${time}\n`,
});
const pieces = (from: number, to: number, attempt = 1) =>
  Array.from({ length: to - from }, (_, i) => piece(from + i, attempt));

test("where reading and listening meet, each piece stands once", () => {
  const read = pieces(0, 10);
  for (const [from, to] of [
    [10, 12],
    [7, 12],
    [7, 9],
    [0, 10],
  ] as const) {
    const toNew = openSeam(read);
    // What the reading was ahead of comes in a later update, and is known as well.
    const heard = [...toNew(pieces(from, to)), ...toNew(pieces(to, 15))];
    expect(heard.map(({ time }) => time)).toEqual([10, 11, 12, 13, 14]);
  }
});

test("after the first new piece nothing is taken for an old one", () => {
  const toNew = openSeam([piece(1), piece(1)]);
  expect(toNew([piece(1), piece(2), piece(1)])).toEqual([piece(2), piece(1)]);
});

const HEAD = { attempt: 1, startedAt: new Date(1_000).toISOString() } as RunHead;

test("a new attempt prints from its beginning", () => {
  const store = createRunStore({ head: HEAD, series: [], output: pieces(0, 3), cut: true });
  store.addOutput(pieces(3, 4));
  store.addOutput(pieces(4, 6, 2));
  store.addOutput(pieces(6, 7, 1)); // what the lost one still says is its own
  vi.advanceTimersByTime(1_000);
  const { screen, cut } = store.data();
  expect(screen.lines.map(({ spans }) => spans[0]?.text)).toEqual(["line 4", "line 5"]);
  expect(cut).toBe(false);
});

test("points are appended along the axis that is shown, and a new metric gets a line of its own", () => {
  const points = { x: [1, 2], values: [5, 4] };
  const store = createRunStore({
    head: HEAD,
    series: [{ key: "loss", total: 2, exact: true, points, buckets: null }],
    output: [],
    cut: false,
  });
  store.addLogged([{ attempt: 1, key: "loss", steps: [3], times: [4_000], values: [3] }]);
  store.addLogged([{ attempt: 1, key: "accuracy", steps: [3], times: [4_000], values: [0.5] }]);
  vi.advanceTimersByTime(1_000);
  expect(store.data().series.map(({ key, x }) => [key, x])).toEqual([
    ["accuracy", [3]],
    ["loss", [1, 2, 3]],
  ]);
  store.setHistory([], "time", undefined);
  store.addLogged([{ attempt: 1, key: "loss", steps: [4], times: [6_000], values: [2] }]);
  vi.advanceTimersByTime(1_000);
  expect(store.data().series[0]?.x).toEqual([5_000]);
  // Of a part that is looked at, what lies beside it stays out.
  store.setHistory([], "step", [5, 6]);
  store.addLogged([
    { attempt: 1, key: "loss", steps: [4, 5, 6, 7], times: [1, 2, 3, 4], values: [4, 5, 6, 7] },
  ]);
  store.addLogged([{ attempt: 1, key: "far off", steps: [8], times: [5], values: [8] }]);
  vi.advanceTimersByTime(1_000);
  expect(store.data().series.map(({ key, values }) => [key, values])).toEqual([["loss", [5, 6]]]);
});
