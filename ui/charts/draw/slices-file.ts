import { toCsv } from "../export";
import type { Slice } from "../prepare/slices";
import { toSvgFrame, toSvgPage } from "../svg";
import { toLegendEntries } from "./color-legend";
import { drawScatter, toCell } from "./scatter-file";

const COLUMNS = 3;
const CELL = { width: 340, height: 260 };

/** All of them on one sheet, three in a row. */
export function toSlicesSvg(slices: readonly Slice[], title: string): string {
  const columns = Math.min(COLUMNS, Math.max(1, slices.length));
  const [first] = slices;
  return toSvgPage(
    {
      title,
      width: Math.max(640, columns * CELL.width + 48),
      height: Math.ceil(slices.length / columns) * CELL.height + 90,
      ...(first && { legend: toLegendEntries(first.chart.coloring) }),
    },
    (box) =>
      slices
        .map(({ chart, word }, i) =>
          toSvgFrame(
            {
              left: box.left + (i % columns) * CELL.width,
              top: box.top + Math.floor(i / columns) * CELL.height,
              width: CELL.width - 24,
              height: CELL.height - 16,
            },
            chart.x,
            { ...chart.y, label: word },
            (plot) => drawScatter(chart, plot),
          ),
        )
        .join("\n"),
  );
}

/** A row for each run that any of them shows, a column for each parameter. */
export function toSlicesCsv(slices: readonly Slice[]): string {
  const runs = new Map(slices.flatMap(({ chart }) => chart.runs.map((run) => [run.id, run] as const)));
  const metric = slices[0]?.chart.places.y.dimension;
  const own = [...slices.map(({ parameter }) => parameter), ...(metric ? [metric] : [])];
  return toCsv(
    ["run", "name", ...own.map(({ label }) => label)],
    [...runs.values()].map((run) => [
      run.displayName,
      run.name,
      ...own.map((dimension) => toCell(dimension, dimension.valueOf(run))),
    ]),
  );
}
