"use client";

import { useEffect, useMemo, useState } from "react";
import { type Charted, MetricCharts } from "@/app/_components/metric-charts";
import { useChartSettings } from "@/app/_live/chart-settings";
import { request } from "@/app/_live/request";
import type { Row } from "@/app/_live/sweep-store";
import { type SweepView, useSweepView } from "@/app/_live/sweep-view";
import { oneOf, TEXT, useParam } from "@/app/_live/use-param";
import { isActive } from "@/core/run";
import { MOST_METRIC_NAMES, SweepMetricNames } from "@/graphql/operations/charts";
import { Showing } from "@/ui/charts/draw/showing";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { groupRuns, pickRuns } from "@/ui/charts/prepare/run-groups";
import { formatCount, plural } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { BareSelect } from "@/ui/kit/select";

/** How many runs: some of the best, or as many as one answer takes. */
const COUNTS = ["20", "10", "50", "100", "all"] as const;
const COUNT = oneOf(COUNTS);
const MOST_RUNS = 1_000;

/** What the runs logged, metric by metric. */
export function Charts() {
  const view = useSweepView();
  const { data, shown } = view;
  const { metric } = data.head;
  const [count, setCount] = useParam("ch.n", COUNT);
  const { group, setGroup, spread, setSpread } = useChartSettings();
  const dimension = group === "" ? undefined : view.dimension(group);
  const { charted, runs, groups } = useCharted(view, dimension, count === "all" ? MOST_RUNS : Number(count));
  const names = useMetricNames(
    data.head.id,
    [...data.rows.values()].some((row) => isActive(row.state)),
  );
  return (
    <Panel
      id="charts"
      title="Metrics"
      note={
        names && (
          <>
            {plural(names.length, "metric")}
            {names.length >= MOST_METRIC_NAMES && ", the first of more: search by name"}
          </>
        )
      }
      actions={
        <>
          <Showing
            shown={runs}
            total={shown.length}
            what="runs"
            {...(!dimension && {
              why: metric ? "the best, and those that are chosen" : "the newest, and those that are chosen",
            })}
          />
          {groups < 0 || <Showing shown={charted.length} total={groups} what="groups" />}
        </>
      }
      className="mt-6"
    >
      <MetricCharts
        metrics={names ?? NONE}
        objective={metric?.name}
        charted={charted}
        grouped={dimension !== undefined}
        pointed={view.pointed}
      >
        {!dimension && (
          <BareSelect
            label="How many runs"
            className="w-32"
            value={count}
            onChange={({ target }) => setCount(COUNT.read(target.value))}
            choices={["10", "20", "50", "100", "all"].map((value) => ({
              value,
              label: value === "all" ? `Up to ${formatCount(MOST_RUNS)}` : `${value} runs`,
            }))}
          />
        )}
        <BareSelect
          label="Group the runs"
          className="w-44"
          value={group}
          onChange={({ target }) => setGroup(target.value)}
          choices={[
            { value: "", label: "Each run by itself" },
            ...view.dimensions.filter(canGroup).map(({ id, label }) => ({ value: id, label: `By ${label}` })),
          ]}
        />
        {dimension && (
          <BareSelect
            label="Band of a group"
            className="w-40"
            value={spread}
            onChange={({ target }) => setSpread(target.value as typeof spread)}
            choices={[
              { value: "range", label: "Least to greatest" },
              { value: "sd", label: "Standard deviation" },
              { value: "se", label: "Standard error" },
            ]}
          />
        )}
      </MetricCharts>
    </Panel>
  );
}

const NONE: readonly string[] = [];

/** Parameters and few-valued fields; a group by the result would say nothing of its causes. */
const canGroup = ({ id }: Dimension): boolean => id.startsWith("p.") || id === "f.state" || id === "f.agent";

/** The lines: picked runs, or groups of all of them. */
function useCharted(
  { shown, data, selected, projectPath }: SweepView,
  dimension: Dimension | undefined,
  most: number,
): { charted: readonly Charted[]; runs: number; groups: number } {
  const goal = data.head.metric?.goal ?? "minimize";
  const picked = useMemo(
    () => pickRuns(shown, { most: dimension ? MOST_RUNS : most, goal, chosen: selected }).slice(0, MOST_RUNS),
    [shown, dimension, most, goal, selected],
  );
  const made = useMemo(() => {
    if (!dimension) return { charted: picked.map((row) => toLine(row, projectPath)), groups: -1 };
    const active = new Set(picked.filter(({ state }) => isActive(state)).map(({ id }) => id));
    const { groups, total } = groupRuns(picked, dimension);
    const charted = groups.map(
      ({ key, label, runIds }): Charted => ({
        key,
        label,
        runIds,
        active: runIds.some((id) => active.has(id)),
        note: plural(runIds.length, "run"),
      }),
    );
    return { charted, groups: total };
  }, [picked, dimension, projectPath]);
  // Rows come anew with each of the sweep's changes; the charts only care for these.
  const signature = JSON.stringify(made.charted);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is what it says
  const charted = useMemo(() => made.charted, [signature]);
  const runs = dimension ? charted.reduce((sum, { runIds }) => sum + runIds.length, 0) : picked.length;
  return { charted, runs, groups: made.groups };
}

const toLine = (row: Row, projectPath: string): Charted => ({
  key: row.id,
  label: row.displayName,
  runIds: [row.id],
  active: isActive(row.state),
  href: `${projectPath}/runs/${encodeURIComponent(row.name)}`,
});

/** Programs may log a new metric at any time; that is looked for this often. */
const NAMES_EVERY_MS = 10_000;

/** All metrics of the sweep; of more than one answer holds, those that match what is searched for. */
function useMetricNames(id: string, active: boolean): readonly string[] | undefined {
  const [names, setNames] = useState<readonly string[]>();
  const [search] = useParam("ch.q", TEXT);
  const [crowded, setCrowded] = useState(false);
  const contains = crowded && search !== "" ? search : null;
  useEffect(() => {
    const left = new AbortController();
    const ask = async () => {
      try {
        const { sweep } = await request(SweepMetricNames, { id, contains }, left.signal);
        if (!sweep || left.signal.aborted) return;
        const found = sweep.metricNames;
        if (contains === null && found.length >= MOST_METRIC_NAMES) setCrowded(true);
        setNames((before) => (before?.join("\n") === found.join("\n") ? before : found));
      } catch {
        // The banner says that the connection is lost; the next time is soon.
      }
    };
    const first = setTimeout(() => void ask(), contains === null ? 0 : 200);
    const timer = setInterval(
      () => document.visibilityState === "hidden" || void ask(),
      active ? NAMES_EVERY_MS : 6 * NAMES_EVERY_MS,
    );
    return () => {
      left.abort();
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [id, contains, active]);
  return names;
}
