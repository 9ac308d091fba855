"use client";

import { useMemo, useState } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { TEXT, useParam } from "@/app/_live/use-param";
import type { SweepMetric } from "@/graphql/operations/pages";
import { ColorLegend } from "@/ui/charts/draw/color-legend";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { ScatterChart } from "@/ui/charts/draw/scatter";
import { Showing } from "@/ui/charts/draw/showing";
import { SliceGrid } from "@/ui/charts/draw/slices";
import { toSlicesCsv, toSlicesSvg } from "@/ui/charts/draw/slices-file";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { prepareSlices } from "@/ui/charts/prepare/slices";
import { Button } from "@/ui/kit/button";
import { Panel } from "@/ui/kit/panel";
import { brushArea, useOpenRun } from "./use-explore";

/** So many plots stand there unasked: the parameters that seem to matter most. */
const FIRST = 9;

/** Each varied parameter against the metric. */
export function ExploreSlices(props: {
  runs: readonly Row[];
  parameters: readonly Dimension[];
  metric: SweepMetric;
}) {
  const { runs, parameters, metric } = props;
  const view = useSweepView();
  const { dimension, data, pointed } = view;
  const open = useOpenRun();
  const [enlarged, enlarge] = useParam("ex.slice", TEXT);
  const [all, setAll] = useState(false);
  const shown = useMemo(() => (all ? parameters : parameters.slice(0, FIRST)), [all, parameters]);
  const value = dimension("objective");
  const number = dimension("f.ordinal");
  const total = data.head.counts.total;
  const slices = useMemo(
    () =>
      value
        ? prepareSlices({ runs, parameters: shown, metric: value, goal: metric.goal, color: number, total })
        : [],
    [runs, shown, value, metric.goal, number, total],
  );
  const large = slices.find(({ parameter }) => parameter.id === enlarged);
  const [first] = slices;
  const title = `${metric.name} by each varied parameter`;
  return (
    <Panel
      id="slices"
      title="Slices"
      note={`${metric.name} by each varied parameter`}
      actions={
        first && (
          <ExportMenu
            name={title}
            svg={() => toSlicesSvg(large ? [large] : slices, title)}
            csv={() => toSlicesCsv(large ? [large] : slices)}
          />
        )
      }
    >
      {first ? (
        <>
          <div className="mb-4 flex flex-wrap items-center gap-x-5 gap-y-1 text-ink-faint text-xs">
            <ColorLegend coloring={first.chart.coloring} />
            <Showing
              shown={Math.max(...slices.map(({ chart }) => chart.dots.x.length))}
              total={total}
              why="only runs with a value of the metric"
            />
            <span>
              Ordered by how much of the runs' ranking lies between a parameter's values; importance by a
              model comes apart from this.
            </span>
          </div>
          {large && (
            <div className="mb-6">
              <div className="mb-2 flex flex-wrap items-center gap-x-3">
                <h3 className="wrap-anywhere font-semibold text-sm">{large.parameter.label}</h3>
                <span className="figures text-ink-faint text-xs">{large.word}</span>
                <Button weight="bare" className="ml-auto" onClick={() => enlarge("")}>
                  Close
                </Button>
              </div>
              <ScatterChart
                chart={large.chart}
                pointed={pointed}
                onOpen={open}
                onArea={(area) => brushArea(view, large.chart.places, area)}
              />
            </div>
          )}
          <SliceGrid
            slices={slices}
            pointed={pointed}
            enlarged={enlarged}
            onEnlarge={enlarge}
            onOpen={open}
          />
          {parameters.length > FIRST && (
            <Button className="mt-6" onClick={() => setAll(!all)}>
              {all ? `Show the first ${FIRST}` : `Show all ${parameters.length} parameters`}
            </Button>
          )}
        </>
      ) : (
        <p className="wrap-anywhere text-ink-faint text-sm">
          {parameters.length === 0
            ? "No parameter has two values yet: a slice shows what changing one does."
            : `Slices begin when the first run finishes with a value of ${metric.name}.`}
        </p>
      )}
    </Panel>
  );
}
