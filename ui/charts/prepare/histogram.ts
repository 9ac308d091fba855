import type { Histogram } from "@/core/media";
import { formatCount, formatNumber, plural } from "@/ui/format";
import { type Axis, BOX, toX, toY } from "../axis";
import { toLinearScale, toWholeScale } from "../scale";

/** How values were distributed at one step. */
export interface HistogramChart {
  readonly x: Axis;
  readonly y: Axis;
  /** All bars as one SVG path in units of `BOX`. */
  readonly path: string;
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  readonly summary: string;
}

export function prepareHistogram(
  { edges, counts }: Histogram,
  { name, step }: { name: string; step: number },
): HistogramChart {
  const bins = counts.map((count, i) => ({ from: edges[i] ?? 0, to: edges[i + 1] ?? 0, count }));
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const most = Math.max(...counts);
  const x = { label: name, scale: toLinearScale([low, high], 6) };
  const y = {
    label: "values",
    scale: counts.every(Number.isInteger) ? toWholeScale([0, most], 4) : toLinearScale([0, most], 4),
  };
  const path = bins
    .filter(({ count }) => count > 0)
    .map(({ from, to, count }) => {
      const [left, right, top] = [toX(x.scale.at(from)), toX(x.scale.at(to)), toY(y.scale.at(count))];
      return `M${left} ${BOX}V${top}H${right}V${BOX}Z`;
    })
    .join("");
  const middle = quantile({ edges, counts }, 0.5);
  return {
    ...{ x, y, path, bins },
    summary: `${name} at step ${formatCount(step)}: ${plural(bins.length, "bin")} from ${formatNumber(low, 3)} to ${formatNumber(high, 3)}${
      middle === undefined ? ", all empty" : `, with half of the values below ${formatNumber(middle, 3)}`
    }.`,
  };
}

/** Histograms side by side: a column a step, darker where more of the step's values lie. */
export interface HistogramsChart {
  readonly x: Axis;
  readonly y: Axis;
  /** In fractions of the plot; `ramp` is how dense its values lie against the densest place of all. */
  readonly columns: readonly {
    readonly from: number;
    readonly to: number;
    readonly cells: readonly { readonly low: number; readonly high: number; readonly ramp: number }[];
  }[];
  /** The 5th, the 50th and the 95th percentile, of bins: a value lies anywhere in its bin. */
  readonly rows: readonly {
    readonly step: number;
    readonly low: number;
    readonly middle: number;
    readonly high: number;
    readonly count: number;
  }[];
  readonly summary: string;
}

export function prepareHistograms(
  steps: readonly { readonly step: number; readonly histogram: Histogram }[],
  name: string,
): HistogramsChart | undefined {
  const shown = steps.filter(({ histogram }) => totalOf(histogram) > 0);
  const [first, last] = [shown[0], shown.at(-1)];
  if (!first || !last || first === last) return undefined;
  const least = Math.min(...shown.map(({ histogram }) => histogram.edges[0] ?? 0));
  const most = Math.max(...shown.map(({ histogram }) => histogram.edges.at(-1) ?? 0));
  const x = { label: "step", scale: toWholeScale([first.step, last.step], 6) };
  const y = { label: name, scale: toLinearScale([least, most], 5) };
  const densities = shown.map(({ histogram }) => toDensities(histogram));
  const densest = Math.max(...densities.flat());
  const columns = shown.map(({ step, histogram }, i) => {
    const [before, after] = [shown[i - 1]?.step ?? step, shown[i + 1]?.step ?? step];
    return {
      from: x.scale.at((before + step) / 2),
      to: x.scale.at((step + after) / 2),
      cells: histogram.counts.flatMap((count, bin) =>
        count === 0
          ? []
          : [
              {
                low: y.scale.at(histogram.edges[bin] ?? 0),
                high: y.scale.at(histogram.edges[bin + 1] ?? 0),
                // By its root: else a single peak would leave all else one colour.
                ramp: Math.sqrt((densities[i]?.[bin] ?? 0) / densest),
              },
            ],
      ),
    };
  });
  const rows = shown.map(({ step, histogram }) => ({
    step,
    low: quantile(histogram, 0.05) ?? 0,
    middle: quantile(histogram, 0.5) ?? 0,
    high: quantile(histogram, 0.95) ?? 0,
    count: totalOf(histogram),
  }));
  const [begin, end] = [rows[0], rows.at(-1)];
  return {
    ...{ x, y, columns, rows },
    summary: `${name} over ${plural(shown.length, "step")}: the median goes from ${formatNumber(begin?.middle ?? 0, 3)} to ${formatNumber(
      end?.middle ?? 0,
      3,
    )}; at the end nine tenths of the values lie between ${formatNumber(end?.low ?? 0, 3)} and ${formatNumber(end?.high ?? 0, 3)}.`,
  };
}

const totalOf = ({ counts }: Histogram): number => counts.reduce((sum, count) => sum + count, 0);

/** Of all values of the step, by unit of the axis: bins may differ in width. */
function toDensities({ edges, counts }: Histogram): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const span = (edges.at(-1) ?? 1) - (edges[0] ?? 0);
  return counts.map((count, i) => {
    const width = (edges[i + 1] ?? 0) - (edges[i] ?? 0);
    // A bin without width is as wide as the narrowest that can be seen.
    return count / total / Math.max(width, span / 1_000 || 1);
  });
}

/** Where this part of the values is reached, along a straight line within its bin; undefined where all bins are empty. */
function quantile({ edges, counts }: Histogram, part: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let below = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && below + count >= part * total) {
      const [low, high] = [edges[i] ?? 0, edges[i + 1] ?? 0];
      return low + ((part * total - below) / count) * (high - low);
    }
    below += count;
  }
  return edges.at(-1);
}
