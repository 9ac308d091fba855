import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cosTurn, expm1, pow, sinTurn } from "@/math/elementary";
import {
  betaCdf,
  betaPpf,
  erfcx,
  logEi,
  logEiDerivative,
  logGamma,
  normalCdf,
  normalLogCdf,
  normalLogPdf,
  normalPpf,
} from "@/math/special";
import { yeoJohnson, yeoJohnsonInverse } from "@/math/stats";

/** What mpmath gave with 60 digits (test/fixtures/reference/make-math.py). */
type Row = [string, number[], number];
const rows = JSON.parse(readFileSync("test/fixtures/reference/math.json", "utf8")) as Row[];

interface Claim {
  readonly call: (x: number, y: number, z: number) => number;
  readonly relative: number;
  /** Beside a zero of the function: what the result may miss by in any case. */
  readonly absolute?: number;
}
const claims: Record<string, Claim> = {
  // in the subnormal numbers one step is the best that there is
  normalCdf: { call: normalCdf, relative: 1e-14, absolute: 5e-324 },
  normalPpf: { call: normalPpf, relative: 1e-14, absolute: 1e-16 },
  betaCdf: { call: betaCdf, relative: 3e-14 },
  betaPpf: { call: betaPpf, relative: 3e-14 },
  logEi: { call: logEi, relative: 1e-14, absolute: 2e-15 },
  logEiDerivative: { call: logEiDerivative, relative: 2e-14 },
  normalLogPdf: { call: normalLogPdf, relative: 4e-16 },
  normalLogCdf: { call: normalLogCdf, relative: 2e-14 },
  erfcx: { call: erfcx, relative: 2e-15 },
  expm1: { call: expm1, relative: 1e-15 },
  pow: { call: pow, relative: 1e-13 },
  sinTurn: { call: sinTurn, relative: 1e-15, absolute: 1e-16 },
  cosTurn: { call: cosTurn, relative: 1e-15, absolute: 1e-16 },
  yeoJohnson: { call: yeoJohnson, relative: 2e-14 },
  logGamma: { call: logGamma, relative: 1e-14, absolute: 1e-14 },
};

test.each(Object.entries(claims))("%s agrees with mpmath", (name, { call, relative, absolute = 0 }) => {
  const mine = rows.filter(([of]) => of === name);
  expect(mine.length).toBeGreaterThan(10);
  const misses = mine
    .map(([, [x = 0, y = 0, z = 0], expected]) => {
      const found = call(x, y, z);
      return { x, y, z, expected, found, miss: Math.abs(found - expected) / Math.abs(expected) };
    })
    .filter(
      ({ found, expected }) => !(Math.abs(found - expected) <= relative * Math.abs(expected) + absolute),
    );
  expect(misses).toEqual([]);
});

test("the inverse of Yeo-Johnson leads back where the transformation is not flat", () => {
  for (const [of, [y = 0, lambda = 0], t] of rows) {
    if (of !== "yeoJohnson") continue;
    // Toward its asymptote the transformation loses what the inverse would need.
    const flatness = Math.abs((y * (1 + Math.abs(y)) ** (y >= 0 ? lambda - 1 : 1 - lambda)) / (t || 1));
    const back = yeoJohnsonInverse(yeoJohnson(y, lambda), lambda);
    if (flatness > 1e-3 || y === 0)
      expect(Math.abs(back - y), `y ${y}, lambda ${lambda}`).toBeLessThanOrEqual(1e-11 * Math.abs(y));
  }
});
