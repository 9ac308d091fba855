import { type Cell, toCsv } from "../export";
import { isShown, type Line, type Lines } from "../prepare/lines";
import { type Plot, polyline, tag, toSvg } from "../svg";

/** A legend of more entries than this would be wider than the picture; the CSV names all of them. */
const MOST_ENTRIES = 6;

/** The chart as a picture of its own. */
export function toLinesSvg(chart: Lines): string {
  const { lines } = chart;
  const named = lines.slice(0, MOST_ENTRIES);
  return toSvg({
    title: chart.metric,
    x: chart.x,
    y: chart.y,
    legend: named.map(({ label, category: { color, dash } }) => ({ label, color, mark: "line", dash })),
    notes: [
      ...(named.length < lines.length ? [`and ${lines.length - named.length} more lines.`] : []),
      ...chart.notes.map((note) => `${note}.`),
    ],
    draw: (plot) =>
      [
        ...lines.map((line) => toBand(line, plot)),
        ...lines.map((line) => toSpikes(line, plot)),
        ...lines.map((line) =>
          line.ghost ? toStroke(line, line.ghost, plot, { "stroke-opacity": 0.35 }) : "",
        ),
        ...lines.map((line) =>
          toStroke(line, line.y, plot, {
            "stroke-width": lines.length > 12 ? 1.1 : 1.75,
            ...(line.category.dash !== "none" && { "stroke-dasharray": line.category.dash }),
          }),
        ),
      ].join("\n"),
  });
}

function toStroke(
  { at, category }: Line,
  y: Float64Array,
  plot: Plot,
  more: Readonly<Record<string, string | number>>,
): string {
  return stretches(at, y)
    .map(([from, to]) => {
      const points: [number, number][] = [];
      for (let i = from; i <= to; i++) points.push([plot.x(at[i] as number), plot.y(y[i] as number)]);
      if (points.length === 1 && points[0]) points.push(points[0]);
      return polyline(points, { stroke: category.color, ...more });
    })
    .join("\n");
}

function toBand({ at, low, high, category }: Line, plot: Plot): string {
  if (!low || !high) return "";
  return stretches(at, low)
    .map(([from, to]) => {
      const up: string[] = [];
      const down: string[] = [];
      for (let i = from; i <= to; i++) {
        const x = plot.x(at[i] as number);
        up.push(`${x} ${plot.y(high[i] as number)}`);
        down.unshift(`${x} ${plot.y(low[i] as number)}`);
      }
      return tag("path", {
        d: `M${[...up, ...down].join("L")}Z`,
        fill: category.color,
        "fill-opacity": 0.18,
      });
    })
    .join("\n");
}

function toSpikes({ at, low, high, spikes, category }: Line, plot: Plot): string {
  if (!low || !high || spikes.length === 0) return "";
  const marks = spikes.map((i) => {
    const [x, bottom, top] = [at[i], low[i], high[i]] as [number, number, number];
    return `M${plot.x(x)} ${plot.y(bottom)}V${plot.y(top)}`;
  });
  return tag("path", { d: marks.join(""), stroke: category.color, "stroke-width": 1 });
}

/** First and last place of each part without a gap. */
function stretches(at: Float64Array, y: Float64Array): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < at.length; i++) {
    if (Number.isNaN((at[i] as number) + (y[i] as number))) continue;
    const open = found.at(-1);
    if (open && open[1] === i - 1) open[1] = i;
    else found.push([i, i]);
  }
  return found;
}

/** A row for each point that is seen, with every digit. */
export function toLinesCsv(chart: Lines): string {
  const { lines, metric, xColumn } = chart;
  const [bands, smoothed, runs] = [
    lines.some(({ low }) => low !== undefined),
    lines.some((line) => line.smoothed !== undefined),
    lines.some((line) => line.runs !== undefined),
  ];
  const rows: Cell[][] = [];
  for (const line of lines)
    for (let i = 0; i < line.x.length; i++) {
      if (!isShown(line, i)) continue;
      rows.push([
        line.label,
        line.x[i],
        line.values[i],
        ...(bands ? [line.min?.[i], line.max?.[i]] : []),
        ...(smoothed ? [line.smoothed?.[i]] : []),
        ...(runs ? [line.runs?.[i]] : []),
      ]);
    }
  return toCsv(
    [
      runs ? "group" : "run",
      xColumn.name.toLowerCase(),
      metric,
      ...(bands ? ["least", "greatest"] : []),
      ...(smoothed ? ["smoothed"] : []),
      ...(runs ? ["runs"] : []),
    ],
    rows,
  );
}
