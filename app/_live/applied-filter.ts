import { toPythonText } from "@/core/python";
import type { RunFilter, RunSubject } from "@/core/run-filter";
import { stringifyJson } from "@/core/value";
import type { Brush } from "@/ui/charts/prepare/brush";
import { type ChartRun, readMetricKey } from "@/ui/charts/prepare/dimension";

/** What a page's filter lets through, in the API's words. */
export function toAppliedFilter(applied: {
  readonly query: RunFilter | undefined;
  readonly brushes: ReadonlyMap<string, Brush>;
  readonly excluded: readonly ReadonlyMap<string, Brush>[];
  readonly hidden: Iterable<string>;
  /** Of which the texts of categories are. */
  readonly runs: Iterable<ChartRun>;
  /** Brushes of what no run has are not applied. */
  readonly isKnown: (id: string) => boolean;
}): RunFilter | undefined {
  const { query, brushes, excluded, hidden, runs, isKnown } = applied;
  const known = (group: ReadonlyMap<string, Brush>) =>
    [...group].flatMap(([id, brush]) => (isKnown(id) ? [ofBrush(id, brush, runs)] : []));
  const parts: RunFilter[] = [
    ...(query ? [query] : []),
    ...known(brushes),
    ...excluded.flatMap((group) => {
      const tests = known(group);
      return tests.length > 0 ? [{ not: { and: tests } }] : [];
    }),
    ...inLists([...hidden]).map((ids): RunFilter => ({ field: "id", op: "notIn", value: ids })),
  ];
  const [first, ...more] = parts;
  return more.length > 0 ? { and: parts } : first;
}

/** The API takes so many values in a list. */
const MOST_IN_LIST = 1_000;

function inLists<T>(all: readonly T[]): T[][] {
  const lists: T[][] = [];
  for (let i = 0; i < all.length; i += MOST_IN_LIST) lists.push(all.slice(i, i + MOST_IN_LIST));
  return lists;
}

function ofBrush(
  id: string,
  { ranges = [], values = [], missing }: Brush,
  runs: Iterable<ChartRun>,
): RunFilter {
  const subject = toSubject(id);
  const isTime = id === "f.created" || id === "f.finished";
  const bound = (op: "ge" | "le", value: number): RunFilter[] =>
    Number.isFinite(value) ? [{ ...subject, op, value: isTime ? new Date(value).toISOString() : value }] : [];
  const chosen = id.startsWith("p.") ? toOwnValues(id.slice(2), values, runs) : values;
  return {
    or: [
      ...ranges.map(
        ([low, high]): RunFilter => ({
          and: [{ ...subject, op: "exists" }, ...bound("ge", low), ...bound("le", high)],
        }),
      ),
      ...inLists(chosen).map((list): RunFilter => ({ ...subject, op: "in", value: list })),
      ...(missing ? [{ ...subject, op: "exists", value: false } as const] : []),
    ],
  };
}

const FIELDS = {
  "f.ordinal": "ordinal",
  "f.created": "createdAt",
  "f.finished": "finishedAt",
  "f.duration": "duration",
  "f.state": "state",
  "f.agent": "host",
} as const;

function toSubject(id: string): RunSubject {
  const field = Object.entries(FIELDS).find(([key]) => key === id)?.[1];
  if (field) return { field };
  if (id.startsWith("p.")) return { param: id.slice(2) };
  const metric = readMetricKey(id);
  return metric ? { metric: metric.name, stat: metric.stat } : { field: "objective" };
}

/** A category stands in a brush as its text, which a word and a boolean may share. */
function toOwnValues(name: string, texts: readonly string[], runs: Iterable<ChartRun>): unknown[] {
  if (texts.length === 0) return [];
  const wanted = new Set(texts);
  const found = new Set<string>();
  for (const { flat } of runs) {
    const value = flat.get(name);
    if (value !== undefined && wanted.has(toPythonText(value))) found.add(stringifyJson(value));
  }
  return [...found].map((json) => JSON.parse(json));
}
