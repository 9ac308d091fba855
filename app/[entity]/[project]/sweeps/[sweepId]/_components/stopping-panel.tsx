"use client";

import { useMemo } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { StoppingBands } from "./stopping-bands";
import { StoppingOffer } from "./stopping-offer";
import { useStopping } from "./use-stopping";

/** Where runs were stopped before their end, and why; or how to stop the hopeless ones. */
export function StoppingPanel() {
  const { head } = useSweepView().data;
  const { stopping, failed } = useStopping(head.id, head.counts.running + head.counts.preempting > 0);
  const rungs = useMemo(
    () =>
      (stopping?.run ?? []).map((run, i) => ({
        runId: String(run),
        band: stopping?.band[i] ?? 0,
        value: stopping?.compared[i] ?? Number.NaN,
        stopped: stopping?.stopped[i] === 1,
      })),
    [stopping],
  );
  if (stopping === undefined)
    return (
      <p className="mt-6 min-h-96 text-ink-faint text-sm">
        {failed && "What early stopping looked at could not be read; open the tab again in a moment."}
      </p>
    );
  if (!stopping || !head.metric) return <StoppingOffer head={head} />;
  return (
    <StoppingBands
      rule={stopping.rule}
      unit={stopping.unit}
      metric={head.metric}
      bands={stopping.bands}
      rungs={rungs}
      savings={stopping.savings}
      total={stopping.bands.reduce((most, { runs }) => Math.max(most, runs), 0)}
    />
  );
}
