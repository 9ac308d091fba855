"use client";

import { type ReactNode, useMemo } from "react";
import { ConnectionBanner } from "@/app/_components/connection-banner";
import { useSweep } from "@/app/_live/use-sweep";
import type { RunLine, SweepHead } from "@/graphql/operations/pages";
import { type Sort, variedNames } from "@/ui/charts/prepare/rows";
import { Agents } from "./agents";
import { BestRun } from "./best-run";
import { Compromises } from "./compromises";
import { Curve } from "./curve";
import { FirstSteps } from "./first-steps";
import { RunTable } from "./run-table";
import { SweepHeader } from "./sweep-header";
import { SweepProgress } from "./sweep-progress";

/** The live part of the page. The server draws it whole; the browser keeps it true. */
export function SweepLive(props: {
  head: SweepHead;
  runs: readonly RunLine[];
  complete: boolean;
  projectPath: string;
  sort: Sort | undefined;
  /** The sweep file: does not change while runs exist, so it stays on the server. */
  file: ReactNode;
}) {
  const { data, store } = useSweep(props.head, props.runs, props.complete);
  const { head, rows } = data;
  const begun = head.counts.total > 0;
  const varied = useMemo(() => variedNames([...rows.values()].map((row) => row.flat)), [rows]);
  return (
    <>
      <ConnectionBanner status={data.status} subject="sweep" />
      <SweepHeader head={head} store={store} />
      {begun && (
        <>
          <SweepProgress data={data} />
          {head.metric ? (
            <div className="mt-8 grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
              <Curve data={data} metric={head.metric} />
              {head.metrics.length > 1 ? (
                <Compromises head={head} projectPath={props.projectPath} />
              ) : (
                <BestRun head={head} varied={varied} projectPath={props.projectPath} />
              )}
            </div>
          ) : (
            <p className="mt-8 text-ink-faint text-sm">
              This sweep names no metric, so there is no best run.
            </p>
          )}
          <RunTable
            data={data}
            varied={varied}
            projectPath={props.projectPath}
            {...(props.sort && { initialSort: props.sort })}
          />
        </>
      )}
      <div className="mt-10 grid gap-x-10 gap-y-10 lg:grid-cols-2">
        <div className="min-w-0 space-y-10">
          {!begun && <FirstSteps head={head} />}
          {(begun || head.agents.length > 0) && <Agents head={head} projectPath={props.projectPath} />}
        </div>
        {props.file}
      </div>
    </>
  );
}
