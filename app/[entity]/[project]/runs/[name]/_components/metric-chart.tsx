"use client";

import { memo, useMemo, useState } from "react";
import { LinesChart } from "@/ui/charts/draw/lines";
import { prepareLines } from "@/ui/charts/prepare/lines";
import type { LiveSeries } from "@/ui/charts/prepare/live-series";
import { Toggle } from "@/ui/kit/toggle";

/** Drawn anew when its own line has grown, not when another has. */
export const MetricChart = memo(function MetricChart(props: {
  series: LiveSeries;
  label: string;
  byTime: boolean;
}) {
  const { series, label, byTime } = props;
  const [log, setLog] = useState(false);
  const chart = useMemo(
    () =>
      prepareLines({
        metric: series.key,
        points: series.points,
        exact: series.exact,
        log,
        byTime,
        lines: [
          {
            key: series.key,
            label,
            steps: series.x,
            values: series.values,
            ...(!series.exact && { min: series.min, max: series.max }),
            nonFinite: series.nonFinite,
          },
        ],
      }),
    [series, label, byTime, log],
  );
  if (!chart) return null;
  return (
    <div className="min-w-0">
      <div className="mb-1 flex min-h-7 items-center justify-between gap-3">
        <h3 className="min-w-0 truncate font-medium text-sm" title={series.key}>
          {series.key}
        </h3>
        {chart.logPossible && (
          <Toggle pressed={log} onToggle={setLog}>
            Log
          </Toggle>
        )}
      </div>
      <LinesChart chart={chart} />
    </div>
  );
});
