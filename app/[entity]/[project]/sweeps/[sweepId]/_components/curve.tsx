"use client";

import { useMemo, useState } from "react";
import type { SweepData } from "@/app/_live/sweep-store";
import { BestSoFarChart } from "@/ui/charts/draw/best-so-far";
import { prepareBestSoFar, type Result } from "@/ui/charts/prepare/best-so-far";
import { useNow } from "@/ui/kit/clock";
import { Panel } from "@/ui/kit/panel";
import { Toggle } from "@/ui/kit/toggle";

export function Curve({ data }: { data: SweepData }) {
  const { head, rows } = data;
  const [log, setLog] = useState(false);
  const startMs = Date.parse(head.startedAt ?? head.createdAt);
  const nowMs = useNow();
  const results = useMemo(
    () =>
      [...rows.values()].flatMap((row): Result[] =>
        row.state === "finished" && row.objective !== null && row.finishedAt
          ? [{ id: row.id, label: row.displayName, value: row.objective, atMs: Date.parse(row.finishedAt) }]
          : [],
      ),
    [rows],
  );
  // While runs go on the curve's end follows the clock, a hundredth of the plot at a time: finer steps can't be seen.
  const endMs = head.finishedAt ? Date.parse(head.finishedAt) : nowMs;
  const grain = Math.max(1_000, 10 ** Math.floor(Math.log10(Math.max(1, endMs - startMs)) - 1));
  const endShownMs = head.finishedAt ? endMs : startMs + Math.ceil((endMs - startMs) / grain) * grain;
  const chart = useMemo(
    () =>
      head.metric
        ? prepareBestSoFar({
            metric: head.metric.name,
            goal: head.metric.goal,
            startMs,
            endMs: endShownMs,
            improvements: head.bestSoFar.map((point) => ({
              id: point.runId,
              label: point.displayName,
              value: point.objective,
              atMs: Date.parse(point.finishedAt),
            })),
            results,
            resultCount: Math.max(results.length, data.complete ? 0 : head.counts.finished),
            ...(head.metric.target !== null && { target: head.metric.target }),
            log,
          })
        : undefined,
    [head, results, data.complete, startMs, endShownMs, log],
  );
  return (
    <Panel
      id="curve"
      title="Best so far"
      actions={
        chart?.logPossible && (
          <Toggle pressed={log} onToggle={setLog}>
            Log scale
          </Toggle>
        )
      }
    >
      {chart ? (
        <BestSoFarChart chart={chart} startMs={startMs} />
      ) : (
        <p className="flex min-h-80 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {head.metric
            ? `The curve begins when the first run finishes with a value of ${head.metric.name}.`
            : "This sweep names no metric, so there is no best run to follow."}
        </p>
      )}
    </Panel>
  );
}
