import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LineInput, type LinesInput, nearestPoint, prepareLines } from "@/ui/charts/prepare/lines";

const lineOf = (values: readonly (number | null)[], more: Partial<LineInput> = {}): LineInput => ({
  key: "run",
  label: "run-1",
  steps: values.map((_, i) => i),
  values,
  nonFinite: 0,
  ...more,
});
const inputOf = (lines: readonly LineInput[], more: Partial<LinesInput> = {}): LinesInput => ({
  metric: "loss",
  lines,
  points: lines.reduce((sum, line) => sum + line.steps.length, 0),
  exact: true,
  log: false,
  ...more,
});

describe("prepareLines", () => {
  test("has nothing to draw where nothing finite was logged", () => {
    expect(prepareLines(inputOf([]))).toBeUndefined();
    expect(prepareLines(inputOf([lineOf([null, null])]))).toBeUndefined();
  });

  test("breaks the line at a gap, for a gap is not a zero", () => {
    const chart = prepareLines(inputOf([lineOf([3, 2, null, null, 1])]));
    expect(chart?.lines[0]?.parts.map((part) => part.map((point) => point.value))).toEqual([[3, 2], [1]]);
  });

  test("keeps a spike of a single step in the band", () => {
    const chart = prepareLines(
      inputOf([lineOf([1, 1, 1], { min: [1, 1, 1], max: [1, 50, 1] })], { exact: false, points: 3_000 }),
    );
    const band = chart?.lines[0]?.bands[0];
    expect(band?.[1]?.[2]).toBeCloseTo(chart?.y.scale.at(50) ?? Number.NaN);
    expect(chart?.notes[0]).toContain("3,000 points in 3 buckets");
  });

  test("draws no band where every bucket is one point", () => {
    expect(prepareLines(inputOf([lineOf([1, 2])]))?.lines[0]?.bands).toEqual([]);
  });

  test("says what a log scale can't show, and what is no number", () => {
    const chart = prepareLines(inputOf([lineOf([10, 0, -1, 1], { nonFinite: 2 })], { log: true }));
    expect(chart?.y.scale.kind).toBe("log");
    expect(chart?.lines[0]?.parts.flat().map((point) => point.value)).toEqual([10, 1]);
    expect(chart?.notes).toEqual([
      "2 values of zero or below can't be shown on a log scale",
      "2 values not drawn: NaN or infinite",
    ]);
  });

  test("steps have whole ticks at equal distances, however long the run is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (last) => {
        const chart = prepareLines(inputOf([lineOf([1, 2], { steps: [0, last] })]));
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
        const points = chart?.lines.flatMap((line) => line.parts.flat()) ?? [];
        expect(points).toHaveLength(values.filter((one) => one !== null).length);
        for (const point of points) {
          expect(point.y).toBeGreaterThanOrEqual(0);
          expect(point.y).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe("nearestPoint", () => {
  test("looks across gaps", () => {
    const [line] = prepareLines(inputOf([lineOf([3, null, null, 1])]))?.lines ?? [];
    expect(line && nearestPoint(line, 0.4)?.value).toBe(3);
    expect(line && nearestPoint(line, 0.6)?.value).toBe(1);
  });
});
