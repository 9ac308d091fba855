"use client";

import { useMemo } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { type ParamCodec, useParam } from "@/app/_live/use-param";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { TimelineChart } from "@/ui/charts/draw/timeline";
import { toTimelineCsv, toTimelineSvg } from "@/ui/charts/draw/timeline-file";
import { panWindow, prepareTimeline, type TimedRun, zoomWindow } from "@/ui/charts/prepare/timeline";
import { Button } from "@/ui/kit/button";
import { useNow } from "@/ui/kit/clock";
import { Empty } from "@/ui/kit/empty";
import { Panel } from "@/ui/kit/panel";
import { type Attempt, useAttempts } from "./use-attempts";
import { useOpenRun } from "./use-explore";

/** A stretch in ms since the first agent came; undefined: all of it. */
const STRETCH: ParamCodec<readonly [number, number] | undefined> = {
  read: (text) => {
    const [from, to] = (text ?? "").split("-").map(Number);
    return from !== undefined && to !== undefined && from >= 0 && to > from ? [from, to] : undefined;
  },
  write: (view) => view && `${Math.round(view[0])}-${Math.round(view[1])}`,
};

/** With thousands of runs the clock moves on at this pace. */
const PACE_MS = 5_000;

/** Which agent worked on what, and when. */
export function TimelinePanel() {
  const { data, shown, pointed } = useSweepView();
  const { head } = data;
  const open = useOpenRun();
  const [stretch, setStretch] = useParam("tl", STRETCH);
  const active = head.counts.running + head.counts.preempting > 0;
  const attempts = useAttempts(head.id, head.agents, active);
  const clockMs = useNow();
  const pace = shown.length > 2_000 ? PACE_MS : 1_000;
  const nowMs = active ? Math.ceil(clockMs / pace) * pace : undefined;
  const chart = useMemo(
    () =>
      prepareTimeline({
        runs: shown.flatMap((row) => toTimedRuns(row, attempts.get(row.id) ?? [])),
        agents: head.agents.map((agent) => ({
          id: agent.id,
          host: agent.host,
          slots: agent.slots,
          fromMs: Date.parse(agent.createdAt),
          toMs: agent.state === "alive" && active ? null : Date.parse(agent.lastHeartbeatAt),
        })),
        nowMs: nowMs ?? Number.NEGATIVE_INFINITY,
        total: head.counts.total,
      }),
    [shown, attempts, head.agents, head.counts.total, nowMs, active],
  );
  if (!chart)
    return (
      <div className="mt-6">
        <Empty title="No run has started yet">
          {shown.length === 0 && data.rows.size > 0
            ? "No run passes the filters above."
            : "Each run becomes a bar in the row of the agent that works on it."}
        </Empty>
      </div>
    );
  const whole = [chart.fromMs, chart.toMs] as const;
  const view: readonly [number, number] = stretch
    ? zoomWindow([chart.fromMs + stretch[0], chart.fromMs + stretch[1]], whole, 1)
    : whole;
  const setView = ([from, to]: readonly [number, number]) => {
    const [low, high] = zoomWindow([from, to], whole, 1);
    const all = low <= whole[0] && high >= whole[1];
    setStretch(all ? undefined : [low - whole[0], high - whole[0]]);
  };
  return (
    <Panel
      id="timeline"
      title="Timeline"
      className="mt-6"
      actions={
        <>
          <Button onClick={() => setView(zoomWindow(view, whole, 0.5))}>Zoom in</Button>
          <Button disabled={!stretch} onClick={() => setView(zoomWindow(view, whole, 2))}>
            Zoom out
          </Button>
          <Button disabled={!stretch} onClick={() => setView(panWindow(view, whole, -0.5))}>
            Earlier
          </Button>
          <Button disabled={!stretch} onClick={() => setView(panWindow(view, whole, 0.5))}>
            Later
          </Button>
          <Button disabled={!stretch} onClick={() => setStretch(undefined)}>
            All
          </Button>
          <ExportMenu
            name={`${head.name} timeline`}
            svg={() => toTimelineSvg(chart, view)}
            csv={() => toTimelineCsv(chart, view)}
          />
        </>
      }
    >
      <p className="mb-3 text-ink-soft text-sm">{chart.summary}</p>
      <TimelineChart
        chart={chart}
        view={view}
        onView={setView}
        nowMs={nowMs === undefined ? undefined : Math.min(clockMs, nowMs)}
        bestId={head.bestRun?.id}
        why={data.complete ? "the others have not started, or are filtered out" : "loading the rest"}
        pointed={pointed}
        onOpen={open}
      />
    </Panel>
  );
}

/** A run as bars: its attempts where they are known, else from its first start to its end. */
function toTimedRuns(row: Row, attempts: readonly Attempt[]): TimedRun[] {
  const run = { id: row.id, label: row.displayName };
  const waits = row.state === "pending" || row.state === "preempted";
  const own = waits ? undefined : attempts.at(-1);
  const bars = (own ? attempts.slice(0, -1) : attempts).map(
    ({ number, reason, ...attempt }): TimedRun => ({ ...run, ...attempt, earlier: { number, reason } }),
  );
  const startMs = own?.startMs ?? (row.startedAt === null ? undefined : Date.parse(row.startedAt));
  if (waits || startMs === undefined) return bars;
  const endMs = row.finishedAt === null ? null : Date.parse(row.finishedAt);
  return [...bars, { ...run, state: row.state, startMs, endMs, agent: row.agent, slot: own?.slot ?? null }];
}
