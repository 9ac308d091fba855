"use client";

import { useEffect, useState } from "react";
import { ConnectionBanner } from "@/app/_components/connection-banner";
import { useChartSettings } from "@/app/_live/chart-settings";
import { AddressContext, createAddressStore } from "@/app/_live/use-param";
import { useRun } from "@/app/_live/use-run";
import type { OutputPiece, RunHead, RunSeries, SystemSeries } from "@/graphql/operations/run-page";
import { Attempts } from "./attempts";
import { Ending } from "./ending";
import { Files } from "./files";
import { Machine } from "./machine";
import { Media } from "./media";
import { Metrics } from "./metrics";
import { Notes } from "./notes";
import { Output } from "./output";
import { Parameters } from "./parameters";
import { Provenance } from "./provenance";
import { RunHeader } from "./run-header";
import { Warnings } from "./warnings";

interface Props {
  head: RunHead;
  series: readonly RunSeries[];
  output: readonly OutputPiece[];
  cut: boolean;
  system: readonly SystemSeries[];
  /** Parameters that the sweep varies. */
  varied: readonly string[];
  projectPath: string;
  editable: boolean;
  /** What stands in the address behind `?`. */
  search: string;
}

/** The whole page of a run. The server draws it; the browser keeps it true. */
export function RunLive(props: Props) {
  const [address] = useState(() => createAddressStore(props.search));
  useEffect(() => address.follow(), [address]);
  return (
    <AddressContext value={address}>
      <Shown {...props} />
    </AddressContext>
  );
}

function Shown(props: Props) {
  const { varied, projectPath, editable, system, search: _, ...initial } = props;
  const settings = useChartSettings();
  const by = settings.along.kind === "elapsed" ? "time" : "step";
  const { data, store } = useRun(initial, { by, part: settings.range });
  const { head } = data;
  return (
    <>
      <ConnectionBanner status={data.status} subject="run" />
      <RunHeader head={head} store={store} projectPath={projectPath} editable={editable} />
      <Warnings head={head} />
      <Ending head={head} screen={data.screen} />
      <div className="mt-8 grid gap-x-10 gap-y-10 lg:grid-cols-[minmax(0,1fr)_20rem] lg:grid-rows-[auto_1fr] xl:grid-cols-[minmax(0,1fr)_23rem]">
        <div className="min-w-0 space-y-10">
          <Metrics data={data} settings={settings} />
          <Media head={head} />
          <Output data={data} />
        </div>
        <div className="min-w-0 space-y-10 lg:row-span-2">
          <Parameters head={head} varied={varied} />
          <Notes head={head} store={store} editable={editable} />
          <Attempts head={head} />
        </div>
        <div className="min-w-0 space-y-10">
          <Machine head={head} initial={system} />
          <Files head={head} path={`${projectPath.slice(1)}/${head.name}`} />
          <Provenance head={head} />
        </div>
      </div>
    </>
  );
}
