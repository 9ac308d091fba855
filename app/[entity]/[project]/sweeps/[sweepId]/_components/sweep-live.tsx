"use client";

import { type ReactNode, useEffect, useMemo, useState } from "react";
import { ConnectionBanner } from "@/app/_components/connection-banner";
import { copyText } from "@/app/_components/link-acts";
import { SweepViewContext, useMakeSweepView } from "@/app/_live/sweep-view";
import { AddressContext, createAddressStore, oneOf, useParam } from "@/app/_live/use-param";
import { useSweep } from "@/app/_live/use-sweep";
import type { RunLine, SweepHead } from "@/graphql/operations/pages";
import { variedNames } from "@/ui/charts/prepare/rows";
import { useShortcuts } from "@/ui/kit/shortcuts";
import { Tabs } from "@/ui/kit/tabs";
import { Agents } from "./agents";
import { Charts } from "./charts";
import { Explore } from "./explore";
import { Failures } from "./failures";
import { FilterBar } from "./filter-bar";
import { FirstSteps } from "./first-steps";
import { Overview } from "./overview";
import { RunTable } from "./run-table";
import { Stopping } from "./stopping";
import { SweepHeader } from "./sweep-header";
import { SweepProgress } from "./sweep-progress";
import { Timeline } from "./timeline";

interface Props {
  head: SweepHead;
  runs: readonly RunLine[];
  complete: boolean;
  projectPath: string;
  /** What stands in the address behind `?`. */
  search: string;
  /** The sweep file: does not change while runs exist, so it stays on the server. */
  file: ReactNode;
}

/** The live part of the page. The server draws it whole; the browser keeps it true. */
export function SweepLive(props: Props) {
  const [address] = useState(() => createAddressStore(props.search));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search is a link that led to this page itself
  useEffect(() => address.follow(), [address, props.search]);
  return (
    <AddressContext value={address}>
      <Shown {...props} />
    </AddressContext>
  );
}

const TABS = ["overview", "charts", "explore", "timeline", "stopping", "agents", "file"] as const;
const LABELS: Readonly<Record<(typeof TABS)[number], string>> = {
  overview: "Overview",
  charts: "Charts",
  explore: "Explore",
  timeline: "Timeline",
  stopping: "Early stopping",
  agents: "Agents",
  file: "File",
};
const TAB = oneOf(TABS);
const PANEL = "sweep-panel";

function Shown(props: Props) {
  const { projectPath, file } = props;
  const { data, store } = useSweep(props.head, props.runs, props.complete);
  const { head, rows } = data;
  const begun = head.counts.total > 0;
  const varied = useMemo(() => variedNames([...rows.values()].map((row) => row.flat)), [rows]);
  const view = useMakeSweepView({ data, store, projectPath, varied });
  const [tab, setTab] = useParam("tab", TAB, "push");
  useShortcuts([
    { words: "Copy the command of an agent", run: () => void copyText(head.workerCommand) },
    ...(begun
      ? TABS.map((id, i) => ({ words: `Show: ${LABELS[id]}`, keys: String(i + 1), run: () => setTab(id) }))
      : []),
  ]);
  return (
    <SweepViewContext value={view}>
      <ConnectionBanner status={data.status} subject="sweep" />
      <SweepHeader head={head} store={store} />
      {begun ? (
        <>
          <SweepProgress data={data} />
          <div className="mt-6">
            <Tabs
              label="Parts of the sweep"
              panelId={PANEL}
              chosen={tab}
              onChoose={setTab}
              tabs={TABS.map((id) => ({
                id,
                label: LABELS[id],
                ...(id === "agents" && { note: String(head.agents.filter(isAlive).length) }),
              }))}
            />
          </div>
          {tab !== "agents" && tab !== "file" && <FilterBar />}
          <div id={PANEL} role="tabpanel" aria-labelledby={`tab-${tab}`}>
            {tab === "overview" && <Overview />}
            {tab === "charts" && <Charts />}
            {tab === "explore" && <Explore />}
            {tab === "timeline" && <Timeline />}
            {tab === "stopping" && <Stopping />}
            {tab === "agents" && (
              <div className="mt-6 space-y-10">
                <Agents head={head} projectPath={projectPath} />
                <Failures />
              </div>
            )}
            {tab === "file" && <div className="mt-6">{file}</div>}
          </div>
          {tab !== "agents" && tab !== "file" && <RunTable />}
        </>
      ) : (
        <div className="mt-10 grid gap-x-10 gap-y-10 lg:grid-cols-2">
          <div className="min-w-0 space-y-10">
            <FirstSteps head={head} />
            {head.agents.length > 0 && <Agents head={head} projectPath={projectPath} />}
          </div>
          {file}
        </div>
      )}
    </SweepViewContext>
  );
}

const isAlive = ({ state }: SweepHead["agents"][number]): boolean => state === "alive";
