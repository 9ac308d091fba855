"use client";

import { ConnectionBanner } from "@/app/_components/connection-banner";
import { useRun } from "@/app/_live/use-run";
import type { OutputPiece, RunHead, RunSeries } from "@/graphql/operations/run-page";
import { Attempts } from "./attempts";
import { Ending } from "./ending";
import { Metrics } from "./metrics";
import { Notes } from "./notes";
import { Output } from "./output";
import { Parameters } from "./parameters";
import { RunHeader } from "./run-header";

/** The whole page of a run. The server draws it; the browser keeps it true. */
export function RunLive(props: {
  head: RunHead;
  series: readonly RunSeries[];
  output: readonly OutputPiece[];
  cut: boolean;
  /** Parameters that the sweep varies. */
  varied: readonly string[];
  projectPath: string;
  editable: boolean;
}) {
  const { varied, projectPath, editable, ...initial } = props;
  const { data, store, setBy } = useRun(initial);
  const { head } = data;
  return (
    <>
      <ConnectionBanner status={data.status} subject="run" />
      <RunHeader head={head} store={store} projectPath={projectPath} editable={editable} />
      <Ending head={head} screen={data.screen} />
      <div className="mt-8 grid gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="min-w-0 space-y-10">
          <Metrics data={data} onBy={setBy} />
          <Output data={data} />
        </div>
        <div className="min-w-0 space-y-10">
          <Parameters head={head} varied={varied} />
          <Notes head={head} store={store} editable={editable} />
          <Attempts head={head} />
        </div>
      </div>
    </>
  );
}
