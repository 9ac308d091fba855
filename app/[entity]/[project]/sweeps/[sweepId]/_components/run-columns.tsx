import type { ReactNode } from "react";
import { RunStateChip } from "@/app/_components/state";
import type { Row } from "@/app/_live/sweep-store";
import { METRIC_STATS, type MetricStat } from "@/core/filter/operand";
import { toPythonText } from "@/core/python";
import type { SweepMetric } from "@/graphql/operations/pages";
import { type Dimension, readMetricKey, toMetricKey } from "@/ui/charts/prepare/dimension";
import { type SortKey, toSortKey } from "@/ui/charts/prepare/rows";
import { formatCount, formatValue, toColumnFormat } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";

/** A column of the run table: what it sorts by, and what it shows. Its id is that of its dimension, where it has one. */
export interface RunColumn {
  readonly id: string;
  readonly label: string;
  readonly kind: "field" | "parameter" | "metric";
  readonly width: number;
  readonly numeric: boolean;
  /** Shown unless somebody chose otherwise. */
  readonly usual: boolean;
  /** The direction that a first click on the header gives. */
  readonly bestFirst?: "ascending" | "descending";
  toKey(row: Row): SortKey;
  /** See `SortBy.toRank`. */
  toRank?(row: Row): number;
  cell(row: Row): ReactNode;
  /** The whole value, where the cell shows a short one. */
  title?(row: Row): string | undefined;
}

export interface ColumnInput {
  readonly metric: SweepMetric | null;
  readonly rows: ReadonlyMap<string, Row>;
  readonly bestId: string | undefined;
  /** Parameters that vary: each is a usual column; constants only take room. */
  readonly varied: readonly string[];
  readonly dimensions: readonly Dimension[];
  /** All that the sweep's runs log. */
  readonly metricNames: readonly string[];
}

/** More metrics than this make none of them readable; the others wait in the list of columns. */
const USUAL_METRICS = 6;

/** Every column there can be, in the usual order, behind the run's name. */
export function toRunColumns(input: ColumnInput): RunColumn[] {
  const { metric, rows, varied, dimensions, metricNames } = input;
  const constants = new Set<string>();
  const vary = new Set(varied);
  for (const row of rows.values())
    for (const name of row.flat.keys()) if (!vary.has(name)) constants.add(name);
  const read = dimensions.flatMap(({ id }) => readMetricKey(id)?.name ?? []);
  const logged = new Set([...read, ...metricNames]);
  const others = [...logged].filter((name) => name !== metric?.name).slice(0, USUAL_METRICS);
  // Every metric can be asked for by each of its figures: what the address names is read.
  const metrics = METRIC_STATS.flatMap((stat) =>
    [...logged].map((name) => toLoggedColumn(stat, name, rows, stat === "last" && others.includes(name))),
  );
  return [
    ...(metric ? [toObjectiveColumn(metric, input)] : []),
    STATE,
    ...varied.map((name) => toParameterColumn(name, rows, true)),
    ...metrics,
    DURATION,
    AGENT,
    CREATED,
    ...[...constants].sort().map((name) => toParameterColumn(name, rows, false)),
    ...(rows.size > 0 ? [NUMBER, ENDED, WHY, TAGS, NOTES] : []),
    ...([...rows.values()].some(({ feasible }) => feasible !== null) ? [FEASIBLE] : []),
  ];
}

export const NOTHING = <span className="text-ink-faint">–</span>;

/** The run's name, which always stands first: only its order belongs to the columns. */
export const NAME = { id: "name", label: "Run", toKey: (row: Row): SortKey => row.displayName };

const field = { kind: "field", numeric: false } as const;

const STATE: RunColumn = {
  ...field,
  id: "f.state",
  label: "State",
  width: 112,
  usual: true,
  toKey: (row) => row.state,
  cell: (row) => <RunStateChip state={row.state} reason={row.stateReason} bare />,
};

const DURATION: RunColumn = {
  ...field,
  id: "f.duration",
  label: "Duration",
  width: 116,
  usual: true,
  numeric: true,
  toKey: toDurationMs,
  cell: (row) => (isTimed(row) ? <Duration from={row.startedAt} to={row.finishedAt} /> : NOTHING),
};

const AGENT: RunColumn = {
  ...field,
  id: "f.agent",
  label: "Agent",
  width: 132,
  usual: true,
  toKey: (row) => row.agent?.host,
  title: (row) => row.agent?.host,
  cell: (row) => <span className="text-ink-soft">{row.agent?.host}</span>,
};

const CREATED: RunColumn = {
  ...field,
  id: "f.created",
  label: "Created",
  width: 112,
  usual: true,
  numeric: true,
  bestFirst: "descending",
  toKey: (row) => row.ordinal ?? Date.parse(row.createdAt),
  cell: (row) => (
    <span className="text-ink-soft">
      <Ago at={row.createdAt} />
    </span>
  ),
};

const ENDED: RunColumn = {
  ...field,
  id: "f.finished",
  label: "Ended",
  width: 112,
  usual: false,
  numeric: true,
  bestFirst: "descending",
  toKey: (row) => (row.finishedAt === null ? undefined : Date.parse(row.finishedAt)),
  cell: (row) =>
    row.finishedAt === null ? (
      NOTHING
    ) : (
      <span className="text-ink-soft">
        <Ago at={row.finishedAt} />
      </span>
    ),
};

const NUMBER: RunColumn = {
  ...field,
  id: "f.ordinal",
  label: "Run number",
  width: 112,
  usual: false,
  numeric: true,
  bestFirst: "descending",
  toKey: (row) => row.ordinal ?? undefined,
  cell: (row) => (row.ordinal === null ? NOTHING : formatCount(row.ordinal)),
};

