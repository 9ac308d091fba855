import type { Points } from "@/compute/search/points";
import { LEASE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import { type LockedSweep, reserveRunIds, writeClaimsAhead } from "@/db/queries/claim-runs";
import { refuseWhenFull } from "@/db/space";
import { retrying } from "@/db/transaction";
import { type ClaimCall, type ClaimRunsAnswer, runThese, toClaim } from "./claim-answers";
import { keyOf, toAnswerRow, toAttempt, toFreshRun } from "./claim-rows";
import { emitChange } from "./events";
import { rememberRun } from "./facts";
import { nextPoints } from "./next-points";
import { loadPlan } from "./plan";
import { perDatabase, Recent } from "./recent";
import { tallyOf } from "./tally";
import { isUniqueViolation } from "./unique";

interface Memory {
  /** How this server left the row of a sweep that nobody else touched between its last two groups. */
  readonly left: Recent<string, LockedSweep>;
  /** Where it left the cursor, whoever else is at work. */
  readonly cursors: Recent<string, string>;
  ids: number[];
}

const memory = perDatabase<Memory>(() => ({
  left: new Recent(1_000),
  cursors: new Recent(1_000),
  ids: [],
}));

const IDS_AT_ONCE = 512;
/** Never handed out: the real end of the lease comes back with the statement. */
const UNKNOWN = new Date(0);

/**
 * Answers claims in a single statement, for the usual case: this server alone hands out the sweep, it has new points
 * for all of them, and nothing waits in the queue. The statement itself checks each of these; when one does not hold, it
 * changes nothing, and the claims go the long way (claim-group). Measured with 32 callers, fsync, two cores that others
 * used as well: 4,100 claims/s the long way, 5,200 this way, 6,050 when they were quiet (bench/claims-engine.ts).
 * @returns undefined when the long way has to be taken
 */
export async function grantAhead(
  db: Database,
  sweepId: string,
  calls: readonly ClaimCall[],
): Promise<ClaimRunsAnswer[] | undefined> {
  const { left } = memory(db);
  const sweep = left.get(sweepId);
  // Whatever goes wrong from here on, what this server knows of the sweep is no longer sure.
  left.delete(sweepId);
  if (sweep === undefined || sweep.outside || new Set(calls.map(keyOf)).size < calls.length) return undefined;
  const wanted = calls.reduce((total, { count }) => total + count, 0);
  const plan = await loadPlan(db, db.sql, sweep);
  const mayHaveRuns = sweep.priors > 0 || sweep.generation > 1;
  if (plan.points === null || mayHaveRuns || !hasRoom(plan.points, sweep, wanted)) return undefined;
  const { points, cursor } = await nextPoints(db.sql, plan.points, sweep, wanted, false);
  if (points.length < wanted) return undefined;
  const ids = await takeIds(db, wanted);
  const fresh = points.map((point, i) => toFreshRun(point, ids[i], plan, sweep, i));
  const handed = deal(calls, fresh);
  refuseWhenFull(db);
  const leaseExpiresAt = await unlessTaken(() =>
    writeClaimsAhead(db.sql, {
      sweep,
      fresh,
      attempts: handed.flatMap(({ call, claims }) => claims.map((claim) => toAttempt(call, claim))),
      answers: handed.map(({ call, claims }) => toAnswerRow(call, claims)),
      leaseExpiresAt: null,
      leaseMs: LEASE_MS,
      cursor: String(cursor),
      exhausted: false,
    }),
  );
  if (leaseExpiresAt === undefined) return undefined;
  tallyOf(db).claims += fresh.length;
  rememberSweep(db, sweep, { fresh, cursor: String(cursor), exhausted: false });
  for (const { id, name } of fresh) rememberRun(db, { ...sweep, runId: id, name });
  emitChange(sweep.projectId, sweepId, null, "run", "sweep");
  return handed.map(({ claims }) => runThese(claims.map((claim) => ({ ...claim, leaseExpiresAt }))));
}

/** After a group: what this server knows of the sweep, if nobody else has handed out runs since its last one. */
export function rememberSweep(
  db: Database,
  before: LockedSweep,
  after: { fresh: readonly unknown[]; cursor: string; exhausted: boolean },
): void {
  const { left, cursors } = memory(db);
  const alone = cursors.get(before.sweepId) === before.cursor;
  cursors.set(before.sweepId, after.cursor);
  const open = before.state === "pending" || before.state === "running";
  if (!alone || !open || after.exhausted) left.delete(before.sweepId);
  else {
    const runCount = before.runCount + after.fresh.length;
    left.set(before.sweepId, { ...before, state: "running", cursor: after.cursor, runCount });
  }
}

/** For more than is wanted: the claim that takes the last point has more to see to. */
function hasRoom({ size }: Points, { cursor, runCap, runCount }: LockedSweep, wanted: number): boolean {
  if (size !== null && BigInt(cursor) + BigInt(wanted) >= size) return false;
  return runCap === null || runCount + wanted < runCap;
}

function deal(calls: readonly ClaimCall[], fresh: readonly ReturnType<typeof toFreshRun>[]) {
  let dealt = 0;
  return calls.map((call) => {
    const mine = fresh.slice(dealt, dealt + call.count);
    dealt += mine.length;
    const claims = mine.map((run) => toClaim(call.secret, { ...run, runId: run.id, attempt: 1 }, UNKNOWN));
    return { call, claims };
  });
}

async function takeIds(db: Database, count: number): Promise<number[]> {
  const mine = memory(db);
  if (mine.ids.length < count) {
    const more = await retrying(() => reserveRunIds(db.sql, Math.max(IDS_AT_ONCE, count)));
    mine.ids = [...mine.ids, ...more];
  }
  return mine.ids.splice(0, count);
}

/** A repeated call, a taken name or a known point: the long way tells which. */
async function unlessTaken<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await retrying(write);
  } catch (error) {
    if (isUniqueViolation(error)) return undefined;
    throw error;
  }
}
