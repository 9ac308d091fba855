import type { LeafParameter, Parameter, Parameters } from "./parameter";
import { toPythonText } from "./python";
import { toIdentity } from "./value";

/**
 * Whether a space holds all of another one, parameter by parameter: what was run in the smaller one then has its place in the larger
 * one, with the same hash. Asked when the file of a sweep that has runs is changed.
 */
export interface ParameterChange {
  /** Names from the root of the parameters. */
  readonly path: readonly string[];
  /** Null where there is no such parameter. */
  readonly before: string | null;
  readonly after: string | null;
  /** Why runs of before would not belong to it; undefined where it only grew. */
  readonly refusal?: string;
}

export function compareParameters(
  before: Parameters,
  after: Parameters,
  path: readonly string[] = [],
): ParameterChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((name) => compareOne(before.get(name), after.get(name), [...path, name]));
}

function compareOne(
  before: Parameter | undefined,
  after: Parameter | undefined,
  path: readonly string[],
): ParameterChange[] {
  const change = {
    path,
    before: before ? describeParameter(before) : null,
    after: after ? describeParameter(after) : null,
  };
  if (before === undefined) return [{ ...change, refusal: "the runs so far have no value of it" }];
  if (after === undefined) return [{ ...change, refusal: "the runs so far have a value of it" }];
  if (before.kind === "group" && after.kind === "group" && sameConditions(before, after))
    return compareParameters(before.parameters, after.parameters, path);
  if (textOf(before) === textOf(after)) return [];
  if (!sameConditions(before, after))
    return [{ ...change, refusal: "`when` decides which runs have the parameter at all" }];
  const refusal =
    before.kind === "group" || after.kind === "group" ? NOT_OF_ONE_KIND : whyNoGrowth(before, after);
  return [refusal === undefined ? change : { ...change, refusal }];
}

const NOT_OF_ONE_KIND =
  "its kind would be another one, so the values of the runs so far would mean something else";

/** Of values that would be gone: a list may hold 100,000. */
const MOST_NAMED = 20;

function whyNoGrowth(before: LeafParameter, after: LeafParameter): string | undefined {
  const values =
    before.kind === "constant" ? [before.value] : before.kind === "categorical" ? before.values : null;
  if (values !== null && after.kind === "categorical") {
    const kept = new Set(after.values.map(toIdentity));
    const gone = values.filter((value) => !kept.has(toIdentity(value)));
    const named = gone.slice(0, MOST_NAMED).map(toPythonText).join(", ");
    const others = gone.length > MOST_NAMED ? ` and ${gone.length - MOST_NAMED} others` : "";
    return gone.length > 0 ? `runs may have ${named}${others}, which would be gone` : undefined;
  }
  if (before.kind !== after.kind) return NOT_OF_ONE_KIND;
  if (before.kind === "constant") return "a constant may become a list of values that holds the old one";
  if ("quantum" in before && textOf(before.quantum) !== textOf("quantum" in after ? after.quantum : null))
    return "with another `q` its values would lie elsewhere";
  if (!("min" in before) || !("min" in after)) return "its distribution has no ends that could be moved";
  if (after.min > before.min || after.max < before.max)
    return `runs may lie anywhere in ${range(before)}, part of which would be gone`;
  return undefined;
}

const sameConditions = (before: Parameter, after: Parameter): boolean =>
  textOf(before.when ?? []) === textOf(after.when ?? []);

const range = ({ min, max }: { readonly min: number; readonly max: number }): string => `${min} to ${max}`;

/** For people, on one line. */
export function describeParameter(parameter: Parameter): string {
  switch (parameter.kind) {
    case "group":
      return `group of ${[...parameter.parameters.keys()].join(", ")}`;
    case "constant":
      return `value ${toPythonText(parameter.value)}`;
    case "categorical": {
      const values = parameter.values.map(toPythonText).join(", ");
      return parameter.probabilities
        ? `${values}, with probabilities ${parameter.probabilities.join(", ")}`
        : values;
    }
    case "int_uniform":
      return `${range(parameter)}, whole numbers`;
    default: {
      const steps = "quantum" in parameter ? `, in steps of ${parameter.quantum.q}` : "";
      if ("min" in parameter) return `${range(parameter)}, ${parameter.kind}${steps}`;
      const shape =
        "mu" in parameter
          ? `mu ${parameter.mu}, sigma ${parameter.sigma}`
          : `a ${parameter.a}, b ${parameter.b}`;
      return `${parameter.kind}, ${shape}${steps}`;
    }
  }
}

/** Equal texts are equal parameters. The database forgets the order of keys. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === "bigint") return { int: String(item) };
    if (item instanceof Map) return [...item];
    if (typeof item === "number" && !Number.isFinite(item)) return String(item);
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
