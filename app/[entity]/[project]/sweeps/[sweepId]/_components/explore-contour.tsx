"use client";

import { useMemo } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { TEXT, useParam } from "@/app/_live/use-param";
import { ContourChart } from "@/ui/charts/draw/contour";
import { toContourCsv, toContourSvg } from "@/ui/charts/draw/contour-file";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { prepareContour } from "@/ui/charts/prepare/contour";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { Panel } from "@/ui/kit/panel";
import { Toggle } from "@/ui/kit/toggle";
import { Pick } from "./pick";
import { brushArea, OWN_CHOICE, useGoalOf, useOpenRun } from "./use-explore";

/** Two parameters and the metric over them. At first: the two numbers that seem to matter most. */
export function ExploreContour(props: { runs: readonly Row[]; parameters: readonly Dimension[] }) {
  const { runs, parameters } = props;
  const view = useSweepView();
  const { dimension, dimensions, data, pointed } = view;
  const open = useOpenRun();
  const goalOf = useGoalOf();
  const [xId, setX] = useParam("ex.cx", TEXT);
  const [yId, setY] = useParam("ex.cy", TEXT);
  const [metricId, setMetric] = useParam("ex.cz", TEXT);
  const [logX, setLogX] = useParam("ex.clogx", OWN_CHOICE);
  const [logY, setLogY] = useParam("ex.clogy", OWN_CHOICE);

  // Numbers make a landscape, categories only bands.
  const usual = [...parameters].sort((a, b) => Number(a.kind === "category") - Number(b.kind === "category"));
  const x = parameters.find(({ id }) => id === xId) ?? usual.find(({ id }) => id !== yId);
  const y = parameters.find(({ id }) => id === yId && id !== x?.id) ?? usual.find((one) => one !== x);
  const metric = dimension(metricId) ?? dimension("objective");
  const total = data.head.counts.total;
  const chart = useMemo(
    () =>
      x && y && metric
        ? prepareContour({ runs, x, y, metric, goal: goalOf(metric.id), logX, logY, total })
        : undefined,
    [runs, x, y, metric, goalOf, logX, logY, total],
  );
  if (!metric) return null;
  const metrics = dimensions.filter(({ id }) => id === "objective" || id.startsWith("m."));
  const choices = parameters.map(({ id, label }) => ({ value: id, label }));
  const drawn = chart && !("missing" in chart) ? chart : undefined;
  return (
    <Panel
      id="contour"
      title="Contour"
      note="two parameters, and the metric over them"
      actions={
        drawn && (
          <ExportMenu
            name={`${metric.label} over ${drawn.x.label} and ${drawn.y.label}`}
            svg={() => toContourSvg(drawn)}
            csv={() => toContourCsv(drawn)}
          />
        )
      }
    >
      {x && y ? (
        <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-2">
          <Pick label="Along" value={x.id} choices={choices} onPick={setX} />
          <Pick label="Up" value={y.id} choices={choices} onPick={setY} />
          {metrics.length > 1 && (
            <Pick
              label="Shade"
              value={metric.id}
              choices={metrics.map(({ id, label }) => ({ value: id, label }))}
              onPick={setMetric}
            />
          )}
          {drawn?.places.x.logPossible && (
            <Toggle pressed={drawn.places.x.log} onToggle={setLogX}>
              Log along
            </Toggle>
          )}
          {drawn?.places.y.logPossible && (
            <Toggle pressed={drawn.places.y.log} onToggle={setLogY}>
              Log up
            </Toggle>
          )}
        </div>
      ) : (
        <p className="text-ink-faint text-sm">
          A contour needs two parameters that take more than one value; this sweep's runs have{" "}
          {parameters.length === 0 ? "none" : "one"}.
        </p>
      )}
      {drawn && (
        <ContourChart
          chart={drawn}
          pointed={pointed}
          onOpen={open}
          onArea={(area) => brushArea(view, drawn.places, area)}
        />
      )}
      {chart && "missing" in chart && (
        <p className="wrap-anywhere flex min-h-40 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {chart.missing}
        </p>
      )}
    </Panel>
  );
}
