import type { Points } from "@/compute/search/points";
import { stringifyJson, type ValueMap } from "@/core/value";
import type { Sql, Tx } from "@/db/client";
import { type LockedSweep, readKnownPoints } from "@/db/queries/claim-runs";

export interface FreshPoint {
  /** Of the point among the sweep's (the last of several that hold it), or of the run among those of a search. */
  readonly index: bigint;
  readonly values: ValueMap;
  /** The same as JSON text. */
  readonly params: string;
  /** Hex. */
  readonly hash: string;
  readonly repeat: number;
  /** Which of a search's suggestions it is; null where points come by number. */
  readonly suggestion: number | null;
}

export interface NextPoints {
  readonly points: readonly FreshPoint[];
  /** Where the next claim goes on. */
  readonly cursor: bigint;
}

/** Bytes; a group of claims that would need more gets fewer runs. */
export const MAX_PARAMS_TOGETHER = 16 << 20;
/** Points looked up in one query when some may have a run already. */
const LOOKUP = 500;
/** And at most this many lookups in one transaction: the sweep's row is locked meanwhile. */
const MAX_LOOKUPS = 40;

/**
 * The points that follow the sweep's cursor, as many as wanted, as the end and run_cap allow.
 * @param careful leave out points that have a live run already (prior runs, an earlier generation). Otherwise the
 *   unique index refuses them, and the claim starts over carefully: most sweeps never need the extra query.
 */
export async function nextPoints(
  sql: Sql | Tx,
  source: Points,
  sweep: LockedSweep,
  wanted: number,
  careful: boolean,
): Promise<NextPoints> {
  const end = source.size;
  let room = Math.min(wanted, (sweep.runCap ?? Number.POSITIVE_INFINITY) - sweep.runCount);
  let cursor = BigInt(sweep.cursor);
  let bytes = 0;
  const points: FreshPoint[] = [];
  for (let lookups = 0; room > 0 && bytes < MAX_PARAMS_TOGETHER && lookups < MAX_LOOKUPS; lookups++) {
    const candidates: FreshPoint[] = [];
    const count = careful ? LOOKUP : room;
    let number = cursor;
    for (let i = 0; i < count && (end === null || number < end); i++) {
      const point = toFreshPoint(source, number);
      number = point.index + 1n;
      bytes += point.params.length;
      candidates.push(point);
      if (bytes >= MAX_PARAMS_TOGETHER) break;
    }
    if (candidates.length === 0) break;
    const known = careful ? await readKnownPoints(sql, { sweepId: sweep.sweepId, points: candidates }) : none;
    for (const point of candidates) {
      if (room === 0) break;
      cursor = point.index + 1n;
      if (known.has(`${point.hash}/${point.repeat}`)) continue;
      points.push(point);
      room--;
    }
    if (!careful) break;
  }
  return { points, cursor };
}

const none: ReadonlySet<string> = new Set();

function toFreshPoint(source: Points, index: bigint): FreshPoint {
  const { params, hash, repeat, through } = source.at(index);
  return {
    index: through ?? index,
    values: params,
    params: stringifyJson(params),
    hash: Buffer.from(hash).toString("hex"),
    repeat,
    suggestion: null,
  };
}
