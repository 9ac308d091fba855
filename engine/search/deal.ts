import { openPoints, type Points } from "@/compute/search/points";
import { parseJson, sortKeys, stringifyJson, type ValueMap } from "@/core/value";
import type { Database, Tx } from "@/db/client";
import { type LockedSweep, readKnownPoints } from "@/db/queries/claim-runs";
import {
  ensureSearch,
  glanceAtSearch,
  hasMore,
  insertSuggestions,
  lockSearch,
  type ReadySuggestion,
  readReady,
  reserveForeigners,
  type SearchRow,
  takeSuggestions,
  withdrawTaken,
} from "@/db/queries/searches";
import type { FreshPoint } from "../next-points";
import type { Plan } from "../plan";
import { perDatabase, Recent } from "../recent";
import { UNPREDICTED } from "./unpredicted";

export interface Suggested {
  readonly points: readonly FreshPoint[];
  /** Of the sweep: how many runs it has handed out. */
  readonly cursor: bigint;
  /** The space holds nothing more. */
  readonly spent: boolean;
  /** How many more were wanted than there were. */
  readonly short: number;
}

/** Candidates looked at for each fallback: in a space of which most is known already, some of them are. */
const TRIES = 16;
/** In one transaction, which has the sweep's row locked: a claim of 1,000 runs would look at 16,000 candidates. */
const MOST_FALLBACKS = 64;

/** What lies ready, where it was read already. */
export type Ready = readonly ReadySuggestion[] | undefined;

/** Sweeps whose points a search chooses. */
const searchedOf = perDatabase(() => new Recent<string, true>(1_000));

export function noteSearched(db: Database, sweepId: string, { points }: Plan): void {
  if (points === null) searchedOf(db).set(sweepId, true);
  else searchedOf(db).delete(sweepId);
}

/** For a sweep that was seen to be searched: what a claim may take, read while it reads all else. The sweep's row is locked. */
export async function readAhead(db: Database, tx: Tx, sweepId: string, count: number): Promise<Ready> {
  return searchedOf(db).get(sweepId) ? await readReady(tx, sweepId, count) : undefined;
}

/**
 * Points for a claim from a search's ready suggestions; the sweep's row is locked.
 * @param careful leave out points that have a live run already; otherwise the unique index refuses them
 * @param fallbacks how many may be space-filling points instead, since their callers have waited long enough
 */
export async function dealSuggestions(
  tx: Tx,
  plan: Plan,
  sweep: LockedSweep,
  {
    wanted,
    careful,
    fallbacks,
    ready,
  }: { wanted: number; careful: boolean; fallbacks: number; ready: Ready },
): Promise<Suggested> {
  const room = Math.min(wanted, (sweep.runCap ?? Number.POSITIVE_INFINITY) - sweep.runCount);
  const cursor = BigInt(sweep.cursor);
  if (room <= 0) return { points: [], cursor, spent: false, short: 0 };
  const read = async (rows: Ready) => {
    const some = (rows ?? (await readReady(tx, sweep.sweepId, room))).slice(0, room);
    const points = some.map((row, i) => {
      const values = sortKeys(parseJson(row.params)) as ValueMap;
      return toPoint(row, values, cursor + BigInt(i));
    });
    return careful ? await withoutKnown(tx, sweep.sweepId, points) : points;
  };
  const enough = await read(ready);
  const short = room - enough.length;
  const seen = short > 0 && fallbacks === 0 ? await glanceAtSearch(tx, sweep.sweepId) : undefined;
  if (short === 0 || seen?.spent === false)
    return { points: enough, cursor: cursor + BigInt(enough.length), spent: false, short };
  // Whether that is all there is, or what comes in its place, is said for good: what the holder stores meanwhile is waited for.
  await ensureSearch(tx, sweep);
  const search = await lockSearch(tx, sweep.sweepId);
  if (search === undefined) throw new Error(`sweep ${sweep.sweepId} has no search`);
  const points = await read(undefined);
  const missing = search.spent ? 0 : Math.min(room - points.length, fallbacks, MOST_FALLBACKS);
  const invented = missing > 0 ? await fallBack(tx, plan, search, missing) : [];
  const all = [...points, ...invented].map((point, i) => ({ ...point, index: cursor + BigInt(i) }));
  return {
    points: all,
    cursor: cursor + BigInt(all.length),
    // What has grown too old is withdrawn by the holder and proposed again: the space still holds it.
    spent: search.spent && all.length < room && !(await hasMore(tx, sweep.sweepId, all.length)),
    short: room - all.length,
  };
}

/** After the runs were written. */
export async function markTaken(
  tx: Tx,
  sweepId: string,
  runs: readonly { id: number; suggestion: number | null }[],
): Promise<void> {
  const taken = runs.flatMap(({ id, suggestion }) =>
    suggestion === null ? [] : [{ number: suggestion, runId: id }],
  );
  if (taken.length > 0) await takeSuggestions(tx, sweepId, taken);
}

const toPoint = (
  { number, hash, repeat }: { number: number; hash: string; repeat: number },
  values: ValueMap,
  index: bigint,
): FreshPoint => ({ index, values, params: stringifyJson(values), hash, repeat, suggestion: number });

async function withoutKnown(
  tx: Tx,
  sweepId: string,
  points: readonly FreshPoint[],
): Promise<readonly FreshPoint[]> {
  const known = await readKnownPoints(tx, { sweepId, points });
  const isKnown = ({ hash, repeat }: FreshPoint) => known.has(`${hash}/${repeat}`);
  const gone = points.filter(isKnown).flatMap(({ suggestion }) => suggestion ?? []);
  if (gone.length > 0) await withdrawTaken(tx, sweepId, gone);
  return points.filter((point) => !isKnown(point));
}

const fallbackPointsOf = new WeakMap<Plan, Points>();

/** Opening them may take half a second where constraints leave out much. */
function fallbackPoints(plan: Plan): Points {
  const known = fallbackPointsOf.get(plan);
  if (known !== undefined) return known;
  const points = openPoints({ ...plan.config, method: "sobol" }, `${plan.seed}/fallback`);
  fallbackPointsOf.set(plan, points);
  return points;
}

/** Space-filling points that are new, written down as what they are. */
async function fallBack(tx: Tx, plan: Plan, search: SearchRow, count: number): Promise<FreshPoint[]> {
  const { sweepId, foreigners } = search;
  const points = fallbackPoints(plan);
  const candidates: FreshPoint[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < TRIES * count; i++) {
    const turn = BigInt(TRIES * foreigners + i);
    // What was passed over in a finite space for a better candidate may be the last that is left.
    const index = points.size === null ? turn : turn % points.size;
    const { params, hash } = points.at(index);
    const text = Buffer.from(hash).toString("hex");
    if (seen.has(text)) continue;
    seen.add(text);
    candidates.push(toPoint({ number: 0, hash: text, repeat: 0 }, params, index));
  }
  const known = await readKnownPoints(tx, { sweepId, points: candidates });
  const fresh = candidates.filter(({ hash, repeat }) => !known.has(`${hash}/${repeat}`)).slice(0, count);
  if (fresh.length === 0) return [];
  const first = await reserveForeigners(tx, sweepId, fresh.length);
  const numbered = fresh.map((point, i) => ({ ...point, suggestion: first - i }));
  await insertSuggestions(
    tx,
    search,
    numbered.map(({ suggestion, params, hash, repeat }) => ({
      ...UNPREDICTED,
      reason: "fallback" as const,
      engineVersion: "fallback/1",
      number: suggestion,
      params,
      hash,
      repeat,
      observed: search.results,
      seen: search.logLength,
    })),
  );
  return numbered;
}
