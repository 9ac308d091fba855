"use client";

import { useRouter } from "next/navigation";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { withBase } from "@/app/_lib/base";
import type { Row } from "@/app/_live/sweep-store";
import { type SweepView, useSweepView } from "@/app/_live/sweep-view";
import type { ParamCodec } from "@/app/_live/use-param";
import type { Goal } from "@/core/sweep";
import type { Area } from "@/ui/charts/draw/run-dots";
import type { Brush } from "@/ui/charts/prepare/brush";
import { type Dimension, readMetricKey } from "@/ui/charts/prepare/dimension";
import type { Place } from "@/ui/charts/prepare/place";
import { rankParameters } from "@/ui/charts/prepare/relevance";

/** What the charts of the Explore tab share. */

/** The axis' own choice, or the reader's. */
export const OWN_CHOICE: ParamCodec<boolean | undefined> = {
  read: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  write: (value) => (value === undefined ? undefined : value ? "1" : "0"),
};

/** Leads to a run, beside this page where that was asked for. */
export function useOpenRun(): (runId: string, aside: boolean) => void {
  const { data, projectPath } = useSweepView();
  const router = useRouter();
  const rows = useRef(data.rows);
  rows.current = data.rows;
  return useCallback(
    (runId, aside) => {
      const row = rows.current.get(runId);
      if (!row) return;
      const path = `${projectPath}/runs/${encodeURIComponent(row.name)}`;
      if (aside) window.open(withBase(path), "_blank", "noopener");
      else router.push(path);
    },
    [projectPath, router],
  );
}

/** Which way is better, for a dimension that is one of the sweep's metrics. */
export function useGoalOf(): (id: string) => Goal | undefined {
  const { metric, metrics } = useSweepView().data.head;
  return useCallback(
    (id) => {
      if (id === "objective") return metric?.goal;
      const asked = readMetricKey(id);
      return asked && asked.stat !== "count"
        ? metrics.find(({ name }) => name === asked.name)?.goal
        : undefined;
    },
    [metric, metrics],
  );
}

/** Above this many runs, charts that are dear to make follow what comes live at this pace. */
const MANY = 2_000;
const PACE_MS = 3_000;

/** `view.shown`, not at each arrival of a run where there are thousands, but at once after a filter. */
export function useCalmRuns(): readonly Row[] {
  const { shown, brushes, excluded, query, hidden } = useSweepView();
  const { text } = query;
  const [calm, setCalm] = useState({ shown, brushes, excluded, text, hidden, atMs: 0 });
  const filtered =
    calm.brushes !== brushes || calm.excluded !== excluded || calm.text !== text || calm.hidden !== hidden;
  const fresh = calm.shown === shown;
  const few = shown.length <= MANY;
  useEffect(() => {
    if (fresh && !filtered) return;
    const wait = filtered || few ? 0 : Math.max(0, calm.atMs + PACE_MS - Date.now());
    const timer = setTimeout(
      () => setCalm({ shown, brushes, excluded, text, hidden, atMs: Date.now() }),
      wait,
    );
    return () => clearTimeout(timer);
  }, [fresh, filtered, few, calm.atMs, shown, brushes, excluded, text, hidden]);
  return few || filtered ? shown : calm.shown;
}

/**
 * Varied parameters, the one that seems to matter most first. Ordered anew when the finished runs have doubled, not at
 * each of them: what one looks at stays where it is.
 */
export function useRankedParameters(runs: readonly Row[]): readonly Dimension[] {
  const { varied, dimension } = useSweepView();
  const names = varied.join("\n");
  const finished = runs.reduce((count, run) => count + (run.objective === null ? 0 : 1), 0);
  const doubled = Math.floor(Math.log2(finished + 1));
  // biome-ignore lint/correctness/useExhaustiveDependencies: held between doublings on purpose
  const order = useMemo(() => {
    const metric = dimension("objective");
    const parameters = varied.flatMap((name) => dimension(`p.${name}`) ?? []);
    return metric
      ? rankParameters(parameters, metric, runs).map(({ id }) => id)
      : parameters.map(({ id }) => id);
  }, [names, doubled]);
  return useMemo(() => order.flatMap((id) => dimension(id) ?? []), [order, dimension]);
}

/** A rectangle as brushes of both dimensions; one step Back takes both away. */
export function brushArea(view: SweepView, places: { x: Place; y: Place }, area: Area): void {
  // From edge to edge along one axis means all of it.
  const narrowed = (["x", "y"] as const).filter((axis) => area[axis][0] > 0.02 || area[axis][1] < 0.98);
  view.setBrushes(
    new Map(narrowed.map((axis) => [places[axis].dimension.id, toBrush(places[axis], ...area[axis])])),
  );
}

function toBrush({ categories, axis, dimension }: Place, low: number, high: number): Brush {
  if (categories.length > 0)
    return {
      values: categories.filter((_, i) => {
        const [from, to] = [i / categories.length, (i + 1) / categories.length];
        return from < high && to > low;
      }),
    };
  const [from, to] = [axis.scale.invert(low), axis.scale.invert(high)];
  const round = (value: number): number =>
    dimension.kind === "time" ? Math.round(value) : Number(value.toPrecision(5));
  return { ranges: [[round(from), round(to)]] };
}
