"use client";

import { memo, useDeferredValue, useMemo } from "react";
import type { ChartSettings } from "@/app/_live/chart-settings";
import type { PointedStore } from "@/app/_live/pointed";
import type { Part } from "@/app/_live/run-store";
import { NAMES, useParam } from "@/app/_live/use-param";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { LinesChart } from "@/ui/charts/draw/lines";
import { toLinesCsv, toLinesSvg } from "@/ui/charts/draw/lines-file";
import { prepareLines } from "@/ui/charts/prepare/lines";
import type { LiveSeries } from "@/ui/charts/prepare/live-series";
import { Toggle } from "@/ui/kit/toggle";

/** Drawn anew when its own line has grown, not when another has. */
export const MetricChart = memo(function MetricChart(props: {
  series: LiveSeries;
  run: { id: string; displayName: string };
  byTime: boolean;
  /** Of the x axis, as `series` was read. */
  part: Part;
  settings: ChartSettings;
  pointed: PointedStore;
}) {
  const { series, run, byTime, part, settings, pointed } = props;
  const { clip, setRange } = settings;
  // What one metric needs another does not: each has its own here.
  const [logged, setLogged] = useParam("ch.logs", NAMES);
  const log = logged.includes(series.key);
  const smoothing = useDeferredValue(settings.smoothing);
  const { id: key, displayName: label } = run;
  const chart = useMemo(
    () =>
      prepareLines({
        metric: series.key,
        along: { kind: byTime ? "elapsed" : "step" },
        log,
        clip,
        smoothing,
        range: part,
        lines: [
          {
            key,
            label,
            x: series.x,
            values: series.values,
            ...(!series.exact && { min: series.min, max: series.max }),
            nonFinite: series.nonFinite,
            points: series.points,
          },
        ],
      }),
    [series, key, label, byTime, part, log, clip, smoothing],
  );
  if (!chart) return null;
  return (
    <div className="min-w-0" data-metric={series.key}>
      <div className="mb-1 flex min-h-8 items-center gap-2">
        <h3 className="min-w-0 grow truncate font-medium text-sm" title={series.key}>
          {series.key}
        </h3>
        <ExportMenu
          name={`${series.key} of ${label}`}
          svg={() => toLinesSvg(chart)}
          csv={() => toLinesCsv(chart)}
        />
        {(chart.logPossible || log) && (
          <Toggle
            pressed={log}
            onToggle={(on) =>
              setLogged(on ? [...logged, series.key] : logged.filter((one) => one !== series.key))
            }
          >
            Log
          </Toggle>
        )}
      </div>
      <LinesChart chart={chart} pointed={pointed} onZoom={setRange} />
    </div>
  );
});
