import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packAxis, packColumn, packTail, unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import type { Axis, Column } from "@/core/history/column";

const anyDouble = fc.oneof(
  fc.double(),
  fc.double({ min: 0.1, max: 3, noNaN: true }),
  fc.float(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, Number.NaN, Number.MIN_VALUE, Number.MAX_VALUE, 2 ** 50, -(2 ** 50), 2 ** 50 - 1),
);

const column = (n: number): fc.Arbitrary<Column> =>
  fc
    .tuple(
      fc.oneof(
        fc.array(anyDouble, { minLength: n, maxLength: n }),
        anyDouble.map((value) => Array<number>(n).fill(value)),
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n }),
      ),
      fc.option(fc.subarray(Array.from({ length: n }, (_, i) => i))),
      fc.array(fc.tuple(fc.nat(Math.max(0, n - 1)), fc.json()), { maxLength: 4 }),
    )
    .map(([values, at, texts]) => {
      const kept = at === null || at.length === n ? values : values.slice(0, at.length);
      const others = new Map(texts.filter(([index]) => index < kept.length));
      const numbers = Float64Array.from(kept, (value, i) => (others.has(i) ? Number.NaN : value));
      return {
        values: numbers,
        ...(at !== null && at.length < n && { at: Uint32Array.from(at) }),
        ...(others.size > 0 && { others }),
      };
    });

const axis: fc.Arbitrary<Axis> = fc
  .tuple(
    fc.oneof(
      fc.uniqueArray(fc.maxSafeInteger().map(Math.abs), { maxLength: 60 }),
      fc.nat(90).map((n) => Array.from({ length: n }, (_, i) => 7 + 10 * i)),
    ),
    fc.infiniteStream(fc.nat(253_402_300_799_999)),
  )
  .map(([steps, times]) => ({
    steps: Float64Array.from(steps.sort((a, b) => a - b)),
    times: Float64Array.from(steps, () => times.next().value),
  }));

describe("blocks", () => {
  test("give back every column bit by bit", () => {
    fc.assert(
      fc.property(
        fc.nat(70).chain((n) => fc.tuple(fc.constant(n), column(n))),
        ([n, one]) => {
          expect(unpackColumn(packColumn(one, n), n)).toStrictEqual(one);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("give back every axis", () => {
    fc.assert(
      fc.property(axis, (one) => {
        expect(unpackAxis(packAxis(one))).toStrictEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  test("of a batch give back all of its metrics, or the wanted ones alone", () => {
    fc.assert(
      fc.property(
        axis.chain((one) => fc.tuple(fc.constant(one), fc.array(column(one.steps.length), { maxLength: 5 }))),
        ([one, columns]) => {
          const series = columns.map((each, i) => ({ metricId: i * 1000, column: each }));
          // Blocks come from the driver as parts of larger buffers.
          const padded = Buffer.concat([Buffer.alloc(3), packTail(one, series)]).subarray(3);
          expect(unpackTail(padded)).toStrictEqual({ axis: one, series });
          expect(unpackTail(padded, new Set([1000])).series).toStrictEqual(series.slice(1, 2));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ["noise in float64", 7.1, (i: number) => 0.3 + Math.abs(Math.sin(i * i))],
    ["any float64", 8.1, (i: number) => Math.tan(i) * 10 ** ((i % 400) - 200)],
    ["float32", 4.1, (i: number) => Math.fround(Math.sin(i))],
    ["a constant", 0.1, () => 1e-3],
    ["a counter", 1.1, (i: number) => i * 32],
  ])("hold %s in at most %d bytes a point", (_name, most, at) => {
    const values = Float64Array.from({ length: 2_048 }, (_, i) => at(i));
    const block = packColumn({ values }, 2_048);
    expect(block.length / 2_048).toBeLessThan(most);
    expect(unpackColumn(block, 2_048)).toStrictEqual({ values });
  });

  test("of steps at one distance need only their times", () => {
    const steps = Float64Array.from({ length: 2_048 }, (_, i) => 100 * i);
    const times = steps.map((step) => 1_700_000_000_000 + step / 2 + (step % 7));
    expect(packAxis({ steps, times }).length).toBeLessThan(2_048 * 1.05);
  });

  test("of another version are refused, and so is a torn one", () => {
    const block = packColumn({ values: Float64Array.of(1, 2.5, 3.7) }, 3);
    expect(() => unpackColumn(Uint8Array.of(9, ...block.slice(1)), 3)).toThrow(/version 9/);
    expect(() => unpackColumn(block.slice(0, -1), 3)).toThrow(RangeError);
  });
});
