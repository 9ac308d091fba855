import { AppError } from "./errors";
import type { Condition, LeafParameter, Parameters } from "./parameter";
import { compareCodePoints, isSameValue, toNumber, type Value, type ValueMap } from "./value";

/**
 * A sweep's parameters without their nesting: one entry for each value that a configuration may hold, in W&B's order
 * (sorted by name at every level, groups where their name stands), each with all it takes to exist.
 */
export interface Leaf {
  /** Names from the root, groups first. */
  readonly path: readonly string[];
  readonly parameter: LeafParameter;
  /** All must hold; those of the groups around it included. */
  readonly conditions: readonly LeafCondition[];
}

export interface LeafCondition {
  /** Index of the leaf looked at. */
  readonly on: number;
  readonly test: Condition["test"];
}

export function listLeaves(parameters: Parameters): Leaf[] {
  const found: { path: string[]; parameter: LeafParameter; when: Condition[] }[] = [];
  const walk = (level: Parameters, path: string[], when: readonly Condition[]): void => {
    const names = [...level.keys()].sort(compareCodePoints);
    for (const name of names) {
      const parameter = level.get(name);
      if (parameter === undefined) continue;
      const inherited = [...when, ...(parameter.when ?? [])];
      if (parameter.kind === "group") walk(parameter.parameters, [...path, name], inherited);
      else found.push({ path: [...path, name], parameter, when: inherited });
    }
  };
  walk(parameters, [], []);
  const indexes = new Map(found.map(({ path }, index) => [JSON.stringify(path), index]));
  return found.map(({ path, parameter, when }) => ({
    path,
    parameter,
    conditions: when.map(({ parameter: looked, test }) => {
      const on = indexes.get(JSON.stringify(looked));
      if (on === undefined)
        throw new AppError(
          "CONFIG_INVALID",
          `parameter ${path.join(".")}: its "when" looks at ${looked.join(".")}, which is no parameter with a value`,
          { details: { parameter: path, looked } },
        );
      return { on, test };
    }),
  }));
}

/**
 * Indexes of leaves such that each stands behind all that its conditions look at. Among those that may come next a
 * conditional one goes first (it then stands close to what it depends on), else the first by name. Throws when
 * conditions go round in a circle.
 */
export function orderByConditions(leaves: readonly Leaf[]): number[] {
  const missing = leaves.map((leaf) => new Set(leaf.conditions.map(({ on }) => on)));
  const dependents: number[][] = leaves.map(() => []);
  missing.forEach((needs, index) => {
    for (const on of needs) dependents[on]?.push(index);
  });
  const order: number[] = [];
  const take = (index: number): void => {
    order.push(index);
    const freed = (dependents[index] ?? []).filter((dependent) => {
      const needs = missing[dependent];
      return needs?.delete(index) === true && needs.size === 0;
    });
    ready.unshift(...freed);
  };
  let ready = leaves.map((_, index) => index).filter((index) => missing[index]?.size === 0);
  const roots = ready;
  ready = [];
  for (const root of roots) {
    take(root);
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) take(next);
  }
  if (order.length < leaves.length) {
    const circle = leaves.filter((_, index) => (missing[index]?.size ?? 0) > 0);
    throw new AppError(
      "CONFIG_INVALID",
      `the "when" of ${circle.map(({ path }) => path.join(".")).join(", ")} look at each other in a circle`,
      { details: { parameters: circle.map(({ path }) => path) } },
    );
  }
  return order;
}

/** Whether a condition holds for a parameter's value; never for one that does not exist. Both ends of a range belong to it. */
export function holds(test: Condition["test"], value: Value | undefined): boolean {
  if (value === undefined) return false;
  if (test.kind === "in") return test.values.some((wanted) => isSameValue(wanted, value));
  const number = toNumber(value);
  return number !== undefined && number >= test.min && number <= test.max;
}

/** `values[i]` belongs to `leaves[i]`, undefined where that parameter does not exist. Groups left empty do not either. */
export function nestValues(leaves: readonly Leaf[], values: readonly (Value | undefined)[]): ValueMap {
  const root: Record<string, Value> = Object.create(null);
  // Leaves of a group stand together, so the group in use is the last one, or the start of it.
  const open: { name: string; map: Record<string, Value> }[] = [];
  for (let i = 0; i < leaves.length; i++) {
    const value = values[i];
    const path = leaves[i]?.path;
    if (value === undefined || path === undefined) continue;
    const last = path.length - 1;
    let map = root;
    for (let depth = 0; depth < last; depth++) {
      const name = path[depth] ?? "";
      const known = open[depth];
      if (known?.name === name && map[name] === known.map) {
        map = known.map;
        continue;
      }
      const made: Record<string, Value> = Object.create(null);
      map[name] = made;
      open[depth] = { name, map: made };
      map = made;
    }
    map[path[last] ?? ""] = value;
  }
  return root;
}

/** The value at a path in a run's parameters; undefined where there is none. */
export function valueAt(params: ValueMap, path: readonly string[]): Value | undefined {
  let value: Value = params;
  for (const name of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    const next: Value | undefined = (value as ValueMap)[name];
    if (next === undefined) return undefined;
    value = next;
  }
  return value;
}
