"use client";

import { useMemo } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { type Goal, isBetter } from "@/core/sweep";
import { BestRun } from "./best-run";
import { Compromises } from "./compromises";
import { Curve } from "./curve";
import { Importance } from "./importance";
import { Parallel } from "./parallel";

/** The answer so far, how it came about, why it is what it is, and every run as a line. */
export function Overview() {
  const { data, varied, projectPath } = useSweepView();
  const { head } = data;
  const bestIds = useMemo(
    () => findBest([...data.rows.values()], head.metric?.goal),
    [data.rows, head.metric?.goal],
  );
  return (
    <>
      {head.metric ? (
        <div className="mt-6 grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
          <Curve data={data} metric={head.metric} />
          {head.metrics.length > 1 ? (
            <Compromises head={head} projectPath={projectPath} />
          ) : (
            <BestRun head={head} varied={varied} projectPath={projectPath} bestIds={bestIds} />
          )}
        </div>
      ) : (
        <p className="mt-6 text-ink-faint text-sm">This sweep names no metric, so there is no best run.</p>
      )}
      <Importance />
      <Parallel />
    </>
  );
}

/** As many as a narrower sweep is made around. */
const BEST_RUNS = 10;

/** Ids of the best finished runs, the best one first. */
function findBest(rows: readonly Row[], goal: Goal | undefined): string[] {
  if (!goal) return [];
  return rows
    .flatMap(({ id, state, feasible, objective }) =>
      state === "finished" && feasible !== false && objective !== null ? [{ id, objective }] : [],
    )
    .sort((a, b) => (a.objective === b.objective ? 0 : isBetter(goal, a.objective, b.objective) ? -1 : 1))
    .slice(0, BEST_RUNS)
    .map(({ id }) => id);
}
