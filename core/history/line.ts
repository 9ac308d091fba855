import type { HistoryX, Placed } from "./axis";
import { clipByX, pairPoints, sortByX } from "./axis";
import { BucketFold, type Buckets, type ChunkStats } from "./buckets";
import { type Axis, clipPoints, concatPoints, lowerBound, type Points, withoutOverlaps } from "./column";
import { type Grid, gridOf, joinRanges, type Range } from "./grid";

/** From stored pieces to lines on a chart. */

/** One line: a metric of a run. Exact when the range has no more points than samples were asked for, else buckets. */
export type HistorySeries = ExactSeries | BucketedSeries;

interface SeriesFacts {
  readonly runId: number;
  readonly key: string;
  /** Points in the range, values that are no numbers included. */
  readonly total: number;
  /** Points left out because the metric along x has no finite value at their step. */
  readonly unpaired: number;
}

/** In order of x; at one x, of step. */
export interface ExactSeries extends SeriesFacts, Placed {
  readonly exact: true;
}

export interface BucketedSeries extends SeriesFacts {
  readonly exact: false;
  readonly buckets: Buckets;
}

/** What was asked for. Absent ends are infinite. */
export interface Asked {
  readonly x: HistoryX;
  readonly samples: number;
  /** All lines get the same buckets; else each run its own. */
  readonly aligned: boolean;
  readonly minStep: number;
  readonly maxStep: number;
  /** On the x axis. */
  readonly min: number;
  readonly max: number;
}

export interface Line {
  readonly runId: number;
  readonly key: string;
  /** When the run began, in ms since 1970. */
  readonly startedAt: number;
  /** In the order of logging. */
  readonly pieces: readonly Piece[];
  /** Of the metric along x, when there is one. */
  readonly partner?: readonly Piece[];
}

/** Some points of a line: a merged chunk whose blocks may stay unread, or a tail. */
export interface Piece {
  /** Steps beyond this one belong to a later attempt. */
  readonly maxStep: number;
  /** Of the axis that the points lie on. */
  readonly axisFirst: number;
  readonly axisLast: number;
  readonly chunk?: StoredChunk;
  /** Of a chunk, once its block has been read. */
  axis?: Axis;
  /** Always there for a tail; for a chunk once its blocks have been read. */
  points?: Points;
}

export interface StoredChunk extends ChunkStats {
  readonly attempt: number;
  readonly chunk: number;
  readonly metricId: number;
  /** Steps of the axis. */
  readonly axisCount: number;
  /** Times of its ends. */
  readonly firstTime: number;
  readonly lastTime: number;
  /** Values that are no numbers. */
  readonly others: number;
}

/** The x axis of one answer, cut up. */
export interface Layout {
  readonly lines: readonly HistorySeries[];
  /** The buckets of all lines, were they asked for aligned; undefined when nothing lies in the range. */
  readonly grid?: Grid;
}

/** Pieces of a line on the x axis, in the order of logging, freed from steps that a later one has again. */
interface Laid {
  readonly line: Line;
  readonly stretches: readonly Stretch[];
  readonly unpaired: number;
}

type Stretch = Placed | { readonly chunk: StoredChunk; readonly firstX: number; readonly lastX: number };

/** What was decided before reading: see `plan.ts`. */
export interface Plan {
  /** At most as many as were asked for; fewer when that many would have meant reading too much. */
  readonly buckets: number;
  /** By run: what its buckets shall cover. */
  readonly ranges: ReadonlyMap<number, Range>;
  /** Pieces that touch the range. */
  readonly used: ReadonlySet<Piece>;
}

/** @param plan absent when everything has been read */
export function drawLines(lines: readonly Line[], asked: Asked, plan?: Plan): Layout {
  const laid = lines.map((line) => layOut(line, asked, plan));
  const grids = toGrids(plan?.ranges ?? rangesOf(laid), asked, plan?.buckets ?? asked.samples);
  const drawn = laid.flatMap((one) => drawLine(one, grids.get(one.line.runId), asked) ?? []);
  const [grid] = grids.values();
  return { lines: drawn, ...(grid && { grid }) };
}

function drawLine(
  { line: { runId, key }, stretches, unpaired }: Laid,
  grid: Grid | undefined,
  { samples }: Asked,
): HistorySeries | undefined {
  const total = stretches.reduce((sum, one) => sum + ("chunk" in one ? countOf(one.chunk) : one.x.length), 0);
  if (total === 0 || grid === undefined) return undefined;
  const read = stretches.flatMap((one) => ("chunk" in one ? [] : [one]));
  if (total <= samples && read.length === stretches.length)
    return { runId, key, total, unpaired, exact: true, ...sortByX(concatPlaced(read)) };
  const fold = new BucketFold(grid);
  for (const one of stretches) {
    if ("chunk" in one) fold.addChunk(one.chunk, one);
    else fold.addPoints(one);
  }
  return { runId, key, total, unpaired, exact: false, buckets: fold.finish() };
}

