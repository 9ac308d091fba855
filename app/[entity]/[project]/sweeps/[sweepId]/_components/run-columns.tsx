import Link from "next/link";
import type { ReactNode } from "react";
import { RunStateChip } from "@/app/_components/state";
import type { Row } from "@/app/_live/sweep-store";
import { toPythonText } from "@/core/python";
import type { SweepMetric } from "@/graphql/operations/pages";
import { type SortKey, toSortKey } from "@/ui/charts/prepare/rows";
import { formatValue, toColumnFormat } from "@/ui/format";
import { Ago, Duration } from "@/ui/kit/clock";
import { CutName } from "@/ui/kit/cut-name";
import { StarIcon } from "@/ui/kit/icons";

/** A column of the run table: what it sorts by, and what it shows. */
export interface RunColumn {
  readonly id: string;
  readonly label: string;
  readonly width: number;
  readonly numeric: boolean;
  readonly parameter?: boolean;
  /** Stays in sight while the table scrolls sideways. */
  readonly pinned?: boolean;
  /** The direction that a first click on the header gives. */
  readonly bestFirst?: "ascending" | "descending";
  toKey(row: Row): SortKey;
  cell(row: Row): ReactNode;
  /** The whole value, where the cell shows a short one. */
  title?(row: Row): string | undefined;
}

export function toRunColumns(input: {
  metric: SweepMetric | null;
  rows: ReadonlyMap<string, Row>;
  projectPath: string;
  bestId: string | undefined;
  /** Parameters that vary: each gets a column; constants would only take room. */
  varied: readonly string[];
}): RunColumn[] {
  const { metric, rows, projectPath, bestId, varied } = input;
  return [
    {
      id: "name",
      label: "Run",
      width: 190,
      numeric: false,
      pinned: true,
      toKey: (row) => row.displayName,
      title: (row) => row.displayName,
      cell: (row) => (
        <Link
          href={`${projectPath}/runs/${encodeURIComponent(row.name)}`}
          prefetch={false}
          className="inline-flex max-w-full items-center gap-1.5 text-link underline-offset-2 hover:underline"
        >
          <CutName text={row.displayName} />
          {row.id === bestId && (
            <span className="text-best-mark" title="the best so far">
              <StarIcon />
            </span>
          )}
          {row.tags.map((tag) => (
            <span
              key={tag}
              title={tag}
              className="max-w-24 shrink-0 truncate rounded-full bg-quiet-wash px-1.5 text-quiet text-xs"
            >
              {tag}
            </span>
          ))}
        </Link>
      ),
    },
    ...(metric ? [toMetricColumn(metric, rows, bestId)] : []),
    {
      id: "state",
      label: "State",
      width: 118,
      numeric: false,
      toKey: (row) => row.state,
      cell: (row) => <RunStateChip state={row.state} reason={row.stateReason} bare />,
    },
    ...varied.map((name) => toParameterColumn(name, rows)),
    {
      id: "duration",
      label: "Duration",
      width: 116,
      numeric: true,
      toKey: toDurationMs,
      cell: (row) =>
        isTimed(row) ? (
          <Duration from={row.startedAt} to={row.finishedAt} />
        ) : (
          <span className="text-ink-faint">–</span>
        ),
    },
    {
      id: "agent",
      label: "Agent",
      width: 132,
      numeric: false,
      toKey: (row) => row.agent?.host,
      title: (row) => row.agent?.host,
      cell: (row) => <span className="text-ink-soft">{row.agent?.host}</span>,
    },
    {
      id: "ordinal",
      label: "Created",
      width: 112,
      numeric: true,
      bestFirst: "descending",
      toKey: (row) => row.ordinal ?? Date.parse(row.createdAt),
      cell: (row) => (
        <span className="text-ink-soft">
          <Ago at={row.createdAt} />
        </span>
      ),
    },
  ];
}

function toMetricColumn(
  metric: SweepMetric,
  rows: ReadonlyMap<string, Row>,
  bestId: string | undefined,
): RunColumn {
  const format = toColumnFormat([...rows.values()].flatMap((row) => row.objective ?? []));
  return {
    id: "metric",
    label: metric.name,
    width: Math.min(240, Math.max(112, metric.name.length * 8 + 44)),
    numeric: true,
    bestFirst: metric.goal === "minimize" ? "ascending" : "descending",
    toKey: (row) => row.objective ?? undefined,
    title: (row) =>
      row.objective === null
        ? undefined
        : `${row.objective}${row.feasible === false ? ", but it breaks a constraint on a metric" : ""}`,
    cell: (row) =>
      row.objective === null ? (
        <span className="text-ink-faint">–</span>
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

function toParameterColumn(name: string, rows: ReadonlyMap<string, Row>): RunColumn {
  const first = [...rows.values()].find((row) => row.flat.has(name));
  const numeric = typeof toSortKey(first?.flat.get(name)) === "number";
  return {
    // Apart from our own columns, whatever a parameter is called.
    id: `p.${name}`,
    label: name,
    width: Math.min(240, Math.max(96, name.length * 7.5 + 40, numeric ? 0 : toTextPx(name, rows))),
    numeric,
    parameter: true,
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
