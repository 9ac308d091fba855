import { BucketFold, type Buckets } from "./buckets";
import { edgeOf, type Grid } from "./grid";
import type { HistorySeries } from "./line";

/** Many lines as one with a band around it: per bucket, over the lines that have a finite value in it. */
export interface Band {
  readonly key: string;
  /** Where each bucket begins. */
  readonly start: number[];
  /** How many lines. */
  readonly runs: number[];
  /** Of the lines' means, so that a run that logs more often weighs no more. */
  readonly mean: number[];
  /** Standard deviation of the lines' means, over n - 1; null for a single line. */
  readonly sd: (number | null)[];
  /** The least and greatest value of any line. */
  readonly min: number[];
  readonly max: number[];
}

/** One band a metric, in the order of the lines. */
export function toBands(lines: readonly HistorySeries[], grid: Grid): Band[] {
  const byKey = new Map<string, HistorySeries[]>();
  for (const line of lines) {
    const same = byKey.get(line.key);
    if (same) same.push(line);
    else byKey.set(line.key, [line]);
  }
  return Array.from(byKey, ([key, same]) => toBand(key, same, grid));
}

function toBand(key: string, lines: readonly HistorySeries[], grid: Grid): Band {
  const column = () => new Float64Array(grid.size);
  const [runs, means, squares] = [column(), column(), column()];
  const min = column().fill(Number.POSITIVE_INFINITY);
  const max = column().fill(Number.NEGATIVE_INFINITY);
  for (const line of lines) {
    const { raw } = bucketsOf(line, grid);
    for (let b = 0; b < grid.size; b++) {
      if (raw.count[b] === 0) continue;
      // Welford: no sum of squares that eats the digits.
      const n = (runs[b] as number) + 1;
      const before = means[b] as number;
      const mean = raw.mean[b] as number;
      const after = before + (mean / n - before / n);
      runs[b] = n;
      means[b] = after;
      squares[b] = (squares[b] as number) + (mean - before) * (mean - after);
      min[b] = Math.min(min[b] as number, raw.min[b] as number);
      max[b] = Math.max(max[b] as number, raw.max[b] as number);
    }
  }
  const kept = Array.from(runs.keys()).filter((b) => runs[b] !== 0);
  return {
    key,
    start: kept.map((b) => edgeOf(grid, b)),
    runs: kept.map((b) => runs[b] as number),
    mean: kept.map((b) => Math.min(Math.max(means[b] as number, min[b] as number), max[b] as number)),
    sd: kept.map((b) => toDeviation(squares[b] as number, runs[b] as number)),
    min: kept.map((b) => min[b] as number),
    max: kept.map((b) => max[b] as number),
  };
}

function bucketsOf(line: HistorySeries, grid: Grid): Buckets {
  if (!line.exact) return line.buckets;
  const fold = new BucketFold(grid);
  fold.addPoints(line);
  return fold.finish();
}

/** Beyond the greatest double there is no number to say. */
function toDeviation(squares: number, n: number): number | null {
  const deviation = Math.sqrt(squares / (n - 1));
  return n > 1 && Number.isFinite(deviation) ? deviation : null;
}