const WHY: RunColumn = {
  ...field,
  id: "why",
  label: "Why it ended",
  width: 152,
  usual: false,
  toKey: (row) => row.stateReason ?? undefined,
  title: (row) => row.stateReason?.replaceAll("_", " "),
  cell: (row) => (row.stateReason === null ? NOTHING : row.stateReason.replaceAll("_", " ")),
};

const FEASIBLE: RunColumn = {
  ...field,
  id: "feasible",
  label: "Feasible",
  width: 104,
  usual: false,
  toKey: (row) => (row.feasible === null ? undefined : row.feasible ? "yes" : "no"),
  cell: (row) => (row.feasible === null ? NOTHING : row.feasible ? "yes" : "no"),
};

export const TAGS: RunColumn = {
  ...field,
  id: "tags",
  label: "Tags",
  width: 168,
  usual: false,
  toKey: (row) => row.tags.join(" ") || undefined,
  title: (row) => row.tags.join(", ") || undefined,
  cell: (row) => <TagList tags={row.tags} />,
};

export const NOTES: RunColumn = {
  ...field,
  id: "notes",
  label: "Notes",
  width: 220,
  usual: false,
  toKey: (row) => row.notes ?? undefined,
  title: (row) => row.notes ?? undefined,
  cell: (row) => <span className="text-ink-soft">{row.notes}</span>,
};

export const TagList = ({ tags }: { tags: readonly string[] }) =>
  tags.map((tag) => (
    <span
      key={tag}
      title={tag}
      className="mr-1 inline-block max-w-24 shrink-0 truncate rounded-full bg-quiet-wash px-1.5 align-middle text-quiet text-xs"
    >
      {tag}
    </span>
  ));

function toObjectiveColumn(metric: SweepMetric, { rows, bestId }: ColumnInput): RunColumn {
  const format = toColumnFormat([...rows.values()].flatMap((row) => row.objective ?? []));
  return {
    id: "objective",
    label: metric.name,
    kind: "metric",
    width: Math.min(240, Math.max(112, metric.name.length * 8 + 52)),
    numeric: true,
    usual: true,
    bestFirst: metric.goal === "minimize" ? "ascending" : "descending",
    toKey: (row) => row.objective ?? undefined,
    // What breaks a constraint on a metric can't be the best: it stands behind all that keep to them.
    toRank: (row) => (row.feasible === false ? 1 : 0),
    title: (row) =>
      row.objective === null
        ? undefined
        : `${row.objective}${row.feasible === false ? ", but it breaks a constraint on a metric" : ""}`,
    cell: (row) =>
      row.objective === null ? (
        NOTHING
      ) : (
        <span
          className={
            row.id === bestId
              ? "font-semibold text-best"
              : row.feasible === false
                ? "text-ink-faint line-through"
                : "font-medium"
          }
        >
          {format(row.objective)}
        </span>
      ),
  };
}

function toLoggedColumn(
  stat: MetricStat,
  name: string,
  rows: ReadonlyMap<string, Row>,
  usual: boolean,
): RunColumn {
  const key = toMetricKey(stat, name);
  const label = stat === "last" ? name : `${stat}(${name})`;
  const format = toColumnFormat([...rows.values()].flatMap((row) => row.metrics.get(key) ?? []));
  return {
    id: `m.${key}`,
    label,
    kind: "metric",
    width: Math.min(240, Math.max(104, label.length * 7.5 + 44)),
    numeric: true,
    usual,
    toKey: (row) => row.metrics.get(key),
    title: (row) => row.metrics.get(key)?.toString(),
    cell: (row) => {
      const value = row.metrics.get(key);
      return value === undefined ? NOTHING : format(value);
    },
  };
}

function toParameterColumn(name: string, rows: ReadonlyMap<string, Row>, usual: boolean): RunColumn {
  let first: Row | undefined;
  for (const row of rows.values())
    if (row.flat.has(name)) {
      first = row;
      break;
    }
  const numeric = typeof toSortKey(first?.flat.get(name)) === "number";
  return {
    // Apart from our own columns, whatever a parameter is called.
    id: `p.${name}`,
    label: name,
    kind: "parameter",
    width: Math.min(240, Math.max(96, name.length * 7.5 + 44, numeric ? 0 : toTextPx(name, rows))),
    numeric,
    usual,
    toKey: (row) => toSortKey(row.flat.get(name)),
    title: (row) => {
      const value = row.flat.get(name);
      return value === undefined ? undefined : toPythonText(value);
    },
    cell: (row) => formatValue(row.flat.get(name)),
  };
}

/** What the first hundred runs have in it says how wide it is: it must not widen under the reader's eyes. */
function toTextPx(name: string, rows: ReadonlyMap<string, Row>): number {
  let longest = 0;
  let seen = 0;
  for (const { flat } of rows.values()) {
    longest = Math.max(longest, formatValue(flat.get(name)).length);
    if (++seen === 100) break;
  }
  return Math.min(160, longest * 7 + 26);
}

/** A run that waits in the queue, again perhaps, is not taking time. */
const isTimed = ({ startedAt, finishedAt, state }: Row): boolean =>
  startedAt !== null && (finishedAt !== null || state === "running" || state === "preempting");

/** What still runs is longer than all that ended, and among itself the older is the longer. */
function toDurationMs(row: Row): SortKey {
  if (row.startedAt === null || !isTimed(row)) return undefined;
  const endMs = row.finishedAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(row.finishedAt);
  return endMs - Date.parse(row.startedAt);
}
