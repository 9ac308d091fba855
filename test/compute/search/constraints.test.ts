import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import { openGrid } from "@/compute/search/grid";
import { methodOf } from "@/compute/search/methods";
import { openPoints, type Point, type Points } from "@/compute/search/points";
import { type Objective, simulate } from "@/compute/search/simulate";
import { openConstraints } from "@/core/constraint";
import { isAppError } from "@/core/errors";
import { parseSweepConfig, type SweepConfig } from "@/core/sweep-config";
import { stringifyJson, toNumber } from "@/core/value";
import { toHex } from "../../contract/points";
import { constraintsOn } from "../../support/constraints";
import { parameters } from "../../support/parameters";

function configOf(text: string): SweepConfig {
  const { config, errors } = parseSweepConfig(text);
  if (!config) throw new Error(errors[0]?.message);
  return config;
}
/** What whoever hands out points gives: `through` skipped, hashes that were had left out. */
function* handedOut(points: Points, most = Number.POSITIVE_INFINITY): Generator<Point> {
  const had = new Set<string>();
  for (let k = 0n; (points.size === null || k < points.size) && had.size < most; k++) {
    const point = points.at(k);
    const name = `${toHex(point.hash)}/${point.repeat}`;
    if (!had.has(name)) yield point;
    had.add(name);
    k = point.through ?? k;
  }
}
const textOf = ({ params, repeat }: Pick<Point, "params" | "repeat">): string =>
  `${stringifyJson(params)} ${repeat}`;
const codeOf = (action: () => unknown): string => {
  try {
    action();
    return "none";
  } catch (error) {
    return isAppError(error) ? `${error.code} ${error.message}` : String(error);
  }
};