function toGrids(
  ranges: ReadonlyMap<number, Range>,
  { x, aligned }: Asked,
  buckets: number,
): Map<number, Grid> {
  const least = x.axis === "METRIC" ? undefined : 1;
  if (!aligned)
    return new Map(Array.from(ranges, ([runId, range]) => [runId, gridOf(range, buckets, least)]));
  let all: Range | undefined;
  for (const range of ranges.values()) all = joinRanges(all, range);
  const grid = all && gridOf(all, buckets, least);
  return new Map(grid ? Array.from(ranges.keys(), (runId) => [runId, grid]) : []);
}

function rangesOf(laid: readonly Laid[]): Map<number, Range> {
  const ranges = new Map<number, Range>();
  for (const { line, stretches } of laid) {
    for (const one of stretches) {
      if ("chunk" in one || one.x.length === 0) continue;
      ranges.set(line.runId, joinRanges(ranges.get(line.runId), endsOf(one.x)));
    }
  }
  return ranges;
}

export function endsOf(x: Float64Array): Range {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < x.length; i++) {
    const here = x[i] as number;
    if (here < min) min = here;
    if (here > max) max = here;
  }
  return { min, max };
}

function layOut(line: Line, asked: Asked, plan: Plan | undefined): Laid {
  if (asked.x.axis === "METRIC") return layOutPairs(line, asked);
  const stretches: Stretch[] = [];
  let open: Points[] = [];
  const close = () => {
    for (const points of withoutOverlaps(open)) {
      const placed = clipByX({ points, x: toX(points, line, asked) }, asked.min, asked.max);
      if (placed.x.length > 0) stretches.push(placed);
    }
    open = [];
  };
  for (const piece of line.pieces) {
    if (!touches(piece, asked)) continue;
    if (piece.points)
      open.push(clipPoints(piece.points, asked.minStep, Math.min(asked.maxStep, piece.maxStep)));
    else if (piece.chunk && plan?.used.has(piece)) {
      close();
      stretches.push({ chunk: piece.chunk, ...chunkEnds(piece, piece.chunk, line, asked) });
    }
  }
  close();
  return { line, stretches, unpaired: 0 };
}

function toX({ steps, times }: Points, { startedAt }: Line, { x }: Asked): Float64Array {
  if (x.axis === "STEP") return steps;
  return x.axis === "TIME" ? times : times.map((time) => time - startedAt);
}

/** Where the chunk's first and last finite value lie. */
function chunkEnds(
  { axis }: Piece,
  { firstStep, lastStep, firstTime, lastTime, axisFirst, axisLast }: StoredChunk,
  { startedAt }: Line,
  { x }: Asked,
): { firstX: number; lastX: number } {
  if (x.axis === "STEP") return { firstX: firstStep ?? axisFirst, lastX: lastStep ?? axisLast };
  const timeAt = (step: number | null, otherwise: number) =>
    (step === null ? undefined : axis?.times[lowerBound(axis.steps, step)]) ?? otherwise;
  const since = x.axis === "TIME" ? 0 : startedAt;
  return { firstX: timeAt(firstStep, firstTime) - since, lastX: timeAt(lastStep, lastTime) - since };
}

/** All of the line and of its partner has been read. */
function layOutPairs(line: Line, asked: Asked): Laid {
  const points = readPoints(line.pieces, asked);
  const { unpaired, ...pairs } = pairPoints(points, readPoints(line.partner ?? [], asked));
  const placed = clipByX(pairs, asked.min, asked.max);
  return { line, stretches: placed.x.length > 0 ? [placed] : [], unpaired };
}

const readPoints = (pieces: readonly Piece[], { minStep, maxStep }: Asked): Points =>
  concatPoints(
    pieces.flatMap((piece) =>
      piece.points ? [clipPoints(piece.points, minStep, Math.min(maxStep, piece.maxStep))] : [],
    ),
  );

function concatPlaced(list: readonly Placed[]): Placed {
  const [only] = list;
  if (only !== undefined && list.length === 1) return only;
  const x = new Float64Array(list.reduce((sum, one) => sum + one.x.length, 0));
  let offset = 0;
  for (const one of list) {
    x.set(one.x, offset);
    offset += one.x.length;
  }
  return { points: concatPoints(list.map(({ points }) => points)), x };
}

export const touches = (
  { axisFirst, axisLast, maxStep }: Piece,
  range: Pick<Asked, "minStep" | "maxStep">,
): boolean => axisFirst <= Math.min(range.maxStep, maxStep) && axisLast >= range.minStep;

export const countOf = ({ count, nonFinite, others }: StoredChunk): number => count + nonFinite + others;
