import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cosTurn, exp, expm1, log, log1p, pow, quickExp, sinTurn } from "@/math/elementary";

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

describe("quickExp", () => {
  test("is at most two doubles from V8's exp anywhere", () => {
    fc.assert(
      fc.property(fc.double({ min: -746, max: 710, noNaN: true }), (x) => {
        expect(ulpsApart(quickExp(x), Math.exp(x))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 3000 },
    );
  });

  test("never falls as its argument rises", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (x, away) => {
          expect(quickExp(x + away)).toBeGreaterThanOrEqual(quickExp(x));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("knows the edges", () => {
    const edges = [0, -0, Infinity, -Infinity, Number.NaN, 5e-324];
    expect(edges.map(quickExp)).toEqual([1, 1, Infinity, 0, Number.NaN, 1]);
  });
});

describe("expm1, pow, sinTurn and cosTurn", () => {
  test("expm1 undoes log1p", () => {
    fc.assert(
      fc.property(fc.double({ min: -0.9, max: 1e6, noNaN: true }), (x) => {
        // log1p's last digit, stretched by what e^y does to it
        const slack = 4e-16 * (1 + Math.abs(log1p(x))) * (1 + x);
        expect(Math.abs(expm1(log1p(x)) - x)).toBeLessThanOrEqual(slack + 4e-16 * Math.abs(x));
      }),
      { numRuns: 2000 },
    );
    expect([expm1(0), expm1(-800), expm1(800), expm1(1e-320)]).toEqual([0, -1, Infinity, 1e-320]);
  });

  test("pow is exact where people look", () => {
    expect([pow(3, 2), pow(7, 1), pow(9, 0.5), pow(5, 0), pow(1, 1e9)]).toEqual([9, 7, 3, 1, 1]);
    expect([pow(0, 3), pow(0, -1), pow(0, 0), pow(-1, 0.3)]).toEqual([0, Infinity, 1, Number.NaN]);
  });

  test("sin and cos of a turn lie on the unit circle, repeat each turn and are exact at quarters", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), (n) => {
        const x = n / 2 ** 30;
        expect(Math.abs(sinTurn(x) ** 2 + cosTurn(x) ** 2 - 1)).toBeLessThanOrEqual(4e-16);
        expect([sinTurn(x + 3), cosTurn(x + 3)]).toEqual([sinTurn(x), cosTurn(x)]);
      }),
      { numRuns: 2000 },
    );
    expect([0, 0.25, 0.5, 0.75, 1].map((x) => sinTurn(x) + 0)).toEqual([0, 1, 0, -1, 0]);
    expect([0, 0.25, 0.5, 0.75, 1].map((x) => cosTurn(x) + 0)).toEqual([1, 0, -1, 0, 1]);
  });
});
