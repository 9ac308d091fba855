import { isAppError } from "@/core/errors";
import { packAxis, packColumn, unpackAxis, unpackColumn, unpackTail } from "@/core/history/codec";
import { type Column, toPoints } from "@/core/history/column";
import {
  BLOCK_BYTES,
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
  readChunkSizes,
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
/** Of tails, and again of chunks to rewrite: unpacked, merged and packed again they are several times that in memory. */
const MAX_BYTES = 16 * 1024 * 1024;
/** No rewriting reaches further back: the sizes of chunks left open grow by four. */
const OPEN_CHUNKS = 8;
/** Merged away since the last clean-up; below it the dead rows cost less than looking for them. */
const VACUUM_BYTES = 32 * 1024 * 1024;

/** An attempt that can't be merged is left alone for so long: it would be read, and fail, every second. */
const LEFT_ALONE_MS = 600_000;

const memory = perDatabase(() => ({
  deadBytes: 0,
  /** By name of the attempt, until when. */
  leftAlone: new Map<string, number>(),
}));

export interface MergeLimits {
  /** Of the tails of one merge, beyond its first, and of the chunks that it writes again. */
  readonly bytes: number;
  /** Of one metric in one chunk. */
  readonly blockBytes: number;
}

const LIMITS: MergeLimits = { bytes: MAX_BYTES, blockBytes: BLOCK_BYTES };

/**
 * Turns the tails of attempts that have enough of them into chunks, until none has. Any number of servers may do this
 * at once. A reader sees an attempt's tails or the chunks they became, never both or neither.
 * @returns how many merges were made
 */
export async function mergeHistory(db: Database, log: Logger): Promise<number> {
  for (let total = 0; ; ) {
    const due = await findMergeable(db.sql, ROUND + leftAlone(db).size);
    let merged = 0;
    for (const key of due) if (await mergeOrLeave(db, log, key)) merged++;
    total += merged;
    // Those that are left are being merged by another server.
    if (merged > 0) continue;
    await cleanUp(db, log);
    return total;
  }
}

/** One attempt that can't be merged (a damaged tail) must not keep the others from it. */
async function mergeOrLeave(db: Database, log: Logger, key: AttemptKey): Promise<boolean> {
  const name = `${key.runId}/${key.attempt}`;
  if (leftAlone(db).has(name)) return false;
  try {
    return await mergeAttempt(db, key);
  } catch (error) {
    // The database is out of reach, or has no room: no fault of this attempt.
    if (isAppError(error) && (error.code === "UNAVAILABLE" || error.code === "DISK_FULL")) throw error;
    log.error({ err: error, ...key }, "an attempt's metrics could not be merged; trying again in 10 minutes");
    leftAlone(db).set(name, performance.now() + LEFT_ALONE_MS);
    return false;
  }
}

/** Those whose time is not over. */
function leftAlone(db: Database): Map<string, number> {
  const all = memory(db).leftAlone;
  for (const [name, until] of all) if (until < performance.now()) all.delete(name);
  return all;
}

/** @returns whether anything was merged: not when another server is at it, or has just been */
export async function mergeAttempt(db: Database, key: AttemptKey, limits = LIMITS): Promise<boolean> {
  const bytes = await inTransaction(db, async (tx) => {
    if (!(await lockMerge(tx, key))) return 0;
    const [tails, axes] = await Promise.all([
      readTails(tx, { ...key, limit: MAX_TAILS, maxSteps: MAX_STEPS, maxBytes: limits.bytes }),
      readLastAxes(tx, key, OPEN_CHUNKS),
    ]);
    if (tails.length === 0) return 0;
    const open = axes.slice(axes.length - chunksToRewrite(axes, stepsIn(tails)));
    const rewritten = await thoseWithRoom(tx, key, open, limits);
    const pieces = [...(await readPieces(tx, key, rewritten)), ...tails.map(toPiece)];
    const firstChunk = rewritten[0]?.chunk ?? (axes.at(-1)?.chunk ?? -1) + 1;
    await writeMerged(tx, {
      ...key,
      ...packChunks(cutPiece(mergePieces(pieces), limits.blockBytes), firstChunk),
      replaced: rewritten.map(({ chunk }) => chunk),
      tails,
      changedXid: newest([...tails, ...rewritten]),
    });
    return tails.reduce((sum, { block }) => sum + block.length, 0);
  });
  memory(db).deadBytes += bytes;
  return bytes > 0;
}

/** The last of these chunks, up to one that has few steps but much in them: cut again, it would come out the same. */
async function thoseWithRoom(
  tx: Tx,
  key: AttemptKey,
  open: readonly StoredAxis[],
  { bytes, blockBytes }: MergeLimits,
): Promise<readonly StoredAxis[]> {
  if (open.length === 0) return open;
  const rows = await readChunkSizes(tx, { ...key, chunks: open.map(({ chunk }) => chunk) });
  const sizes = new Map(rows.map((row) => [row.chunk, row]));
  let total = 0;
  const last = open.findLastIndex(({ chunk }) => {
    const size = sizes.get(chunk);
    total += size?.bytes ?? 0;
    return total > bytes || (size?.longest ?? 0) > blockBytes / 2;
  });
  return open.slice(last + 1);
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
