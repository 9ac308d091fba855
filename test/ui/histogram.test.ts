import { describe, expect, test } from "vitest";
import { readBoxes } from "@/app/[entity]/[project]/runs/[name]/_components/media-boxes";
import {
  toHistogramCsv,
  toHistogramSvg,
  toHistogramsCsv,
  toHistogramsSvg,
} from "@/ui/charts/draw/histogram-file";
import { prepareHistogram, prepareHistograms } from "@/ui/charts/prepare/histogram";

describe("a histogram", () => {
  const chart = prepareHistogram(
    { edges: [0, 1, 2, 4], counts: [1, 0, 3] },
    { name: "weights", step: 1_200 },
  );

  test("has a bar a bin, empty ones none, and a sentence", () => {
    expect(chart.path.match(/M/g)).toHaveLength(2);
    expect(chart.path).toContain("M500 1000V0H1000V1000Z");
    // Of 4 values one lies in the first bin: the second is a third into the last one, which reaches from 2 to 4.
    expect(chart.summary).toBe(
      "weights at step 1,200: 3 bins from 0 to 4, with half of the values below 2.67.",
    );
    expect(toHistogramCsv(chart)).toBe("from,to,count\r\n0,1,1\r\n1,2,0\r\n2,4,3\r\n");
    expect(toHistogramSvg(chart)).toMatch(/^<svg .*<\/svg>$/s);
  });

  test("of nothing is one, too", () => {
    const empty = prepareHistogram({ edges: [0, 1], counts: [0] }, { name: "w", step: 0 });
    expect(empty.path).toBe("");
    expect(empty.summary).toContain("all empty");
  });
});

describe("histograms over steps", () => {
  const at = (step: number, counts: number[], edges = [0, 1, 2]) => ({ step, histogram: { edges, counts } });

  test("are columns from half way to the one before to half way to the next, darker where more values lie", () => {
    const chart = prepareHistograms([at(0, [4, 0]), at(10, [1, 3]), at(20, [0, 0]), at(30, [0, 100])], "w");
    expect(chart?.columns.map(({ from, to }) => [from, to])).toEqual([
      [0, expect.closeTo(1 / 6)],
      [expect.closeTo(1 / 6), expect.closeTo(2 / 3)],
      [expect.closeTo(2 / 3), 1],
    ]);
    // Whatever a step's values are many: each column has the same total.
    expect(chart?.columns[0]?.cells).toEqual([{ low: 0, high: 0.5, ramp: 1 }]);
    expect(chart?.columns[1]?.cells.map(({ ramp }) => ramp)).toEqual([0.5, expect.closeTo(Math.sqrt(0.75))]);
    expect(chart?.rows.map(({ middle }) => middle)).toEqual([0.5, expect.closeTo(4 / 3), 1.5]);
    expect(chart && toHistogramsCsv(chart).split("\r\n")).toHaveLength(5);
    expect(chart && toHistogramsSvg(chart).match(/<rect /g)?.length).toBeGreaterThan(4);
  });

  test("one step has no course", () => {
    expect(prepareHistograms([at(3, [1, 1])], "w")).toBeUndefined();
    expect(prepareHistograms([], "w")).toBeUndefined();
  });

  test("bins without width do no harm", () => {
    const chart = prepareHistograms([at(0, [5], [2, 2]), at(1, [5], [2, 2])], "w");
    for (const { cells } of chart?.columns ?? [])
      for (const { low, high, ramp } of cells) expect([low, high, ramp].every(Number.isFinite)).toBe(true);
  });
});

describe("boxes over a picture", () => {
  const size = { width: 200, height: 100 };
  const box = (more: object) => ({
    position: { minX: 0.1, minY: 0.2, maxX: 0.5, maxY: 0.6 },
    class_id: 1,
    ...more,
  });

  test("by corners or by middle, in fractions or pixels, named by caption or class", () => {
    const [first, second] = readBoxes(
      {
        box_data: [
          box({}),
          { position: { middle: [100, 50], width: 40, height: 20 }, domain: "pixel", box_caption: "car 0.9" },
        ],
        class_labels: { 1: "cat" },
      },
      size,
    );
    expect(first).toEqual({
      left: 0.1,
      top: 0.2,
      width: 0.4,
      height: expect.closeTo(0.4),
      category: 1,
      label: "cat",
    });
    expect(second).toEqual({ left: 0.4, top: 0.4, width: 0.2, height: 0.2, category: 0, label: "car 0.9" });
  });

  test.each([
    null,
    [],
    {},
    { box_data: "x" },
    { box_data: [null, 1, {}, box({ position: { middle: [1] } })] },
  ])("%j has none", (json) => expect(readBoxes(json, size)).toEqual([]));

  test("a file of a million is cut", () => {
    expect(readBoxes({ box_data: Array(10_000).fill(box({})) }, size)).toHaveLength(500);
  });
});