describe("with constraints", () => {
  test.each(["grid", "random", "sobol"] as const)(
    "%s goes through exactly the allowed part of a finite space, each configuration once",
    (method) => {
      const spaces = parameters({ continuous: false }).chain((space) =>
        fc.tuple(fc.constant(space), constraintsOn(space), fc.integer({ min: 1, max: 2 }), fc.boolean()),
      );
      fc.assert(
        fc.property(spaces, ([space, constraints, repeats, isRandom]) => {
          const common = { parameters: space, repeats, retries: 0, retryFailed: false, extra: new Map() };
          const gridOrder = isRandom ? ("random" as const) : ("sorted" as const);
          const open = (rest: Partial<SweepConfig>) =>
            openPoints({ ...common, gridOrder, method, ...rest }, "1");
          const free = open({});
          fc.pre(free.size !== null && free.size <= 2_000n);
          const allows = openConstraints({ constraints });
          const wanted = [...handedOut(free)].filter(({ params }) => allows(params)).map(textOf);
          if (wanted.length === 0) {
            expect(codeOf(() => open({ constraints }))).toMatch(/^CONSTRAINTS_LEAVE_NOTHING/);
            return;
          }
          const points = open({ constraints });
          expect([...handedOut(points)].map(textOf).sort()).toEqual(wanted.sort());
          expect(points.count).toBe(BigInt(wanted.length));
          if (method === "grid") expect(points.size).toBe(points.count);
        }),
        { numRuns: 100 },
      );
    },
  );

  const TRIANGLE =
    "method: grid\nparameters: {a: {min: 1, max: 1000}, b: {min: 1, max: 1000}, c: {values: [x, y]}}\n";

  test("a grid of a million points that are tied together is counted exactly, and its points come from their numbers", () => {
    const points = openGrid(configOf(`${TRIANGLE}constraints: [a < b]`), "1");
    expect([points.size, points.count]).toEqual([999_000n, 999_000n]);
    // a slowest, then b, c fastest although nothing ties it
    expect([0n, 1n, 2n, 1_998n, 998_999n].map((k) => stringifyJson(points.at(k).params))).toEqual([
      '{"a":1,"b":2,"c":"x"}',
      '{"a":1,"b":2,"c":"y"}',
      '{"a":1,"b":3,"c":"x"}',
      '{"a":2,"b":3,"c":"x"}',
      '{"a":999,"b":1000,"c":"y"}',
    ]);
  });

  test("a grid of 10^12 points of which constraints tie few together is counted as well", () => {
    const space = Array.from({ length: 12 }, (_, i) => `  p${i}: {min: 0, max: 9}`).join("\n");
    const points = openGrid(
      configOf(`method: grid\nparameters:\n${space}\nconstraints: [p3 <= p7, p1 + p2 == 9]`),
      "1",
    );
    expect(points.size).toBe(55n * 10n * 10n ** 8n);
    const { params } = points.at(12_345_678_901n);
    expect(toNumber(params.p3 ?? 0)).toBeLessThanOrEqual(toNumber(params.p7 ?? 0) ?? 0);
  });

  const HUGE =
    "parameters: {a: {min: 0, max: 1999}, b: {min: 0, max: 1999}}\nconstraints: [a > 800 and a % 100 == b, b != 5]\n";
  /** a from 801, less the 12 of them whose a % 100 is 5. */
  const ALLOWED = 1_199 - 12;

  test.each(["sorted", "random"])(
    "a grid of 4,000,000 tied points, %s, comes to each allowed one once",
    (order) => {
      const points = openGrid(configOf(`method: grid\ngrid_order: ${order}\nrepeats: 2\n${HUGE}`), "1");
      expect([points.size, points.count]).toEqual([8_000_000n, null]);
      const found = [...handedOut(points, order === "sorted" ? undefined : 60)];
      if (order === "sorted") expect(found.length).toBe(2 * ALLOWED);
      expect(new Set(found.map(textOf)).size).toBe(found.length);
      for (const { params } of found)
        expect(toNumber(params.b ?? 0)).toBe((toNumber(params.a ?? 0) ?? 0) % 100);
      expect(points.at(3_456_789n)).toEqual(points.at(3_456_789n));
    },
  );

  test.each(["random", "sobol"])(
    "%s of a space without end gives allowed draws only, each a function of its number",
    (method) => {
      const config = configOf(`method: ${method}
parameters:
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0}
  warmup: {min: 0, max: 20}
  epochs: {min: 1, max: 20}
  opt: {values: [sgd, adam]}
  momentum: {min: 0.0, max: 1.0, when: {opt: sgd}}
constraints: [warmup < epochs, lr * epochs < 1, momentum > 2]
`);
      const points = openPoints(config, "5");
      const allows = openConstraints(config);
      const first = [...handedOut(points, 300)];
      // momentum never exceeds 1, so only adam is left, which has none
      for (const { params } of first) expect([allows(params), params.opt]).toEqual([true, "adam"]);
      expect(new Set(first.map(({ hash }) => toHex(hash))).size).toBe(300);
      const again = openPoints(config, "5");
      for (const k of [299n, 7n, 10n ** 9n]) expect(again.at(k)).toEqual(points.at(k));
    },
  );

  test("random draws what no constraint asks about as without them", () => {
    const space =
      "method: random\nparameters: {a: {min: 0.0, max: 1.0}, b: {min: 0.0, max: 1.0}, c: {min: 0.0, max: 1.0}}\n";
    const free = openPoints(configOf(space), "5");
    const bound = openPoints(configOf(`${space}constraints: [a < b]`), "5");
    let kept = 0;
    for (let k = 0n; k < 100n; k++) {
      expect(bound.at(k).params.c).toBe(free.at(k).params.c);
      kept += Number(bound.at(k).params.a === free.at(k).params.a);
    }
    expect(kept).toBeGreaterThan(25);
    expect(kept).toBeLessThan(75);
  });

  test.each([
    [
      "method: grid\nparameters: {a: {values: [1, 2]}, b: {values: [1, 2]}}\nconstraints: [a > b, b > a]",
      "no point of the grid keeps to all of `a > b`, `b > a`",
    ],
    [
      "method: grid\nparameters: {a: {min: 0, max: 9999}, b: {min: 0, max: 9999}}\nconstraints: [a + b < 0]",
      "none of 2000000 combinations in a row keeps to `a + b < 0`",
    ],
    [
      "method: random\nparameters: {a: {values: [1, 2]}, b: {values: [3]}}\nconstraints: [a > b]",
      "no configuration keeps to `a > b`",
    ],
    [
      "method: random\nparameters: {a: {min: 0.0, max: 1.0}}\nconstraints: [a > 1.5]",
      "none of 100000 random configurations keeps to `a > 1.5`",
    ],
    [
      "method: sobol\nparameters: {a: {min: 0.0, max: 1.0}}\nconstraints: [a == 0.123]",
      "none of 100000 random configurations",
    ],
  ])("%j leaves nothing, and is refused with the names of the constraints", (text, words) => {
    const refused = codeOf(() => openPoints(configOf(text), "1"));
    expect(refused).toMatch(/^CONSTRAINTS_LEAVE_NOTHING the constraints leave nothing to run: /);
    expect(refused).toContain(words);
  });
});

