"use client";

import { useMemo } from "react";
import { toRunGoal } from "@/app/_lib/sweep-size";
import type { SweepData } from "@/app/_live/sweep-store";
import { ProgressLegend, ProgressStrip } from "@/ui/charts/draw/progress-strip";
import { prepareProgress } from "@/ui/charts/prepare/progress";
import { useNow } from "@/ui/kit/clock";

export function SweepProgress({ data }: { data: SweepData }) {
  const { head, rows, complete } = data;
  const nowMs = useNow();
  const recentEndsMs = useMemo(
    () =>
      [...rows.values()].flatMap((row) =>
        row.state === "finished" && row.finishedAt ? [Date.parse(row.finishedAt)] : [],
      ),
    [rows],
  );
  const cells = useMemo(
    () =>
      complete
        ? [...rows.values()]
            .sort((a, b) => (a.ordinal ?? 0) - (b.ordinal ?? 0))
            .map((row) => ({ state: row.state, label: row.displayName, best: row.id === head.bestRun?.id }))
        : undefined,
    [rows, complete, head.bestRun?.id],
  );
  const progress = prepareProgress({
    state: head.state,
    counts: head.counts,
    ...(toRunGoal(head) !== undefined && { goal: toRunGoal(head) }),
    aliveAgents: head.agents.filter((agent) => agent.state === "alive").length,
    recentEndsMs,
    nowMs,
    ...(cells && { cells }),
  });
  return (
    <section aria-label="Progress" className="mt-6">
      <div className="mb-2 flex flex-wrap items-baseline gap-x-4 gap-y-1">
        <p className="figures font-semibold text-lg tracking-tight">
          {progress.text} <span className="font-normal text-ink-faint text-sm">runs done</span>
        </p>
        <p className="figures ml-auto text-ink-soft text-sm" aria-live="off">
          {progress.outlook}
          {progress.outlook && progress.percent !== undefined && ", "}
          {progress.percent !== undefined && `${progress.percent} %`}
        </p>
      </div>
      <ProgressStrip progress={progress} />
      <div className="mt-2 min-h-5">
        <ProgressLegend progress={progress} />
      </div>
    </section>
  );
}
