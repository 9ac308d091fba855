import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LeafParameter } from "@/core/parameter";
import { fromUnit, toUnit } from "@/core/space";
import { parseSweepConfig } from "@/core/sweep-config";
import {
  Float,
  isSameValue,
  parseJson,
  stringifyJson,
  toNumber,
  type Value,
  type ValueMap,
} from "@/core/value";
import { drawUnit, openStream } from "@/math/random";
import { continuous } from "../support/parameters";

/** What W&B's `HyperParameter.ppf` and `.cdf` gave, with SciPy 1.17. */
const rows = parseJson(
  readFileSync("test/fixtures/reference/wandb-draws.json", "utf8"),
) as readonly ValueMap[];
const cases = rows.map((row) => {
  const text = stringifyJson(row.config ?? null);
  const { config } = parseSweepConfig(`{"method": "random", "parameters": {"p": ${text}}}`);
  const parameter = config?.parameters.get("p");
  if (parameter === undefined || parameter.kind === "group") throw new Error(`not a parameter: ${text}`);
  return { text, parameter, draws: row.draws as [number, Value][], cdf: (row.cdf ?? []) as [Value, Value][] };
});
const units = fc.integer({ min: 1, max: 2 ** 53 - 1 }).map((n) => n / 2 ** 53);

/** Equal, or reals that agree to 13 digits: SciPy's exp and log may differ from ours in the last one. */
function expectClose(found: Value | undefined, expected: Value): void {
  if (found === undefined) throw new Error("no value");
  const [a, b] = [toNumber(found), toNumber(expected)];
  if (a === undefined || b === undefined || Number.isInteger(b))
    expect(isSameValue(found, expected)).toBe(true);
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-13 * Math.max(1e-3, Math.abs(b)));
}

