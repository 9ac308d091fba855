import type { Axis, Column } from "./column";

/** From many small pieces of one attempt's history to few large ones. */

/** Steps of a full chunk: a metric's block is then 16 kB, in 2 kB slices of which the last one is filled by half. */
export const CHUNK_STEPS = 2_048;
/** About what one metric's block has at most: text and JSON fill it long before a chunk has its steps. */
export const BLOCK_BYTES = 4 * 1024 * 1024;
/** So many small batches are worth merging before they fill a chunk: each costs a reader an unpacking. */
export const MANY_TAILS = 64;

/** An axis and what lies on it, by metric id. */
export interface Piece {
  readonly axis: Axis;
  readonly columns: ReadonlyMap<number, Column>;
}

/** A chunk as far as the plan needs to know it. */
export interface ChunkSize {
  readonly chunk: number;
  readonly count: number;
}

/**
 * Which of the last chunks (oldest first) to write again together with `steps` steps from tails. Chunks of half the
 * full size and more are left alone. Smaller ones are taken while they are at most four times what is
 * added to them, so that a program that logs one step at a time has each of its points rewritten about five times, and
 * not at each of the 32 merges that it takes to fill a chunk.
 * @returns how many of the last chunks
 */
export function chunksToRewrite(chunks: readonly ChunkSize[], steps: number): number {
  let added = steps;
  let taken = 0;
  for (let i = chunks.length - 1; i >= 0; i--) {
    const { count } = chunks[i] as ChunkSize;
    if (count >= CHUNK_STEPS / 2 || count > 4 * added) break;
    added += count;
    taken++;
  }
  return taken;
}

/** One piece from several in the order of logging. Where two meet at one step, they share it and the later value wins. */
export function mergePieces(pieces: readonly Piece[]): Piece {
  const axis = mergeAxes(pieces);
  const parts = new Map<number, { row: number; column: Column; n: number }[]>();
  for (const [i, { axis: own, columns }] of pieces.entries()) {
    for (const [metricId, column] of columns) {
      const part = { row: axis.rows[i] as number, column, n: own.steps.length };
      const list = parts.get(metricId);
      if (list) list.push(part);
      else parts.set(metricId, [part]);
    }
  }
  const n = axis.steps.length;
  return {
    axis: { steps: axis.steps, times: axis.times },
    columns: new Map(Array.from(parts, ([metricId, list]) => [metricId, mergeColumns(list, n)])),
  };
}

/** The steps of all pieces, and for each piece the row that its first step has become. */
function mergeAxes(pieces: readonly Piece[]): Axis & { rows: number[] } {
  const total = pieces.reduce((sum, { axis }) => sum + axis.steps.length, 0);
  const steps = new Float64Array(total);
  const times = new Float64Array(total);
  const rows: number[] = [];
  let n = 0;
  for (const { axis } of pieces) {
    if (n > 0 && axis.steps[0] === steps[n - 1]) n--;
    rows.push(n);
    steps.set(axis.steps, n);
    times.set(axis.times, n);
    n += axis.steps.length;
  }
  return { steps: steps.slice(0, n), times: times.slice(0, n), rows };
}

function mergeColumns(parts: readonly { row: number; column: Column; n: number }[], n: number): Column {
  const size = parts.reduce((sum, { column }) => sum + column.values.length, 0);
  const at = new Uint32Array(size);
  const values = new Float64Array(size);
  const others = new Map<number, string>();
  let k = 0;
  for (const { row, column } of parts) {
    const length = column.values.length;
    if (length === 0) continue;
    if (k > 0 && at[k - 1] === row + (column.at?.[0] ?? 0)) others.delete(--k);
    values.set(column.values, k);
    for (let i = 0; i < length; i++)
      at[k + i] = row + (column.at === undefined ? i : (column.at[i] as number));
    if (column.others) for (const [i, json] of column.others) others.set(k + i, json);
    k += length;
  }
  return {
    values: values.slice(0, k),
    ...(k < n && { at: at.slice(0, k) }),
    ...(others.size > 0 && { others }),
  };
}

/**
 * Pieces of CHUNK_STEPS to twice that from one; a short one stays as it is. One with a column of more than `blockBytes`
 * is halved until it has none, or has only one step left.
 */
export function cutPiece(piece: Piece, blockBytes = BLOCK_BYTES): Piece[] {
  const n = piece.axis.steps.length;
  const count = Math.max(1, Math.floor(n / CHUNK_STEPS));
  return inParts(piece, count).flatMap((part) => halve(part, blockBytes));
}

function halve(piece: Piece, blockBytes: number): Piece[] {
  if (piece.axis.steps.length < 2) return [piece];
  for (const column of piece.columns.values())
    if (sizeOf(column) > blockBytes) return inParts(piece, 2).flatMap((half) => halve(half, blockBytes));
  return [piece];
}

/** About the length of its block. */
function sizeOf({ values, others }: Column): number {
  let size = 8 * values.length;
  if (others) for (const json of others.values()) size += json.length;
  return size;
}

function inParts({ axis, columns }: Piece, count: number): Piece[] {
  const n = axis.steps.length;
  return Array.from({ length: count }, (_, i) => {
    const from = Math.floor((n * i) / count);
    const to = Math.floor((n * (i + 1)) / count);
    const cut = new Map<number, Column>();
    for (const [metricId, column] of columns) {
      const part = cutColumn(column, from, to);
      if (part.values.length > 0) cut.set(metricId, part);
    }
    return { axis: { steps: axis.steps.slice(from, to), times: axis.times.slice(from, to) }, columns: cut };
  });
}

/** The rows from `from` up to, not including, `to`. */
function cutColumn({ at, values, others }: Column, from: number, to: number): Column {
  const start = at === undefined ? from : lowerBound(at, from);
  const end = at === undefined ? to : lowerBound(at, to);
  const kept = new Map<number, string>();
  if (others) for (const [i, json] of others) if (i >= start && i < end) kept.set(i - start, json);
  return {
    values: values.slice(start, end),
    ...(at && end - start < to - from && { at: at.slice(start, end).map((row) => row - from) }),
    ...(kept.size > 0 && { others: kept }),
  };
}

function lowerBound(rows: Uint32Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as number) < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
