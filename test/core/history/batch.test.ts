import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAppError } from "@/core/errors";
import { dropBefore, parseMetricBatch } from "@/core/history/batch";

const NOW = 1_700_000_000_000;
const batch = (part: object = {}) => ({
  attempt: 1,
  batch: 1,
  steps: [0, 1, 2],
  times: [5, 6, 7],
  series: [{ key: "loss", values: [3, 2, 1] }],
  ...part,
});

describe("a metric batch", () => {
  test("becomes typed columns; a metric that is not logged at a step has a gap there", () => {
    const parsed = parseMetricBatch(
      batch({ series: [{ key: "ü/ 1", values: [null, "NaN", "-Infinity"] }] }),
      NOW,
    );
    expect(parsed).toEqual({
      attempt: 1,
      batch: 1,
      axis: { steps: Float64Array.of(0, 1, 2), times: Float64Array.of(5, 6, 7) },
      series: [
        {
          key: "ü/ 1",
          column: { at: Uint32Array.of(1, 2), values: Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY) },
        },
      ],
      points: 2,
    });
  });

  test("without times has the time of its arrival", () => {
    expect(parseMetricBatch(batch({ times: undefined }), NOW).axis.times).toEqual(
      Float64Array.of(NOW, NOW, NOW),
    );
  });

  test("merges equal steps, the later value wins, and keeps texts for tables", () => {
    const parsed = parseMetricBatch(
      batch({
        steps: [4, 4, 9],
        series: [
          { key: "a", values: [1, null, "x"] },
          { key: "b", values: ["gone", 2, null] },
          { key: "c", values: [null, null, null] },
        ],
      }),
      NOW,
    );
    expect(parsed.axis).toEqual({ steps: Float64Array.of(4, 9), times: Float64Array.of(6, 7) });
    expect(parsed.series).toEqual([
      { key: "a", column: { values: Float64Array.of(1, Number.NaN), others: new Map([[1, '"x"']]) } },
      { key: "b", column: { at: Uint32Array.of(0), values: Float64Array.of(2) } },
    ]);
    expect(parsed.points).toBe(3);
  });

  test.each([
    ["no object", [], /a metric batch is \[\], expected an object/],
    ["a batch number of 0", batch({ batch: 0 }), /batch is 0, expected an integer from 1/],
    ["a falling step", batch({ steps: [0, 2, 1] }), /steps\[2\] is 1, expected a step not below/],
    ["a negative step", batch({ steps: [-1, 2, 3] }), /steps\[0\] is -1, expected an integer from 0/],
    ["half a step", batch({ steps: [0, 0.5, 1] }), /steps\[1\] is 0.5/],
    [
      "a missing value",
      batch({ series: [{ key: "a", values: [1] }] }),
      /1 values, expected one value a step, 3/,
    ],
    ["a missing time", batch({ times: [1] }), /times is 1 times, expected one time a step/],
    ["a time before 1970", batch({ times: [-1, 0, 0] }), /times\[0\] is -1, expected milliseconds/],
    [
      "a key twice",
      batch({ series: Array(2).fill({ key: "a", values: [1, 2, 3] }) }),
      /series\[1\].key is a/,
    ],
    ["an empty key", batch({ series: [{ key: "", values: [1, 2, 3] }] }), /0 characters, expected a name/],
    ["a key with NUL", batch({ series: [{ key: "a\0", values: [1, 2, 3] }] }), /without NUL/],
    ["half a surrogate pair", batch({ series: [{ key: "a\ud800", values: [1, 2, 3] }] }), /half surrogates/],
    [
      "a resumed step in batch 2",
      batch({ batch: 2, resumedFromStep: 3 }),
      /belongs into an attempt's batch 1/,
    ],
  ])("with %s is refused by name", (_name, json, message) => {
    expect(() => parseMetricBatch(json, NOW)).toThrow(message);
    expect(() => parseMetricBatch(json, NOW)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
  });

  test.each([
    ["steps", batch({ steps: Array(100_001).fill(0) })],
    ["keys", batch({ series: Array(10_001).fill({ key: "a", values: [1, 2, 3] }) })],
    ["text", batch({ series: [{ key: "a", values: [null, null, "x".repeat(9 << 20)] }] })],
  ])("with too many %s is refused with the bound", (_name, json) => {
    expect(() => parseMetricBatch(json, NOW)).toThrow(expect.objectContaining({ code: "INPUT_TOO_LARGE" }));
  });

  test("of any shape gives a batch or a typed refusal, never another error", () => {
    const shaped = fc.record(
      {
        attempt: fc.anything(),
        batch: fc.nat(3),
        steps: fc.anything(),
        times: fc.anything(),
        series: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), shaped), (json) => {
        try {
          parseMetricBatch(json, NOW);
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("cut at a step is what its later rows alone would have been", () => {
    const cell = fc.oneof(fc.integer(), fc.constantFrom(null, "NaN", "text"));
    const rows = fc.array(fc.tuple(fc.nat(3), cell, cell), { maxLength: 20 });
    fc.assert(
      fc.property(rows, fc.nat(40), (list, floor) => {
        let step = 0;
        const steps = list.map(([gap]) => {
          step += gap;
          return step;
        });
        const toJson = (keep: (step: number) => boolean) => {
          const kept = steps.flatMap((each, i) => (keep(each) ? [i] : []));
          return batch({
            steps: kept.map((i) => steps[i]),
            times: kept.map((i) => steps[i]),
            series: [1, 2].map((c) => ({ key: `k${c}`, values: kept.map((i) => list[i]?.[c]) })),
          });
        };
        expect(
          dropBefore(
            parseMetricBatch(
              toJson(() => true),
              NOW,
            ),
            floor,
          ),
        ).toEqual(
          parseMetricBatch(
            toJson((each) => each >= floor),
            NOW,
          ),
        );
      }),
    );
  });
});