describe("a domain with constraints", () => {
  test("draws anew what decides whether a constant exists that is asked about", () => {
    const config = configOf(`method: random
parameters:
  c: {distribution: log_uniform_values, min: 0.01, max: 0.1}
  n: {min: 1, max: 5}
  y: {value: a, when: {n: {min: 3, max: 5}}}
constraints: ["y == 'b'"]`);
    const points = openPoints(config, "seed");
    const values = Array.from({ length: 40 }, (_, k) => toNumber(points.at(BigInt(k)).params.n ?? null));
    expect(new Set(values)).toEqual(new Set([1, 2]));
  });

  const domain = openDomain(
    configOf("method: random\nparameters: {a: {min: 1, max: 4}, b: {min: 1, max: 4}}\nconstraints: [a < b]"),
  );

  test("counts and lists what they allow", () => {
    expect(domain.size).toBe(6n);
    const all = Array.from({ length: 6 }, (_, k) => domain.at(BigInt(k)));
    expect(all.every(({ params }) => domain.allows(params))).toBe(true);
    expect(new Set(all.map(({ hash }) => hash)).size).toBe(6);
    expect(domain.allows(domain.sample(() => 0.5).params)).toBe(false);
    expect(domain.sampleAllowed(() => 0.5, 3)).toBeUndefined();
  });
});

describe("methods that learn from results, where constraints leave little", () => {
  const spaces = {
    "a thousandth of the plane":
      "parameters: {a: {min: 0.0, max: 1.0}, b: {min: 0.0, max: 1.0}}\nconstraints: ['a + b <= 0.05']",
    "ten of 16,384 pairs": `
parameters:
  batch: {distribution: int_uniform, min: 1, max: 128}
  accum: {distribution: int_uniform, min: 1, max: 128}
  lr: {distribution: log_uniform_values, min: 1.0e-5, max: 1.0e-1}
constraints: ["batch * accum == 512"]`,
    "a thin layer": `
parameters: {a: {min: 0.0, max: 1.0}, b: {min: 0.0, max: 1.0}, c: {min: 0.0, max: 1.0}}
constraints: ["0.98 <= a + b + c", "a + b + c <= 1.02"]`,
  };
  const cases = (["random", "sobol", "bayes", "tpe", "cmaes"] as const).flatMap((method) =>
    Object.entries(spaces).map(([name, text]) => ({ method, name, text })),
  );

  test.each(cases)("$method goes on in $name to the end of the budget", ({ method, text }) => {
    const config = configOf(`method: ${method}\nmetric: {name: loss}\n${text}`);
    const allows = openConstraints(config);
    const loss: Objective = (params) => ({
      objectives: [
        Object.values(params).reduce<number>((sum, value) => sum + Math.abs((toNumber(value) ?? 0) - 0.4), 0),
      ],
    });
    const search = methodOf(method).open({ config, seed: "1" });
    const { proposals } = simulate(search, loss, { agents: 4, runs: 40, seed: "1" });
    expect(proposals).toHaveLength(40);
    expect(new Set(proposals.map(({ hash }) => hash)).size).toBe(40);
    for (const { params } of proposals) expect(allows(params)).toBe(true);
  });
});

describe("bayes, where what is best lies outside of what is allowed", () => {
  test.each([
    // The best allowed points, by hand: the nearest to (0.8, 0.7) in the metric of the loss.
    { constraint: "a + b <= 1", a: 7 / 15, b: 8 / 15 },
    { constraint: "a + b <= 0.3", a: 0, b: 0.3 },
  ])(
    "goes along the fence of $constraint to the best allowed point, by its model alone",
    ({ constraint, a, b }) => {
      const config = configOf(
        `method: bayes\nmetric: {name: loss}\nparameters: {a: {min: 0.0, max: 1.0}, b: {min: 0.0, max: 1.0}}\nconstraints: ['${constraint}']`,
      );
      const lossAt = (x: number, y: number): number => (x - 0.8) ** 2 + 2 * (y - 0.7) ** 2;
      const { proposals } = simulate(
        methodOf("bayes").open({ config, seed: "1" }),
        (params) => ({
          objectives: [lossAt(toNumber(params.a ?? null) ?? 9, toNumber(params.b ?? null) ?? 9)],
        }),
        { agents: 1, runs: 25, seed: "1" },
      );
      expect(proposals.filter(({ reason }) => reason === "random")).toEqual([]);
      const best = Math.min(
        ...proposals.map(({ params }) =>
          lossAt(toNumber(params.a ?? null) ?? 9, toNumber(params.b ?? null) ?? 9),
        ),
      );
      expect(best - lossAt(a, b)).toBeLessThan(1e-3);
    },
  );
});
