import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isShown,
  type Line,
  type LineInput,
  type LinesInput,
  nearestIndex,
  nearestLine,
  prepareLines,
} from "@/ui/charts/prepare/lines";

const lineOf = (values: readonly (number | null)[], more: Partial<LineInput> = {}): LineInput => ({
  key: "run",
  label: "run-1",
  x: values.map((_, i) => i),
  values,
  nonFinite: 0,
  ...more,
});
const inputOf = (lines: readonly LineInput[], more: Partial<LinesInput> = {}): LinesInput => ({
  metric: "loss",
  lines,
  ...more,
});
/** What is drawn: the raw values, null for a gap. */
const drawnOf = (line: Line | undefined): (number | null)[] =>
  [...(line?.values ?? [])].map((value, i) => (Number.isNaN(line?.y[i]) ? null : value));

describe("prepareLines", () => {
  test("has nothing to draw where nothing finite was logged", () => {
    expect(prepareLines(inputOf([]))).toBeUndefined();
    expect(prepareLines(inputOf([lineOf([null, null])]))).toBeUndefined();
  });

  test("breaks the line at a gap, for a gap is not a zero", () => {
    const chart = prepareLines(inputOf([lineOf([3, 2, null, null, 1])]));
    expect(drawnOf(chart?.lines[0])).toEqual([3, 2, null, null, 1]);
  });

  test("keeps a spike of a single step in the band", () => {
    const chart = prepareLines(
      inputOf([lineOf([1, 1, 1], { min: [1, 1, 1], max: [1, 50, 1], points: 3_000 })]),
    );
    expect(chart?.lines[0]?.high?.[1]).toBeCloseTo(chart?.y.scale.at(50) ?? Number.NaN);
    expect(chart?.notes[0]).toContain("showing 3 of 3,000 points");
    expect(chart?.lines[0]?.spikes).toEqual([1]);
  });

  test("draws no band where every bucket is one point", () => {
    expect(prepareLines(inputOf([lineOf([1, 2])]))?.lines[0]?.low).toBeUndefined();
    const flat = lineOf([1, 2], { min: [1, 2], max: [1, 2] });
    expect(prepareLines(inputOf([flat]))?.lines[0]?.low).toBeUndefined();
  });

  test("says what a log scale can't show, and what is no number", () => {
    const chart = prepareLines(inputOf([lineOf([10, 0, -1, 1], { nonFinite: 2 })], { log: true }));
    expect(chart?.y.scale.kind).toBe("log");
    expect(drawnOf(chart?.lines[0])).toEqual([10, null, null, 1]);
    expect(chart?.notes).toEqual([
      "2 values of zero or below can't be shown on a log scale",
      "2 values not drawn: NaN or infinite",
    ]);
  });

  test("steps have whole ticks at equal distances, however long the run is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (last) => {
        const chart = prepareLines(inputOf([lineOf([1, 2], { x: [0, last] })]));
        const ticks = chart?.x.scale.ticks.map(({ label }) => Number(label.replaceAll(",", ""))) ?? [];
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.every(Number.isInteger)).toBe(true);
        expect(new Set(ticks.slice(1).map((tick, i) => tick - (ticks[i] ?? 0))).size).toBe(1);
      }),
    );
  });

  test("tick labels have the decimals of their own distance, and no more", () => {
    const chart = prepareLines(inputOf([lineOf([0.0035, 0.0062])]));
    expect(chart?.y.scale.ticks.map(({ label }) => label)).toEqual(["0.004", "0.005", "0.006"]);
  });

  test("tells two lines apart by dash as well as by colour", () => {
    const chart = prepareLines(inputOf([lineOf([1]), lineOf([2], { key: "b" })]));
    const [a, b] = chart?.lines ?? [];
    expect(a?.category.color).not.toBe(b?.category.color);
    expect(a?.category.dash).not.toBe(b?.category.dash);
  });

  test("sums up the line in a sentence", () => {
    expect(prepareLines(inputOf([lineOf([2.5, 1, 0.5])]))?.summary).toBe(
      "loss by step over 3 points: it falls from 2.5 to 0.5.",
    );
  });

  test("draws every finite value inside the plot", () => {
    const value = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), (values) => {
        const chart = prepareLines(inputOf([lineOf(values)]));
        const places = chart?.lines.flatMap((line) => [...line.y].filter((y) => !Number.isNaN(y))) ?? [];
        expect(places).toHaveLength(values.filter((one) => one !== null).length);
        for (const y of places) {
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("a log scale that could show nothing is linear, and says so", () => {
    const chart = prepareLines(inputOf([lineOf([-1, 0, -3])], { log: true }));
    expect(chart?.y.scale.kind).toBe("linear");
    expect(drawnOf(chart?.lines[0])).toEqual([-1, 0, -3]);
    expect(chart?.notes).toEqual([
      "No value is above zero, so that a log scale could show none: this one is linear",
    ]);
  });

  test("a log x axis leaves out what lies at zero or below, and says how many", () => {
    const chart = prepareLines(inputOf([lineOf([5, 4, 3], { x: [0, 1, 10] })], { logX: true }));
    expect(chart?.x.scale.kind).toBe("log");
    expect([...(chart?.lines[0]?.at ?? [])]).toEqual([Number.NaN, 0, 1]);
    expect(chart?.notes).toEqual(["1 point at zero or below on the log x axis left out"]);
  });

  test("outliers are clipped when asked, and counted", () => {
    const values = Array.from({ length: 100 }, (_, i) => (i === 50 ? 1_000 : Math.sin(i)));
    const all = prepareLines(inputOf([lineOf(values)]));
    expect(all?.y.scale.domain[1]).toBeGreaterThan(1_000);
    const chart = prepareLines(inputOf([lineOf(values)], { clip: true }));
    expect(chart?.y.scale.domain[1]).toBeLessThan(10);
    expect(chart?.cut).toBe(true);
    expect(chart?.notes).toEqual(["1 point outside of the plot: outliers are clipped"]);
    const [line] = chart?.lines ?? [];
    expect(line && isShown(line, 50)).toBe(false);
    expect(prepareLines(inputOf([lineOf([1, 2, 3, 4, 5, 6])], { clip: true }))?.cut).toBe(false);
  });

  test("a part of the axis has the heights of that part alone, and says when it is empty", () => {
    const chart = prepareLines(inputOf([lineOf([100, 50, 3, 2, 1])], { range: [2, 4] }));
    expect(chart?.x.scale.domain).toEqual([2, 4]);
    expect(chart?.y.scale.domain[1]).toBeLessThan(4);
    const [line] = chart?.lines ?? [];
    expect(line && [0, 1, 2, 3, 4].map((i) => isShown(line, i))).toEqual([false, false, true, true, true]);
    const empty = prepareLines(inputOf([lineOf([1, 2])], { range: [50, 60] }));
    expect(empty?.lines).toEqual([]);
    expect(empty?.notes).toEqual(["No value lies in this part"]);
  });

  test("smoothing leaves the raw line as a ghost, and none of it at zero", () => {
    const values = [1, 5, 2, 8];
    const chart = prepareLines(inputOf([lineOf(values)], { smoothing: 0.6 }));
    const [line] = chart?.lines ?? [];
    expect(line?.ghost).toHaveLength(4);
    expect(line?.smoothed?.[0]).toBe(1);
    expect(line?.y[0]).toBe(line?.ghost?.[0]);
    expect(line?.y[3]).not.toBe(line?.ghost?.[3]);
    const raw = prepareLines(inputOf([lineOf(values)], { smoothing: 0 }));
    expect(raw?.lines[0]?.ghost).toBeUndefined();
    expect([...(raw?.lines[0]?.y ?? [])]).toEqual([...(line?.ghost ?? [])]);
  });

  test("two hundred lines keep their places in the palette, and the first 49 differ in colour or dash", () => {
    const lines = Array.from({ length: 200 }, (_, i) => lineOf([i], { key: String(i), slot: i }));
    const chart = prepareLines(inputOf(lines));
    const looks = chart?.lines.map(({ category }) => `${category.color} ${category.dash}`) ?? [];
    expect(new Set(looks.slice(0, 49)).size).toBe(49);
  });
});

describe("what is near the pointer", () => {
  const chart = prepareLines(inputOf([lineOf([3, null, null, 1]), lineOf([0, 0, 0, 0], { key: "low" })]));
  test("looks across gaps", () => {
    const [line] = chart?.lines ?? [];
    expect(line && nearestIndex(line, 0.4)).toBe(0);
    expect(line && nearestIndex(line, 0.6)).toBe(3);
    expect(line && nearestIndex({ ...line, y: line.y.map(() => Number.NaN) }, 0.5)).toBe(-1);
  });

  test("finds the line that passes nearest", () => {
    expect(chart && nearestLine(chart, { x: 0, y: 1 })?.line.key).toBe("run");
    expect(chart && nearestLine(chart, { x: 0.3, y: 0 })).toMatchObject({ line: { key: "low" }, index: 1 });
  });

  test("what a log axis can't show does not lead astray", () => {
    const log = prepareLines(inputOf([lineOf([9, 8, 7, 6], { x: [-5, 0, 1, 100] })], { logX: true }));
    const [line] = log?.lines ?? [];
    expect(line && [0, 0.4, 0.9].map((at) => nearestIndex(line, at))).toEqual([2, 2, 3]);
  });
});