describe("from the unit interval", () => {
  test.each(cases.map(({ text, parameter, draws }) => [text, parameter, draws] as const))(
    "%s draws as W&B does",
    (_, parameter, draws) => {
      for (const [u, expected] of draws) {
        const value = fromUnit(parameter, toNumber(u) ?? 0);
        expectClose(value, expected);
        // 2.0 and 2 are told apart
        if (typeof expected !== "object" || expected instanceof Float)
          expect(value instanceof Float).toBe(expected instanceof Float);
      }
    },
  );

  test.each(
    cases
      .filter(({ cdf }) => cdf.length > 0)
      .map(({ text, parameter, cdf }) => [text, parameter, cdf] as const),
  )("%s has W&B's CDF", (_, parameter, cdf) => {
    for (const [value, u] of cdf) expect(toUnit(parameter, value)).toBeCloseTo(toNumber(u) ?? -1, 12);
  });

  test("and back gives the same value again, and the unit again for reals", () => {
    fc.assert(
      fc.property(continuous, units, (parameter, u) => {
        const value = fromUnit(parameter, u);
        const back = toUnit(parameter, value);
        if (back === undefined) throw new Error(`${stringifyJson(value)} has no place`);
        expect(back).toBeGreaterThanOrEqual(0);
        expect(back).toBeLessThanOrEqual(1);
        if ("quantum" in parameter || parameter.kind === "categorical") {
          const inside = Math.min(Math.max(back, 2 ** -53), 1 - 2 ** -53);
          expect(isSameValue(fromUnit(parameter, inside), value)).toBe(true);
        } else {
          // A value is rounded to a double; where the density has a pole, the doubles beside it lie further off in u.
          const x = toNumber(value) ?? Number.NaN;
          const beside = [x * (1 - 2 ** -52), x * (1 + 2 ** -52)].map(
            (each) => toUnit(parameter, each) ?? back,
          );
          const rounding = Math.max(...beside.map((each) => Math.abs(each - back)));
          expect(Math.abs(back - u)).toBeLessThanOrEqual(1e-10 + rounding);
        }
      }),
      { numRuns: 1000, examples: [[{ kind: "beta", a: 0.2, b: 0.2 }, 0.995782510765556]] },
    );
  });

  test("values never fall as u rises", () => {
    fc.assert(
      fc.property(continuous, units, units, (parameter, a, b) => {
        if (parameter.kind === "categorical") return;
        const [low, high] = [fromUnit(parameter, Math.min(a, b)), fromUnit(parameter, Math.max(a, b))];
        const top = toNumber(high) ?? Number.NaN;
        // our exp and log may err by one double either way
        expect(toNumber(low)).toBeLessThanOrEqual(top + 1e-14 * Math.max(1, Math.abs(top)));
      }),
      { numRuns: 500 },
    );
  });

  test("integers and categories each get their share, ends included", () => {
    const die: LeafParameter = { kind: "int_uniform", min: 1, max: 6 };
    const weighted: LeafParameter = {
      kind: "categorical",
      values: ["a", "b", "never", "c"],
      probabilities: [0.5, 0.125, 0, 0.375],
    };
    const counts = new Map<string, number>();
    const stream = openStream("7", ["die"]);
    const draws = 60_000;
    for (let k = 0n; k < draws; k++) {
      const u = drawUnit(stream, k);
      for (const parameter of [die, weighted]) {
        const text = stringifyJson(fromUnit(parameter, u));
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    }
    const expected = {
      1: 1 / 6,
      2: 1 / 6,
      3: 1 / 6,
      4: 1 / 6,
      5: 1 / 6,
      6: 1 / 6,
      '"a"': 0.5,
      '"b"': 0.125,
      '"c"': 0.375,
    };
    expect([...counts.keys()].sort()).toEqual(Object.keys(expected).sort());
    // five standard deviations of a binomial
    for (const [text, share] of Object.entries(expected))
      expect(Math.abs((counts.get(text) ?? 0) - share * draws)).toBeLessThan(
        5 * Math.sqrt(draws * share * (1 - share)),
      );
  });

  test("integers beyond 2^53 stay whole", () => {
    const value = fromUnit({ kind: "int_uniform", min: 0, max: 2 ** 60 }, 0.75);
    expect(value).toBe(3n * 2n ** 58n);
  });
});

describe("q-distributions", () => {
  const q = (quantum: number, integer = false): { q: number; integer: boolean } => ({ q: quantum, integer });

  test("move inside the bounds where W&B leaves them", () => {
    // W&B: round(1/10)*10 = 0 and round(96/10)*10 = 100
    const parameter: LeafParameter = { kind: "q_uniform", min: 1, max: 96, quantum: q(10, true) };
    expect(fromUnit(parameter, 1e-9)).toBe(10);
    expect(fromUnit(parameter, 1 - 1e-9)).toBe(90);
    const small: LeafParameter = { kind: "q_log_uniform_values", min: 0.2, max: 4, quantum: q(1) };
    expect(fromUnit(small, 1e-9)).toEqual(new Float(1));
  });

  test("reach a bound that is a multiple but for rounding, exactly", () => {
    const parameter: LeafParameter = { kind: "q_uniform", min: 0.3, max: 0.7, quantum: q(0.1) };
    expect(fromUnit(parameter, 1e-9)).toBe(0.30000000000000004); // 3 * 0.1 is inside
    expect(fromUnit(parameter, 1 - 1e-9)).toBe(0.7); // 7 * 0.1 is 0.7000000000000001
  });

  test("give W&B's value where no multiple lies inside", () => {
    const parameter: LeafParameter = { kind: "q_uniform", min: 0.1, max: 0.4, quantum: q(1) };
    expect(fromUnit(parameter, 0.5)).toEqual(new Float(0));
  });

  test("round halves to even", () => {
    const parameter: LeafParameter = { kind: "q_uniform", min: 0, max: 4, quantum: q(1, true) };
    expect([0.125, 0.375, 0.625, 0.875].map((u) => fromUnit(parameter, u))).toEqual([0, 2, 2, 4]);
  });

  test("stay inside their bounds for any numbers", () => {
    fc.assert(
      fc.property(continuous, units, (parameter, u) => {
        if (!("quantum" in parameter) || !("min" in parameter)) return;
        const { kind, min, max, quantum } = parameter;
        const [low, high] = kind === "q_log_uniform" ? [Math.exp(min), Math.exp(max)] : [min, max];
        if (Math.ceil(low / quantum.q) > Math.floor(high / quantum.q)) return;
        const value = toNumber(fromUnit(parameter, u)) ?? Number.NaN;
        expect(value).toBeGreaterThanOrEqual(low - 1e-12);
        expect(value).toBeLessThanOrEqual(high + 1e-12);
      }),
      { numRuns: 500 },
    );
  });
});

describe("to the unit interval", () => {
  test("every category has its own place, falsy ones too, and others none", () => {
    const parameter: LeafParameter = { kind: "categorical", values: [false, 0, "", null] };
    expect([false, 0, "", null].map((value) => toUnit(parameter, value))).toEqual([
      0.125, 0.375, 0.625, 0.875,
    ]);
    expect(toUnit(parameter, new Float(0))).toBe(0.375);
    expect(toUnit(parameter, true)).toBeUndefined();
  });

  test("integers lie in the middle of their share, and only they have a place", () => {
    const parameter: LeafParameter = { kind: "int_uniform", min: 0, max: 3 };
    expect([0, 1, 2, 3].map((value) => toUnit(parameter, value))).toEqual([0.125, 0.375, 0.625, 0.875]);
    expect([0.5, "1", null, true].map((value) => toUnit(parameter, value))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("a value outside the bounds lies at the end", () => {
    const parameter: LeafParameter = { kind: "log_uniform_values", min: 0.001, max: 1 };
    expect([-1, 0, 1e-9, 5].map((value) => toUnit(parameter, value))).toEqual([0, 0, 0, 1]);
  });
});

describe("limits", () => {
  test("a sigma of 0 is the mean, an a or b of 0 an end, not NaN", () => {
    expect(fromUnit({ kind: "normal", mu: 3, sigma: 0 }, 0.2)).toEqual(new Float(3));
    expect(fromUnit({ kind: "beta", a: 0, b: 2 }, 0.9)).toEqual(new Float(0));
    expect(fromUnit({ kind: "beta", a: 2, b: 0 }, 0.1)).toEqual(new Float(1));
  });

  test("bounds as wide as numbers go do not overflow", () => {
    const parameter: LeafParameter = { kind: "uniform", min: -Number.MAX_VALUE, max: Number.MAX_VALUE };
    expect(fromUnit(parameter, 0.5)).toEqual(new Float(0));
    expect(toUnit(parameter, new Float(0))).toBe(0.5);
  });
});
