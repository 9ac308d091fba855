import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exp, log, log1p } from "@/math/elementary";

/** How many doubles apart. */
function ulpsApart(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const bits = new BigInt64Array(new Float64Array([a, b]).buffer);
  const [x = 0n, y = 0n] = bits;
  return Math.abs(Number(x - y));
}
const any = fc.double({ noNaN: true });

describe("exp and log", () => {
  test("are at most two doubles from V8's anywhere", () => {
    fc.assert(
      fc.property(fc.double({ min: -746, max: 710, noNaN: true }), (x) => {
        expect(ulpsApart(exp(x), Math.exp(x))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(any, (x) => {
        expect(ulpsApart(log(Math.abs(x)), Math.log(Math.abs(x)))).toBeLessThanOrEqual(2);
        if (x > -1) expect(ulpsApart(log1p(x), Math.log1p(x))).toBeLessThanOrEqual(3);
      }),
      { numRuns: 3000 },
    );
  });

  test("round as V8's do in all but a few cases of a hundred", () => {
    const xs = Array.from({ length: 20_000 }, (_, i) => ((i * 0.6180339887498949) % 1) * 40 - 20);
    expect(xs.filter((x) => exp(x) !== Math.exp(x)).length).toBeLessThan(0.02 * xs.length);
    expect(xs.filter((x) => log(x + 20) !== Math.log(x + 20)).length).toBeLessThan(0.02 * xs.length);
  });

  test("treat the edges as Math does", () => {
    for (const x of [
      0,
      -0,
      1,
      -1,
      Infinity,
      -Infinity,
      Number.NaN,
      5e-324,
      2.2e-308,
      1.7e308,
      709.782712893384,
      710,
      -745.2,
      1e-300,
    ]) {
      expect(ulpsApart(exp(x), Math.exp(x))).toBeLessThanOrEqual(1);
      expect(ulpsApart(log(x), Math.log(x))).toBeLessThanOrEqual(1);
    }
    expect([exp(0), log(1), log1p(0), log1p(-1)]).toEqual([1, 0, 0, -Infinity]);
  });

  test("give the same bits for ever", () => {
    const bits = (x: number): string =>
      Buffer.from(new Float64Array([x]).buffer)
        .reverse()
        .toString("hex");
    expect([1, -9.2, 0.1, 700.5, -740].map((x) => bits(exp(x)))).toMatchInlineSnapshot(`
      [
        "4005bf0a8b14576a",
        "3f1a7ca3b4bbd164",
        "3ff1aec7b35a00d4",
        "7f18625c7d4f56c2",
        "0000000000000055",
      ]
    `);
    expect([2, 1e-5, 0.1, 12345.678, 1.0000001].map((x) => bits(log(x)))).toMatchInlineSnapshot(`
      [
        "3fe62e42fefa39ef",
        "c027069e2aa2aa5b",
        "c0026bb1bbb55515",
        "4022d79559791e31",
        "3e7ad7f2847b6492",
      ]
    `);
  });
});
