import type { ImportanceInput } from "@/compute/analysis/importance";
import type { Importance } from "@/core/importance";
import { parseSweepConfig, serializeConfig } from "@/core/sweep-config";
import { drawUnit, openStream } from "@/math/random";

/** Functions on the unit cube whose Sobol indices are known in closed form. */
export interface KnownFunction {
  readonly f: (x: readonly number[]) => number;
  /** Of the first parameters; of all further ones 0. */
  readonly first: readonly number[];
  readonly total: readonly number[];
}

const at = (x: readonly number[], i: number): number => x[i] ?? 0;

/** Var of a x over the unit interval is a^2 / 12: 16, 4 and 1 of 21. */
export const additive: KnownFunction = {
  f: (x) => 4 * at(x, 0) + 2 * at(x, 1) + at(x, 2),
  first: [16 / 21, 4 / 21, 1 / 21],
  total: [16 / 21, 4 / 21, 1 / 21],
};

/** Sobol and Levitan 1999, a = 7, b = 0.1: x2 matters only together with x0. */
const PI4 = Math.PI ** 4;
const [V1, V2, V13] = [0.5 * (1 + (0.1 * PI4) / 5) ** 2, 49 / 8, (0.01 * PI4 * PI4 * 8) / 225];
const V = V1 + V2 + V13;
export const ishigami: KnownFunction = {
  f: (x) => {
    const [a, b, c] = [0, 1, 2].map((i) => (2 * at(x, i) - 1) * Math.PI) as [number, number, number];
    return Math.sin(a) + 7 * Math.sin(b) ** 2 + 0.1 * c ** 4 * Math.sin(a);
  },
  first: [V1 / V, V2 / V, 0],
  total: [(V1 + V13) / V, V2 / V, V13 / V],
};

/** Sobol's G, a = 0, 1, 4.5, 9: V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1, V_Ti = V_i prod_(j != i) (1 + V_j). */
const A = [0, 1, 4.5, 9];
const parts = A.map((a) => 1 / (3 * (1 + a) ** 2));
const product = parts.reduce((all, part) => all * (1 + part), 1);
export const sobolG: KnownFunction = {
  f: (x) => A.reduce((all, a, i) => all * ((Math.abs(4 * at(x, i) - 2) + a) / (1 + a)), 1),
  first: parts.map((part) => part / (product - 1)),
  total: parts.map((part) => (part * (product / (1 + part))) / (product - 1)),
};

/**
 * Friedman's first, 10 sin(pi x0 x1) + 20 (x2 - 1/2)^2 + 10 x3 + 5 x4. The parabola's variance is 400 / 180, the lines' 100 / 12
 * and 25 / 12. Of the sine by quadrature (SciPy, to 1e-12): 11.18757 in all, 4.70120 by either of the two alone.
 */
const friedmanParts = [4.7012, 4.7012, 400 / 180, 100 / 12, 25 / 12];
const friedmanPair = 11.18757 - 2 * 4.7012;
const friedmanAll = friedmanParts.reduce((sum, part) => sum + part, 0) + friedmanPair;
export const friedman: KnownFunction = {
  f: (x) =>
    10 * Math.sin(Math.PI * at(x, 0) * at(x, 1)) + 20 * (at(x, 2) - 0.5) ** 2 + 10 * at(x, 3) + 5 * at(x, 4),
  first: friedmanParts.map((part) => part / friedmanAll),
  total: friedmanParts.map((part, i) => (part + (i < 2 ? friedmanPair : 0)) / friedmanAll),
};

/** Neither says anything by itself. */
export const together: KnownFunction = {
  f: (x) => (at(x, 0) - 0.5) * (at(x, 1) - 0.5),
  first: [0, 0],
  total: [1, 1],
};

/** Three that say nothing by themselves, nor in pairs. */
export const threeTogether: KnownFunction = {
  f: (x) => (at(x, 0) - 0.5) * (at(x, 1) - 0.5) * (at(x, 2) - 0.5),
  first: [0, 0, 0],
  total: [1, 1, 1],
};

export const X8 = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"];

export function configOf(parameters: string): string {
  const { config } = parseSweepConfig(
    `method: random\nmetric: {name: y, goal: minimize}\nparameters:\n${parameters}`,
  );
  if (!config) throw new Error("the file can't be read");
  return serializeConfig(config);
}

export const unitCube = (names: readonly string[]): string =>
  configOf(names.map((name) => `  ${name}: {min: 0.0, max: 1.0}\n`).join(""));

/** Uniform in [0, 1), the same on each machine. */
export function openDraws(seed: string): () => number {
  const stream = openStream(seed, ["known shares"]);
  let counter = 0n;
  return () => drawUnit(stream, counter++);
}

/** Runs of a function on the unit cube; it may draw noise. */
export function runsOf(
  count: number,
  names: readonly string[],
  f: (x: readonly number[], draw: () => number) => number,
  seed = "3",
): ImportanceInput {
  const draw = openDraws(seed);
  const params: string[] = [];
  const values: number[] = [];
  for (let i = 0; i < count; i++) {
    const x = names.map(draw);
    params.push(JSON.stringify(Object.fromEntries(names.map((name, at) => [name, x[at]]))));
    values.push(f(x, draw));
  }
  return { config: unitCube(names), goal: "minimize", params, values, without: 0 };
}

export const shareOf = ({ parameters }: Importance, name: string): number =>
  parameters.find((one) => one.name === name)?.importance ?? Number.NaN;
