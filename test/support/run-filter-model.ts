import { pathsOf } from "@/core/filter/operand";
import { type RunFilter, type RunOrder, type RunSubject, readRunFilter } from "@/core/run-filter";
import { compareScalars, findValue, type MatchedRun, toExact, toRunTest } from "@/core/run-match";
import type { Value, ValueMap } from "@/core/value";

/** A run as filters see it, without a database. */
export interface ModelRun {
  readonly id: number;
  readonly goal: "minimize" | "maximize" | undefined;
  /** Fields by their names; times and durations as numbers. Undefined or null where there is none. */
  readonly fields: Readonly<Record<string, string | number | null | undefined>>;
  readonly tags: readonly string[];
  readonly params: ValueMap;
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}

/** Does the run satisfy the filter? As the pages answer it, run by run. */
export const matches = (run: ModelRun, filter: RunFilter): boolean =>
  toRunTest(readRunFilter(filter))(toMatched(run));

const toMatched = ({ fields, tags, params, metrics }: ModelRun): MatchedRun => ({
  tags,
  field: (name) => fields[name],
  param: (paths) => findValue(params, paths),
  metric: (name, stat) => metrics[name]?.[stat],
});

/** The runs in order. */
export function sorted(runs: readonly ModelRun[], order: readonly RunOrder[]): ModelRun[] {
  return [...runs].sort((a, b) => {
    for (const key of order) {
      const way = compareBy(a, b, key);
      if (way !== 0) return way;
    }
    return a.id - b.id;
  });
}

type SortValue = readonly (string | number | bigint)[] | undefined;

function compareBy(a: ModelRun, b: ModelRun, key: RunOrder): number {
  const [x, y] = [sortValue(a, key), sortValue(b, key)];
  if (x === undefined || y === undefined) return (x === undefined ? 1 : 0) - (y === undefined ? 1 : 0);
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const way = compareScalars(x[i] ?? 0, y[i] ?? 0);
    if (way !== 0) return key.direction === "desc" ? -way : way;
  }
  return 0;
}

function sortValue(run: ModelRun, key: RunOrder): SortValue {
  if ("param" in key) return paramSortValue(findValue(run.params, pathsOf(key.param, "param")));
  const x = scalarOf(run, key);
  if (x === undefined) return undefined;
  if (key.direction === "best") return [run.goal === "maximize" ? -Number(x) : x];
  return [typeof x === "string" ? beginning(x) : x];
}

function scalarOf(run: ModelRun, subject: RunSubject): string | number | undefined {
  if ("metric" in subject) return run.metrics[subject.metric]?.[subject.stat ?? "last"] ?? undefined;
  return "field" in subject ? (run.fields[subject.field] ?? undefined) : undefined;
}

function paramSortValue(x: Value | undefined): SortValue {
  if (x === undefined || x === null) return undefined;
  const number = toExact(x);
  if (number !== undefined) return [1, number];
  if (typeof x === "string") return [2, beginning(x)];
  return typeof x === "boolean" ? [3, x ? 1 : 0] : [4];
}

const beginning = (text: string) => [...text].slice(0, 200).join("");
