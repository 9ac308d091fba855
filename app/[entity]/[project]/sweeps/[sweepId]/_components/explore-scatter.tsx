"use client";

import { useMemo } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { TEXT, useParam } from "@/app/_live/use-param";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { ScatterChart } from "@/ui/charts/draw/scatter";
import { toScatterCsv, toScatterSvg } from "@/ui/charts/draw/scatter-file";
import type { Dimension } from "@/ui/charts/prepare/dimension";
import { prepareScatter } from "@/ui/charts/prepare/scatter";
import { Panel } from "@/ui/kit/panel";
import { Toggle } from "@/ui/kit/toggle";
import { BrushFields } from "./brush-fields";
import { Pick } from "./pick";
import { brushArea, OWN_CHOICE, useGoalOf, useOpenRun } from "./use-explore";

/** In the address: no colour, though one is usual. */
const NO_COLOR = "-";

/** Any two dimensions of the runs, and a third as colour. At first: the metric as the runs were created. */
export function ExploreScatter(props: { runs: readonly Row[]; parameters: readonly Dimension[] }) {
  const { runs, parameters } = props;
  const view = useSweepView();
  const { dimension, dimensions, data, pointed } = view;
  const open = useOpenRun();
  const goalOf = useGoalOf();
  const [xId, setX] = useParam("ex.x", TEXT);
  const [yId, setY] = useParam("ex.y", TEXT);
  const [colorId, setColor] = useParam("ex.color", TEXT);
  const [logX, setLogX] = useParam("ex.logx", OWN_CHOICE);
  const [logY, setLogY] = useParam("ex.logy", OWN_CHOICE);

  const x = dimension(xId) ?? dimension("f.created");
  const y = dimension(yId) ?? dimension("objective") ?? dimension("f.duration");
  const color = colorId === NO_COLOR ? undefined : (dimension(colorId) ?? parameters[0]);
  const total = data.head.counts.total;
  const chart = useMemo(
    () => x && y && prepareScatter({ runs, x, y, color, goalOf, logX, logY, total }),
    [runs, x, y, color, goalOf, logX, logY, total],
  );
  if (!x || !y) return null;
  const choices = dimensions.map(({ id, label }) => ({ value: id, label }));
  return (
    <Panel
      id="scatter"
      title="Scatter"
      actions={
        chart && (
          <ExportMenu
            name={`${y.label} against ${x.label}`}
            svg={() => toScatterSvg(chart)}
            csv={() => toScatterCsv(chart, color)}
          />
        )
      }
    >
      <div className="mb-4 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Pick label="Up" value={y.id} choices={choices} onPick={setY} />
        <Pick label="Along" value={x.id} choices={choices} onPick={setX} />
        <Pick
          label="Colour"
          value={color?.id ?? NO_COLOR}
          choices={[{ value: NO_COLOR, label: "none" }, ...choices]}
          onPick={setColor}
        />
        {chart?.places.y.logPossible && (
          <Toggle pressed={chart.places.y.log} onToggle={setLogY}>
            Log up
          </Toggle>
        )}
        {chart?.places.x.logPossible && (
          <Toggle pressed={chart.places.x.log} onToggle={setLogX}>
            Log along
          </Toggle>
        )}
      </div>
      {chart ? (
        <>
          <ScatterChart
            chart={chart}
            pointed={pointed}
            onOpen={open}
            onArea={(area) => brushArea(view, chart.places, area)}
          />
          <BrushFields dimensions={[y, x]} />
        </>
      ) : (
        <p className="wrap-anywhere flex min-h-72 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {runs.length === 0
            ? "No run passes the filters above."
            : `A dot appears for each run that has both ${y.label} and ${x.label}; none has yet.`}
        </p>
      )}
    </Panel>
  );
}
