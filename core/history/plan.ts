import { gridOf, joinRanges, type Range } from "./grid";
import { type Asked, countOf, endsOf, type Line, type Piece, type Plan, touches } from "./line";

/** Which blocks must be read before lines can be drawn along steps or time. */

/** Points that one answer may unpack (64 MB): beyond it buckets get wider, until whole chunks fall into them. */
export const MAX_UNPACKED = 8_000_000;
const FEWEST_BUCKETS = 16;

export interface Reading extends Plan {
  readonly toRead: readonly PieceToRead[];
}

export interface PieceToRead {
  readonly runId: number;
  readonly piece: Piece;
  /** The line has too many points to come back exact: its times are asked for by nobody. */
  readonly stepsOnly: boolean;
}

/** A piece on the x axis. */
interface Span extends Range {
  readonly piece: Piece;
  /** All of its points count, each once, and they come in order of x: its statistics say as much as they do. */
  readonly whole: boolean;
  /** It lies beside the range, but a neighbour that doesn't has its first or last step again. */
  readonly beside: boolean;
}

/** Along time, the axes of the chunks should have been read: without them a chunk's ends must do, and clocks jump. */
export function planReading(lines: readonly Line[], asked: Asked): Reading {
  const spans = new Map(lines.map((line) => [line, spansOf(line, asked)]));
  const ranges = new Map<number, Range>();
  let all: Range | undefined;
  const used = new Set<Piece>();
  for (const [{ runId }, list] of spans) {
    for (const { piece, min, max, beside } of list) {
      if (beside) continue;
      used.add(piece);
      ranges.set(runId, joinRanges(ranges.get(runId), { min, max }));
      all = joinRanges(all, { min, max });
    }
  }
  for (let buckets = asked.samples; ; buckets = Math.ceil(buckets / 2)) {
    const toRead = Array.from(spans).flatMap(([line, list]) => {
      const range = asked.aligned ? all : ranges.get(line.runId);
      return range ? piecesToRead(line, list, gridOf(range, buckets, 1).width, asked) : [];
    });
    const points = toRead.reduce((sum, { piece }) => sum + pointsOf(piece), 0);
    if (points <= MAX_UNPACKED || buckets <= FEWEST_BUCKETS) return { buckets, ranges, used, toRead };
  }
}

function piecesToRead(
  { runId }: Line,
  spans: readonly Span[],
  width: number,
  { x, samples }: Asked,
): PieceToRead[] {
  const surely = spans.reduce((sum, { piece, whole }) => sum + (whole ? pointsOf(piece) : 0), 0);
  const mayBeExact = surely <= samples;
  const stepsOnly = x.axis === "STEP" && !mayBeExact;
  return spans.flatMap(({ piece, whole, min, max }) => {
    if (piece.points !== undefined) return [];
    // Few enough to come back exact, perhaps: only the points themselves can tell.
    const needed = mayBeExact || !whole || Math.floor(min / width) !== Math.floor(max / width);
    return needed ? [{ runId, piece, stepsOnly }] : [];
  });
}

/** The pieces that touch the range. */
function spansOf(line: Line, asked: Asked): Span[] {
  return line.pieces.flatMap((piece, i): Span[] => {
    if (!touches(piece, asked)) return [];
    const span =
      asked.x.axis === "STEP"
        ? { min: piece.axisFirst, max: piece.axisLast, rising: true }
        : timesOf(piece, line, asked);
    const inside = asked.x.axis === "STEP" ? stepsOf(piece, asked) : asked;
    const min = Math.max(span.min, inside.min);
    const max = Math.min(span.max, inside.max);
    const alone = isAlone(line.pieces, i);
    const beside = min > max;
    if (beside) return alone ? [] : [{ piece, min, max, whole: false, beside }];
    const uncut = min === span.min && max === span.max && isUncut(piece, asked);
    return [{ piece, min, max, whole: span.rising && uncut && alone, beside }];
  });
}

const stepsOf = ({ maxStep }: Piece, asked: Asked): Range => ({
  min: asked.minStep,
  max: Math.min(asked.maxStep, maxStep),
});

function timesOf({ points, axis, chunk }: Piece, { startedAt }: Line, { x }: Asked) {
  const since = x.axis === "TIME" ? 0 : startedAt;
  const times = points?.times ?? axis?.times ?? Float64Array.of(chunk?.firstTime ?? 0, chunk?.lastTime ?? 0);
  const { min, max } = endsOf(times);
  return { min: min - since, max: max - since, rising: isRising(times) };
}

function isRising(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) if ((times[i] as number) < (times[i - 1] as number)) return false;
  return true;
}

/** No step of the piece is cut off. */
const isUncut = ({ axisFirst, axisLast, maxStep }: Piece, asked: Asked): boolean =>
  axisFirst >= asked.minStep && axisLast <= Math.min(asked.maxStep, maxStep);

/** No neighbour has its first or last step again. */
function isAlone(pieces: readonly Piece[], i: number): boolean {
  const { axisFirst, axisLast } = pieces[i] as Piece;
  const before = pieces[i - 1];
  const after = pieces[i + 1];
  return (
    (before === undefined || Math.min(before.axisLast, before.maxStep) < axisFirst) &&
    (after === undefined || after.axisFirst > axisLast)
  );
}

const pointsOf = ({ chunk }: Piece): number => (chunk ? countOf(chunk) : 0);
