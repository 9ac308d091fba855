import { BucketFold, type Buckets, bucketWidth, type ChunkStats, type StepRange } from "./buckets";
import { clipPoints, concatPoints, type Points, withoutOverlaps } from "./column";

/** From stored pieces to a line on a chart: which blocks must be read, and what comes of them. */

/** One line: a metric of a run. Exact when the range has no more points than samples were asked for, else buckets. */
export type HistorySeries = ExactSeries | BucketedSeries;

interface SeriesKey {
  readonly runId: number;
  readonly key: string;
  /** Points in the range, values that are no numbers included. */
  readonly total: number;
}

export interface ExactSeries extends SeriesKey {
  readonly exact: true;
  readonly points: Points;
}

export interface BucketedSeries extends SeriesKey {
  readonly exact: false;
  readonly buckets: Buckets;
}

export interface Line {
  readonly runId: number;
  readonly key: string;
  /** In the order of logging. */
  readonly pieces: readonly Piece[];
}

/** Some points of a line: a merged chunk whose block may stay unread, or a tail. */
export interface Piece {
  /** Steps beyond this one belong to a later attempt. */
  readonly maxStep: number;
  /** Of the axis that the points lie on. */
  readonly axisFirst: number;
  readonly axisLast: number;
  readonly chunk?: StoredChunk;
  /** Always there for a tail; for a chunk once its block has been read. */
  points?: Points;
}

export interface StoredChunk extends ChunkStats {
  readonly attempt: number;
  readonly chunk: number;
  readonly metricId: number;
  /** Values that are no numbers. */
  readonly others: number;
}

export interface Reading {
  readonly samples: number;
  /** At most `samples`; fewer when that many buckets would mean reading too much. */
  readonly buckets: number;
  /** By run: the steps asked for, as far as there is history. */
  readonly ranges: ReadonlyMap<number, StepRange>;
  /** What must be read before the lines can be drawn. */
  readonly toRead: readonly { readonly runId: number; readonly piece: Piece }[];
}

/** Points that one answer may unpack (64 MB): beyond it buckets get wider, until whole chunks fall into them. */
const MAX_UNPACKED = 8_000_000;
const FEWEST_BUCKETS = 16;

export function planReading(
  lines: readonly Line[],
  asked: { samples: number; minStep?: number; maxStep?: number },
): Reading {
  const ranges = rangesOf(lines, asked);
  for (let buckets = asked.samples; ; buckets = Math.ceil(buckets / 2)) {
    const toRead = lines.flatMap((line) => {
      const range = ranges.get(line.runId);
      return range ? piecesToRead(line, range, asked.samples, buckets) : [];
    });
    const points = toRead.reduce((sum, { piece }) => sum + pointsOf(piece), 0);
    if (points <= MAX_UNPACKED || buckets <= FEWEST_BUCKETS)
      return { samples: asked.samples, buckets, ranges, toRead };
  }
}

/** @returns undefined when the line has no point in the range */
export function drawLine(
  { runId, key, pieces }: Line,
  { samples, buckets, ranges }: Reading,
): HistorySeries | undefined {
  const range = ranges.get(runId);
  if (range === undefined) return undefined;
  const stretches = toStretches(pieces, range);
  const total = stretches.reduce(
    (sum, one) => sum + ("points" in one ? one.points.steps.length : countOf(one)),
    0,
  );
  if (total === 0) return undefined;
  const read = stretches.flatMap((one) => ("points" in one ? [one.points] : []));
  if (total <= samples && read.length === stretches.length)
    return { runId, key, total, exact: true, points: concatPoints(read) };
  const fold = new BucketFold(range, buckets);
  for (const one of stretches) {
    if ("points" in one) fold.addPoints(one.points);
    else fold.addChunk(one);
  }
  return { runId, key, total, exact: false, buckets: fold.finish() };
}

function rangesOf(
  lines: readonly Line[],
  { minStep = 0, maxStep = Number.MAX_SAFE_INTEGER }: { minStep?: number; maxStep?: number },
): Map<number, StepRange> {
  const ranges = new Map<number, StepRange>();
  for (const { runId, pieces } of lines) {
    for (const piece of pieces) {
      const min = Math.max(piece.axisFirst, minStep);
      const max = Math.min(piece.axisLast, piece.maxStep, maxStep);
      if (min > max) continue;
      const known = ranges.get(runId) ?? { min, max };
      ranges.set(runId, { min: Math.min(known.min, min), max: Math.max(known.max, max) });
    }
  }
  return ranges;
}

function piecesToRead({ runId, pieces }: Line, range: StepRange, samples: number, buckets: number) {
  const unread = pieces.flatMap((piece, i) =>
    piece.points === undefined && touches(piece, range)
      ? [{ runId, piece, whole: isWhole(pieces, i, range) }]
      : [],
  );
  const surely = unread.reduce((sum, { piece, whole }) => sum + (whole ? pointsOf(piece) : 0), 0);
  // Few enough to come back exact, perhaps: only the points themselves can tell.
  if (surely <= samples) return unread;
  const width = bucketWidth(range, buckets);
  return unread.filter(
    ({ piece, whole }) =>
      !whole || Math.floor(piece.axisFirst / width) !== Math.floor(piece.axisLast / width),
  );
}

const touches = ({ axisFirst, axisLast, maxStep }: Piece, range: StepRange): boolean =>
  axisFirst <= Math.min(range.max, maxStep) && axisLast >= range.min;

/** All of the chunk counts: nothing of it lies outside, and no neighbour has its first or last step again. */
function isWhole(pieces: readonly Piece[], i: number, range: StepRange): boolean {
  const { axisFirst, axisLast, maxStep } = pieces[i] as Piece;
  const before = pieces[i - 1];
  const after = pieces[i + 1];
  return (
    axisFirst >= range.min &&
    axisLast <= Math.min(range.max, maxStep) &&
    (before === undefined || Math.min(before.axisLast, before.maxStep) < axisFirst) &&
    (after === undefined || after.axisFirst > axisLast)
  );
}

/** Pieces in order, the read ones clipped and freed from steps that a later one has again. */
function toStretches(pieces: readonly Piece[], range: StepRange): ({ points: Points } | StoredChunk)[] {
  const stretches: ({ points: Points } | StoredChunk)[] = [];
  let open: Points[] = [];
  const close = () => {
    for (const points of withoutOverlaps(open)) stretches.push({ points });
    open = [];
  };
  for (const piece of pieces) {
    if (!touches(piece, range)) continue;
    if (piece.points) open.push(clipPoints(piece.points, range.min, Math.min(range.max, piece.maxStep)));
    else if (piece.chunk) {
      close();
      stretches.push(piece.chunk);
    }
  }
  close();
  return stretches;
}

const countOf = ({ count, nonFinite, others }: StoredChunk): number => count + nonFinite + others;
const pointsOf = ({ chunk }: Piece): number => (chunk ? countOf(chunk) : 0);
