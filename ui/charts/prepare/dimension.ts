import { METRIC_STATS, type MetricStat } from "@/core/filter/operand";
import { toPythonText } from "@/core/python";
import { toNumber, type Value } from "@/core/value";
import { formatDuration, formatNumber, formatValue } from "@/ui/format";
import type { FlatParams } from "./rows";

/** A run as the charts of many runs see it. */
export interface ChartRun {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly state: string;
  readonly ordinal: number | null;
  /** The sweep's metric by its goal. */
  readonly objective: number | null;
  /** False where it broke a constraint on a metric. */
  readonly feasible: boolean | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly agent: { readonly host: string } | null;
  readonly flat: FlatParams;
  /** By `toMetricKey`: what was asked for, where the run logged it. */
  readonly metrics: ReadonlyMap<string, number>;
}

/**
 * Something that a run has a value in, under one name everywhere: a column of the table, an axis, a colour, a filter.
 * Ids stand in addresses: `objective`, `p.lr`, `m.last.val/loss`, `f.duration`.
 */
export interface Dimension {
  readonly id: string;
  readonly label: string;
  /** number: all values are numbers; category: texts, booleans, lists, or a mixture. */
  readonly kind: "number" | "time" | "category";
  /** Its numbers are spread over decades: a logarithmic axis offers itself. */
  readonly log: boolean;
  /** Whole numbers only. */
  readonly whole: boolean;
  /** A category's values in their order: numbers by size, then texts. Empty for the others. */
  readonly categories: readonly string[];
  /** Undefined where the run has none; a category's whole text, never cut. */
  valueOf(run: ChartRun): number | string | undefined;
  /** As people read it. */
  format(value: number | string): string;
}

export const toMetricKey = (stat: MetricStat, name: string): string => `${stat}.${name}`;

/** @returns undefined for what is no metric's dimension */
export function readMetricKey(id: string): { stat: MetricStat; name: string; key: string } | undefined {
  const key = id.startsWith("m.") ? id.slice(2) : "";
  const dot = key.indexOf(".");
  const stat = METRIC_STATS.find((one) => one === key.slice(0, dot));
  return stat && dot > 0 && dot < key.length - 1 ? { stat, name: key.slice(dot + 1), key } : undefined;
}

/** The sweep's metric, as an axis. */
export function objectiveDimension(name: string, runs: Iterable<ChartRun>): Dimension {
  return numeric("objective", name, (run) => run.objective ?? undefined, runs);
}

export function metricDimension(stat: MetricStat, name: string, runs: Iterable<ChartRun>): Dimension {
  const key = toMetricKey(stat, name);
  return numeric(
    `m.${key}`,
    stat === "last" ? name : `${stat}(${name})`,
    (run) => run.metrics.get(key),
    runs,
  );
}

/** A parameter is a number where all its values are, and a category otherwise: 1 and "1" are two categories. */
export function parameterDimension(name: string, runs: Iterable<ChartRun>): Dimension {
  const all = [...runs];
  const values = all.flatMap((run) => (run.flat.has(name) ? [run.flat.get(name) as Value] : []));
  const isNumber = values.length > 0 && values.every((value) => toNumber(value) !== undefined);
  if (isNumber) return numeric(`p.${name}`, name, (run) => finite(run.flat.get(name)), all);
  const texts = new Map<string, Value>();
  for (const value of values) texts.set(toPythonText(value), value);
  return {
    id: `p.${name}`,
    label: name,
    kind: "category",
    log: false,
    whole: false,
    categories: [...texts.keys()].sort((a, b) => compare(texts.get(a), texts.get(b)) || (a < b ? -1 : 1)),
    valueOf: (run) => (run.flat.has(name) ? toPythonText(run.flat.get(name) as Value) : undefined),
    format: (value) => {
      const own = texts.get(String(value));
      return own === undefined ? String(value) : formatValue(own);
    },
  };
}

export const FIELD_DIMENSIONS: readonly Dimension[] = [
  field("f.ordinal", "Run number", "number", (run) => run.ordinal ?? undefined),
  field("f.created", "Created", "time", (run) => Date.parse(run.createdAt)),
  field("f.finished", "Ended", "time", (run) => (run.finishedAt ? Date.parse(run.finishedAt) : undefined)),
  field("f.duration", "Duration", "number", (run) =>
    run.startedAt && run.finishedAt
      ? (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1_000
      : undefined,
  ),
  field("f.state", "State", "category", (run) => run.state),
  field("f.agent", "Agent", "category", (run) => run.agent?.host),
];

function field(id: string, label: string, kind: Dimension["kind"], toValue: Dimension["valueOf"]): Dimension {
  const format = (value: number | string): string => {
    if (typeof value === "string") return value;
    if (kind === "time") return new Date(value).toISOString().replace("T", " ").slice(0, 19);
    return id === "f.duration" ? formatDuration(value * 1_000) : formatNumber(value);
  };
  return { id, label, kind, log: false, whole: id === "f.ordinal", categories: [], valueOf: toValue, format };
}

function numeric(
  id: string,
  label: string,
  toValue: (run: ChartRun) => number | undefined,
  runs: Iterable<ChartRun>,
): Dimension {
  const values: number[] = [];
  for (const run of runs) {
    const value = toValue(run);
    if (value !== undefined && Number.isFinite(value)) values.push(value);
  }
  return {
    id,
    label,
    kind: "number",
    log: isSpreadOverDecades(values),
    whole: values.every(Number.isInteger),
    categories: [],
    valueOf: (run) => {
      const value = toValue(run);
      return value === undefined || Number.isNaN(value) ? undefined : value;
    },
    format: (value) => (typeof value === "number" ? formatNumber(value) : value),
  };
}

/** Positive, over more than a decade and a half, and the middle value nearer to the middle of the logarithms. */
function isSpreadOverDecades(values: readonly number[]): boolean {
  if (values.length < 2) return false;
  const sorted = Float64Array.from(values).sort();
  const [low = 0, high = 0] = [sorted[0], sorted.at(-1)];
  if (!(low > 0) || high / low < 30) return false;
  const median = sorted[Math.floor(sorted.length / 2)] ?? low;
  const linear = Math.abs((median - low) / (high - low) - 0.5);
  const log = Math.abs(Math.log(median / low) / Math.log(high / low) - 0.5);
  return log < linear;
}

const finite = (value: Value | undefined): number | undefined =>
  value === undefined ? undefined : toNumber(value);

function compare(a: Value | undefined, b: Value | undefined): number {
  const [x, y] = [finite(a), finite(b)];
  if (x !== undefined && y !== undefined) return x - y;
  return x !== undefined ? -1 : y !== undefined ? 1 : 0;
}
