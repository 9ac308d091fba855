"use client";

import { memo, useDeferredValue, useMemo, useState } from "react";
import type { ChartSettings } from "@/app/_live/chart-settings";
import type { Histories, MetricHistory } from "@/app/_live/histories";
import { useMetricHistory } from "@/app/_live/use-histories";
import { useNear } from "@/app/_live/use-near";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { LinesChart } from "@/ui/charts/draw/lines";
import { toLinesCsv, toLinesSvg } from "@/ui/charts/draw/lines-file";
import type { PointedStore } from "@/ui/charts/draw/pointed";
import { SPREAD_NOTES, withSpread } from "@/ui/charts/prepare/chart-lines";
import { type Lines, prepareLines } from "@/ui/charts/prepare/lines";
import { ExpandIcon } from "@/ui/kit/icons";

/** Which lines there are, in which order and colour: the same on all charts. */
export interface LineOf {
  readonly key: string;
  readonly label: string;
  readonly slot: number;
}

export interface ChartProps {
  metric: string;
  histories: Histories;
  lines: readonly LineOf[];
  settings: ChartSettings;
  pointed: PointedStore;
}

/** One metric of many runs. It waits until it is near the screen, and then keeps its place. */
export const MetricChart = memo(function MetricChart(
  props: ChartProps & { onFull: (metric: string) => void },
) {
  const { metric, histories, lines, settings, pointed, onFull } = props;
  const [ref, near] = useNear<HTMLDivElement>();
  const history = useMetricHistory(histories, metric, near);
  const { chart, drawn } = useChart({ metric, history, lines, settings, near });
  return (
    <div ref={ref} data-metric={metric} className="min-h-72 min-w-0">
      <div className="mb-1 flex min-h-8 items-center gap-1">
        <h4 className="min-w-0 grow truncate font-medium text-sm" title={metric}>
          {metric}
        </h4>
        {chart && (
          <>
            <ExportMenu name={metric} svg={() => toLinesSvg(chart)} csv={() => toLinesCsv(chart)} />
            <button
              type="button"
              aria-label={`Full size: ${metric}`}
              onClick={() => onFull(metric)}
              className="inline-flex size-8 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink"
            >
              <ExpandIcon />
            </button>
          </>
        )}
      </div>
      {chart ? (
        <LinesChart chart={chart} height="h-48" pointed={pointed} onZoom={settings.setRange} />
      ) : (
        <Nothing history={drawn} height="h-48" />
      )}
    </div>
  );
});

/** The same chart as large as the window. */
export function FullChart({ metric, histories, lines, settings, pointed }: ChartProps) {
  const history = useMetricHistory(histories, metric, true);
  const { chart, drawn } = useChart({ metric, history, lines, settings, near: true });
  if (!chart) return <Nothing history={drawn} height="h-[55vh]" />;
  return (
    <>
      <div className="flex justify-end">
        <ExportMenu name={metric} svg={() => toLinesSvg(chart)} csv={() => toLinesCsv(chart)} />
      </div>
      <LinesChart chart={chart} height="h-[55vh]" pointed={pointed} onZoom={settings.setRange} />
    </>
  );
}

/** Prepared anew when its own lines or the settings change; what is off the screen waits until it comes back. */
function useChart(input: {
  metric: string;
  history: MetricHistory;
  lines: readonly LineOf[];
  settings: ChartSettings;
  near: boolean;
}): { chart: Lines | undefined; drawn: MetricHistory } {
  const { metric, near } = input;
  const [held, setHeld] = useState(input);
  const fresh =
    held.history === input.history && held.lines === input.lines && held.settings === input.settings;
  if (near && !fresh) setHeld(input);
  // The slider moves first, and each chart when it can: six charts of 100 lines take longer than a frame.
  const { history, lines, settings } = useDeferredValue(held);
  const { range, smoothing, log, logX, clip, spread } = settings;
  const chart = useMemo(() => {
    const shown = lines.flatMap(({ key, label, slot }) => {
      const line = history.lines.get(key);
      return line ? [{ key, label, slot, ...(history.grouped ? withSpread(line, spread) : line) }] : [];
    });
    return prepareLines({
      metric,
      lines: shown,
      along: history.along,
      range,
      smoothing,
      log,
      logX,
      clip,
      ...(history.grouped && { bandNote: SPREAD_NOTES[spread] }),
    });
  }, [metric, history, lines, range, smoothing, log, logX, clip, spread]);
  return { chart, drawn: history };
}

function Nothing({ history: { state, problem }, height }: { history: MetricHistory; height: string }) {
  if (state === "loading") return <div className={`rounded-lg bg-sunken ${height}`} aria-busy="true" />;
  return (
    <p
      className={`wrap-anywhere flex items-center justify-center rounded-lg bg-sunken px-4 text-center text-ink-faint text-sm ${height}`}
    >
      {problem ?? "None of the runs that are shown logged a number of it."}
    </p>
  );
}
