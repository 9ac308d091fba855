import { packAxis, packColumn, unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Column, toPoints } from "@/core/history/column";
import {
  CHUNK_STEPS,
  chunksToRewrite,
  cutPiece,
  MANY_TAILS,
  mergePieces,
  type Piece,
} from "@/core/history/merge";
import { meanOfValues, summarize } from "@/core/history/summary";
import type { Database, Tx } from "@/db/client";
import type { AttemptKey } from "@/db/queries/append-history";
import {
  findMergeable,
  lockMerge,
  type NewAxis,
  type NewValues,
  readChunkValues,
  readLastAxes,
  readTails,
  type StoredAxis,
  type StoredTail,
  vacuumTails,
  writeMerged,
} from "@/db/queries/merge-history";
import { inTransaction } from "@/db/transaction";
import type { Logger } from "./context";
import { perDatabase } from "./recent";

/** Attempts looked up at once. */
const ROUND = 64;
/** One transaction's work: 32 chunks of steps, so that a backlog is worked off in bites of some milliseconds. */
const MAX_STEPS = 32 * CHUNK_STEPS;
const MAX_TAILS = 16 * MANY_TAILS;
/** No rewriting reaches further back: the sizes of chunks left open grow by four. */
const OPEN_CHUNKS = 8;
/** Merged away since the last clean-up; below it the dead rows cost less than looking for them. */
const VACUUM_BYTES = 32 * 1024 * 1024;

const memory = perDatabase(() => ({ deadBytes: 0 }));

/**
 * Turns the tails of attempts that have enough of them into chunks, until none has. Any number of servers may do this
 * at once. A reader sees an attempt's tails or the chunks they became, never both or neither.
 * @returns how many merges were made
 */
export async function mergeHistory(db: Database, log: Logger): Promise<number> {
  for (let total = 0; ; ) {
    const due = await findMergeable(db.sql, ROUND);
    let merged = 0;
    for (const key of due) if (await mergeAttempt(db, key)) merged++;
    total += merged;
    // Those that are left are being merged by another server.
    if (merged > 0) continue;
    await cleanUp(db, log);
    return total;
  }
}

/** @returns whether anything was merged: not when another server is at it, or has just been */
export async function mergeAttempt(db: Database, key: AttemptKey): Promise<boolean> {
  const bytes = await inTransaction(db, async (tx) => {
    if (!(await lockMerge(tx, key))) return 0;
    const [tails, axes] = await Promise.all([
      readTails(tx, { ...key, limit: MAX_TAILS, maxSteps: MAX_STEPS }),
      readLastAxes(tx, key, OPEN_CHUNKS),
    ]);
    if (tails.length === 0) return 0;
    const rewritten = axes.slice(axes.length - chunksToRewrite(axes, stepsIn(tails)));
    const pieces = [...(await readPieces(tx, key, rewritten)), ...tails.map(toPiece)];
    const firstChunk = rewritten[0]?.chunk ?? (axes.at(-1)?.chunk ?? -1) + 1;
    await writeMerged(tx, {
      ...key,
      ...packChunks(cutPiece(mergePieces(pieces)), firstChunk),
      replaced: rewritten.map(({ chunk }) => chunk),
      tails,
      changedXid: newest([...tails, ...rewritten]),
    });
    return tails.reduce((sum, { block }) => sum + block.length, 0);
  });
  memory(db).deadBytes += bytes;
  return bytes > 0;
}

const stepsIn = (rows: readonly { count: number }[]): number =>
  rows.reduce((sum, { count }) => sum + count, 0);

function toPiece({ block }: StoredTail): Piece {
  const { axis, series } = unpackTail(block);
  return { axis, columns: new Map(series.map(({ metricId, column }) => [metricId, column])) };
}

async function readPieces(tx: Tx, key: AttemptKey, axes: readonly StoredAxis[]): Promise<Piece[]> {
  if (axes.length === 0) return [];
  const values = await readChunkValues(tx, { ...key, chunks: axes.map(({ chunk }) => chunk) });
  return axes.map(({ chunk, block }) => {
    const axis = unpackAxis(block);
    const columns = new Map<number, Column>();
    for (const one of values)
      if (one.chunk === chunk) columns.set(one.metricId, unpackColumn(one.block, axis.steps.length));
    return { axis, columns };
  });
}

function packChunks(pieces: readonly Piece[], firstChunk: number): { axes: NewAxis[]; values: NewValues[] } {
  const axes: NewAxis[] = [];
  const values: NewValues[] = [];
  for (const [i, { axis, columns }] of pieces.entries()) {
    const chunk = firstChunk + i;
    const count = axis.steps.length;
    axes.push({
      chunk,
      firstStep: axis.steps[0] as number,
      lastStep: axis.steps[count - 1] as number,
      firstTime: axis.times[0] as number,
      lastTime: axis.times[count - 1] as number,
      count,
      block: packAxis(axis),
    });
    for (const [metricId, column] of columns) {
      values.push({
        chunk,
        metricId,
        summary: summarize(toPoints(axis, column)),
        mean: meanOfValues(column.values),
        block: packColumn(column, count),
      });
    }
  }
  return { axes, values };
}

/** Transaction ids don't fit a number for ever. */
function newest(rows: readonly { changedXid: string }[]): string {
  let most = 0n;
  for (const { changedXid } of rows) if (BigInt(changedXid) > most) most = BigInt(changedXid);
  return String(most);
}

/** Dead tails would otherwise lie until the server's autovacuum comes by, a minute or more: at 200,000 points/s 100 MB. */
async function cleanUp(db: Database, log: Logger): Promise<void> {
  const spent = memory(db);
  if (spent.deadBytes < VACUUM_BYTES) return;
  spent.deadBytes = 0;
  await vacuumTails(db).catch((error: unknown) =>
    log.warn({ err: error }, "merged metrics could not be vacuumed"),
  );
}
