"use client";

import { useMemo, useState } from "react";
import type { SweepData } from "@/app/_live/sweep-store";
import type { SweepState } from "@/core/sweep";
import type { SweepMetric } from "@/graphql/operations/pages";
import { BestSoFarChart } from "@/ui/charts/draw/best-so-far";
import { toBestSoFarCsv, toBestSoFarSvg } from "@/ui/charts/draw/best-so-far-file";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { type Ended, prepareBestSoFar } from "@/ui/charts/prepare/best-so-far";
import { useNow } from "@/ui/kit/clock";
import { Panel } from "@/ui/kit/panel";
import { Toggle } from "@/ui/kit/toggle";

/** How the best value came to be what it is. */
export function Curve({ data, metric }: { data: SweepData; metric: SweepMetric }) {
  const { head, rows } = data;
  const [log, setLog] = useState(false);
  const [byTime, setByTime] = useState(false);
  const startMs = Date.parse(head.startedAt ?? head.createdAt);
  const nowMs = useNow();
  const ended = useMemo(
    () =>
      [...rows.values()].flatMap((row): Ended[] =>
        row.finishedAt === null
          ? []
          : [
              {
                id: row.id,
                label: row.displayName,
                value: row.objective,
                atMs: Date.parse(row.finishedAt),
                state: row.state,
              },
            ],
      ),
    [rows],
  );
  // While runs go on the time axis follows the clock, a tenth of its span at a time: the plot keeps still between.
  const active = head.counts.running + head.counts.preempting > 0;
  const grain = Math.max(1_000, 10 ** Math.floor(Math.log10(Math.max(1, nowMs - startMs)) - 1));
  const endMs = active ? startMs + Math.ceil((nowMs - startMs) / grain) * grain : startMs;
  const { finished, failed, crashed, killed } = head.counts;
  const chart = useMemo(
    () =>
      prepareBestSoFar({
        metric: metric.name,
        goal: metric.goal,
        axis: byTime ? "time" : "order",
        startMs,
        endMs,
        improvements: head.bestSoFar.map((point) => ({
          id: point.runId,
          label: point.displayName,
          value: point.objective,
          atMs: Date.parse(point.finishedAt),
          order: point.ordinal,
        })),
        ended,
        endedCount: data.complete ? ended.length : finished + failed + crashed + killed,
        ...(metric.target !== null && { target: metric.target }),
        log,
      }),
    [head, metric, ended, data.complete, finished, failed, crashed, killed, startMs, endMs, log, byTime],
  );
  return (
    <Panel
      id="curve"
      title="Best so far"
      actions={
        chart && (
          <>
            <Toggle pressed={byTime} onToggle={setByTime}>
              By time
            </Toggle>
            {chart.logPossible && (
              <Toggle pressed={log} onToggle={setLog}>
                Log scale
              </Toggle>
            )}
            <ExportMenu
              name={`${metric.name} best so far`}
              svg={() => toBestSoFarSvg(chart)}
              csv={() => toBestSoFarCsv(chart, metric.name, startMs)}
            />
          </>
        )
      }
    >
      {chart ? (
        <BestSoFarChart chart={chart} startMs={startMs} />
      ) : (
        <p className="wrap-anywhere flex min-h-80 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {toAbsence(head.state, metric.name)}
        </p>
      )}
    </Panel>
  );
}

/** Why there is no curve. */
const toAbsence = (state: SweepState, metric: string): string =>
  state === "finished" || state === "canceled"
    ? `No run finished with a value of ${metric}.`
    : `The curve begins when the first run finishes with a value of ${metric}.`;
