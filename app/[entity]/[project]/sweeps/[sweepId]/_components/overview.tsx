"use client";

import { useSweepView } from "@/app/_live/sweep-view";
import { BestRun } from "./best-run";
import { Compromises } from "./compromises";
import { Curve } from "./curve";
import { Importance } from "./importance";
import { Parallel } from "./parallel";

/** The answer so far, how it came about, why it is what it is, and every run as a line. */
export function Overview() {
  const { data, varied, projectPath } = useSweepView();
  const { head } = data;
  return (
    <>
      {head.metric ? (
        <div className="mt-6 grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
          <Curve data={data} metric={head.metric} />
          {head.metrics.length > 1 ? (
            <Compromises head={head} projectPath={projectPath} />
          ) : (
            <BestRun head={head} varied={varied} projectPath={projectPath} />
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
