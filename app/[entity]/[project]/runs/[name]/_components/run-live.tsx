"use client";

import { ConnectionBanner } from "@/app/_components/connection-banner";
import { useRun } from "@/app/_live/use-run";
import type { OutputPiece, RunHead, RunSeries, SystemSeries } from "@/graphql/operations/run-page";
import { Attempts } from "./attempts";
import { Ending } from "./ending";
import { Machine } from "./machine";
import { Metrics } from "./metrics";
import { Notes } from "./notes";
import { Output } from "./output";
import { Parameters } from "./parameters";
import { Provenance } from "./provenance";
import { RunHeader } from "./run-header";
import { Warnings } from "./warnings";

/** The whole page of a run. The server draws it; the browser keeps it true. */
export function RunLive(props: {
  head: RunHead;
  series: readonly RunSeries[];
  output: readonly OutputPiece[];
  cut: boolean;
  system: readonly SystemSeries[];
  /** Parameters that the sweep varies. */
  varied: readonly string[];
  projectPath: string;
  editable: boolean;
}) {
  const { varied, projectPath, editable, system, ...initial } = props;
  const { data, store, setBy } = useRun(initial);
  const { head } = data;
  return (
    <>
      <ConnectionBanner status={data.status} subject="run" />
      <RunHeader head={head} store={store} projectPath={projectPath} editable={editable} />
      <Warnings head={head} />
      <Ending head={head} screen={data.screen} />
      <div className="mt-8 grid gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_20rem] lg:grid-rows-[auto_1fr] xl:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="min-w-0 space-y-10">
          <Metrics data={data} onBy={setBy} />
          <Output data={data} />
        </div>
        <div className="min-w-0 space-y-10 lg:row-span-2">
          <Parameters head={head} varied={varied} />
          <Notes head={head} store={store} editable={editable} />
          <Attempts head={head} />
        </div>
        <div className="min-w-0 space-y-10">
          <Machine head={head} initial={system} />
          <Provenance head={head} />
        </div>
      </div>
    </>
  );
}
