import { isValueMap, parseJson, type Value } from "@/core/value";
import type { ExportedRun } from "@/graphql/operations";

/** What stands at the front of each line, by their names in the API. */
export const FACTS = [
  "name",
  "displayName",
  "state",
  "attempt",
  "exitCode",
  "objective",
  "createdAt",
  "startedAt",
  "finishedAt",
] as const;
export type Fact = (typeof FACTS)[number];

/** Runs as a table: a column a fact, a parameter (groups spelt with dots) and a metric (its last value), over all runs. */
export interface RunTable {
  readonly facts: { readonly name: Fact; readonly values: readonly (string | number | null)[] }[];
  readonly params: { readonly name: string; readonly values: readonly (Value | undefined)[] }[];
  readonly metrics: { readonly name: string; readonly values: readonly (number | null)[] }[];
}

export function toColumns(runs: readonly ExportedRun[]): RunTable {
  const params = runs.map((run) => flatten(parseJson(run.params)));
  const metrics = runs.map((run) => new Map(run.summary.map(({ name, last }) => [name, last])));
  return {
    facts: FACTS.map((name) => ({ name, values: runs.map((run) => run[name]) })),
    params: namesOf(params).map((name) => ({ name, values: params.map((map) => map.get(name)) })),
    metrics: namesOf(metrics).map((name) => ({ name, values: metrics.map((map) => map.get(name) ?? null) })),
  };
}

function flatten(value: Value, path = "", into = new Map<string, Value>()): Map<string, Value> {
  if (isValueMap(value))
    for (const [key, item] of Object.entries(value)) flatten(item, path ? `${path}.${key}` : key, into);
  else into.set(path, value);
  return into;
}

const namesOf = (maps: readonly ReadonlyMap<string, unknown>[]): string[] =>
  [...new Set(maps.flatMap((map) => [...map.keys()]))].sort();
