import type { AskedMethod, UnfinishedChoice } from "@/core/importance";
import { type Leaf, listLeaves } from "@/core/leaves";
import type { LeafParameter } from "@/core/parameter";
import { isWithin, toUnit } from "@/core/space";
import type { Goal } from "@/core/sweep";
import { deserializeConfig } from "@/core/sweep-config";
import { isValueMap, parseJson, toIdentity, toNumber, type Value } from "@/core/value";

/** Equal runs may come several times. */
export interface ImportanceInput {
  /** `serializeConfig`: the space that the shares are shares of. */
  readonly config: string;
  readonly goal: Goal;
  /** `forest` when absent. */
  readonly method?: AskedMethod;
  /** Of `good`: the share of the runs that are the best ones; GOOD_QUANTILE when absent. */
  readonly quantile?: number;
  /** JSON text of each run's parameters. */
  readonly params: readonly string[];
  /** Null, NaN or infinite where a run has none. */
  readonly values: readonly (number | null)[];
  /** By `worst` runs without a finite value get the worst one of all, else they are left out: `last` is for whoever reads the runs. */
  readonly unfinished?: UnfinishedChoice;
  /** Runs that are not among them because they have no finite value. */
  readonly without: number;
}

/** A parameter that has more than one value among the runs. */
export interface VariedColumn {
  readonly name: string;
  readonly parameter: LeafParameter;
  /** Of each run: the unit interval's place, a category's code, NaN without a value. */
  readonly units: Float64Array;
  /** As numbers, NaN where it is none. */
  readonly numbers: Float64Array;
}

export interface Runs {
  readonly columns: readonly VariedColumn[];
  /** Finite, as many as there are runs. */
  readonly target: Float64Array;
  /** How many of them stand for the worst. */
  readonly imputed: number;
  /** Of all that were given, and of those that nobody gave. */
  readonly leftOut: number;
  readonly constant: readonly string[];
}

/** A forest's column holds so many categories; what a space has beyond them is taken as one. */
export const MOST_CATEGORIES = 250;

/** Runs whose values lie in the space, and the parameters that vary among them. */
export function readRuns({ config, goal, params, values, unfinished, without }: ImportanceInput): Runs {
  const leaves = listLeaves(deserializeConfig(config).parameters);
  const units = leaves.map(() => new Float64Array(params.length));
  const numbers = leaves.map(() => new Float64Array(params.length));
  const target = new Float64Array(params.length);
  const imputes = unfinished === "worst";
  let count = 0;
  for (let i = 0; i < params.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!imputes && !Number.isFinite(value)) continue;
    if (!readRun(leaves, parseJson(params[i] ?? "{}"), count, units, numbers)) continue;
    target[count++] = value;
  }
  const known = target.subarray(0, count).filter(Number.isFinite);
  const worst = known.reduce(
    goal === "minimize" ? (a, b) => Math.max(a, b) : (a, b) => Math.min(a, b),
    known[0] ?? 0,
  );
  // Without a finite value there is no worst one either.
  const rows = known.length === 0 ? 0 : count;
  const columns = leaves.flatMap(({ path, parameter }, leaf): VariedColumn[] => {
    const own = (units[leaf] as Float64Array).subarray(0, rows);
    if (own.every((unit) => Object.is(unit, own[0]))) return [];
    return [
      {
        name: path.join("."),
        parameter,
        units: own,
        numbers: (numbers[leaf] as Float64Array).subarray(0, rows),
      },
    ];
  });
  const varied = new Set(columns.map(({ name }) => name));
  return {
    columns,
    target: target.slice(0, rows).map((value) => (Number.isFinite(value) ? value : worst)),
    imputed: rows - known.length,
    leftOut: without + params.length - rows,
    constant: leaves.map(({ path }) => path.join(".")).filter((name) => !varied.has(name)),
  };
}

/** Writes a run's values to the row; false for one that the space does not have. */
function readRun(
  leaves: readonly Leaf[],
  params: Value,
  row: number,
  units: readonly Float64Array[],
  numbers: readonly Float64Array[],
): boolean {
  for (let at = 0; at < leaves.length; at++) {
    const { path, parameter } = leaves[at] as Leaf;
    const value = valueAt(params, path);
    const unit = value === undefined ? Number.NaN : codeOf(parameter, value);
    if (unit === undefined) return false;
    (units[at] as Float64Array)[row] = unit;
    (numbers[at] as Float64Array)[row] = value === undefined ? Number.NaN : (toNumber(value) ?? Number.NaN);
  }
  return true;
}

function valueAt(params: Value, path: readonly string[]): Value | undefined {
  let inside: Value | undefined = params;
  for (const name of path) inside = inside !== undefined && isValueMap(inside) ? inside[name] : undefined;
  return inside;
}

/** @returns undefined for a value that the space does not have */
function codeOf(parameter: LeafParameter, value: Value): number | undefined {
  if (parameter.kind !== "categorical")
    return isOutside(parameter, value) ? undefined : toUnit(parameter, value);
  let codes = codesOf.get(parameter);
  if (codes === undefined) {
    // The first of values that are the same.
    codes = new Map(parameter.values.map((known, code) => [toIdentity(known), code] as const).reverse());
    codesOf.set(parameter, codes);
  }
  const code = codes.get(toIdentity(value));
  return code === undefined ? undefined : Math.min(code, MOST_CATEGORIES - 1);
}

/** A number beyond the bounds, which `toUnit` would take for the nearest one. */
function isOutside(parameter: Exclude<LeafParameter, { kind: "categorical" }>, value: Value): boolean {
  if (parameter.kind === "constant") return false;
  const number = toNumber(value) ?? Number.NaN;
  return parameter.kind === "int_uniform"
    ? number < parameter.min || number > parameter.max
    : !isWithin(parameter, number);
}

/** Of long lists: 10,000 runs of 10,000 values would take minutes to be looked for one by one. */
const codesOf = new WeakMap<LeafParameter, ReadonlyMap<string, number>>();

/** The share of the runs in which a parameter has a value. */
export function activeShare({ units }: VariedColumn): number {
  let active = 0;
  for (let row = 0; row < units.length; row++) if (!Number.isNaN(units[row])) active++;
  return active / units.length;
}

/** How many codes a category has. */
export const categoriesOf = ({ values }: { readonly values: readonly Value[] }): number =>
  Math.min(values.length, MOST_CATEGORIES);

/** How probable each code of a category is in the space. */
export function categoryMasses({
  values,
  probabilities,
}: {
  readonly values: readonly Value[];
  readonly probabilities?: readonly number[];
}): Float64Array {
  const masses = new Float64Array(Math.min(values.length, MOST_CATEGORIES));
  for (const code of values.keys()) {
    const own = Math.min(code, MOST_CATEGORIES - 1);
    masses[own] = (masses[own] ?? 0) + (probabilities?.[code] ?? 1 / values.length);
  }
  return masses;
}
