import { isAppError } from "@/core/errors";
import { LEASE_MS } from "@/core/time";
import type { Database, Tx } from "@/db/client";
import {
  type ClaimReading,
  type ClaimWriting,
  type FreshRun,
  type LockedSweep,
  readForClaim,
  writeClaims,
} from "@/db/queries/claim-runs";
import { inShortTransaction, type LastStep } from "@/db/transaction";
import { grantAhead, rememberSweep } from "./claim-ahead";
import {
  type Claim,
  type ClaimCall,
  type ClaimRunsAnswer,
  closedDoor,
  exit,
  type HandedRun,
  noMore,
  nothingQueued,
  paramsOf,
  repeatAnswer,
  runThese,
  toClaim,
  unready,
  wait,
} from "./claim-answers";
import { keyOf, toAnswerRow, toAttempt, toFreshRun } from "./claim-rows";
import { closeSweeps } from "./close-sweeps";
import { emitChange } from "./events";
import { rememberRun } from "./facts";
import { MAX_PARAMS_TOGETHER, type NextPoints, nextPoints } from "./next-points";
import { refuseOtherInput } from "./once";
import { loadPlan, type Plan } from "./plan";
import {
  dealSuggestions,
  markTaken,
  noteSearched,
  type Ready,
  readAhead,
  type Suggested,
} from "./search/deal";
import { tallyOf } from "./tally";
import { isUniqueViolation } from "./unique";

type Answer = ClaimRunsAnswer | Error;

/** A point, a name or a mutation id was there already: starting over knows more each time, so once nearly always suffices. */
const MAX_STARTS = 8;

/** Answers claims that arrived together, in their order, in one transaction. */
export async function grantClaims(
  db: Database,
  sweepId: string,
  calls: readonly ClaimCall[],
): Promise<Answer[]> {
  let careful = false;
  for (let start = 1; ; start++) {
    try {
      const ahead = start === 1 ? await grantAhead(db, sweepId, calls) : undefined;
      if (ahead !== undefined) return ahead;
      const group = await inShortTransaction(db, (tx) => grant(db, tx, sweepId, calls, careful));
      return await afterwards(db, group);
    } catch (error) {
      if (!isUniqueViolation(error) || start >= MAX_STARTS) throw error;
      careful ||= error.constraint_name === "runs_point_key";
    }
  }
}

interface Dealt {
  readonly fresh: readonly FreshRun[];
  readonly handedOut: number;
  /** Nothing new is left; running ones may still come back. */
  readonly exhausted: boolean;
  readonly cursor: string;
  readonly write?: () => Promise<void>;
}

interface Group extends Dealt {
  readonly answers: readonly Answer[];
  readonly sweep: LockedSweep;
}

async function grant(
  db: Database,
  tx: Tx,
  sweepId: string,
  calls: readonly ClaimCall[],
  careful: boolean,
): Promise<LastStep<Group>> {
  const count = calls.reduce((total, { count }) => total + count, 0);
  const read = readForClaim(tx, {
    sweepId,
    count,
    leaseMs: LEASE_MS,
    agentIds: calls.map(({ agentId }) => agentId),
    mutations: calls,
    maxBytes: MAX_PARAMS_TOGETHER,
  });
  // In the same exchange, behind the lock of the sweep.
  const [reading, ready] = await Promise.all([read, readAhead(db, tx, sweepId, count)]);
  const { sweep } = reading;
  if (sweep === undefined) throw new Error(`sweep ${sweepId} vanished`);
  const answers = new Map<ClaimCall, Answer>();
  const { asking, twins } = await sortOut(db, tx, sweepId, calls, reading, answers);
  const door = closedDoor(sweep);
  let dealt: Dealt = { fresh: [], handedOut: 0, exhausted: sweep.exhausted, cursor: sweep.cursor };
  if (door === undefined)
    dealt = await dealOut(db, tx, sweep, asking, { ...reading, ready }, careful, answers);
  else for (const call of asking) answers.set(call, door);
  for (const [later, first] of twins) answers.set(later, answerOfTwin(later, first, answers.get(first)));
  const inOrder = calls.map((call) => answers.get(call) ?? new Error("a claim was left unanswered"));
  return { answer: { ...dealt, sweep, answers: inOrder }, write: dealt.write };
}

/** Answers what needs no run: repeated calls, agents that get none. Twins are duplicates within this very group. */
async function sortOut(
  db: Database,
  tx: Tx,
  sweepId: string,
  calls: readonly ClaimCall[],
  reading: ClaimReading,
  answers: Map<ClaimCall, Answer>,
): Promise<{ asking: ClaimCall[]; twins: [later: ClaimCall, first: ClaimCall][] }> {
  const known = new Map(reading.answers.map((answer) => [keyOf(answer), answer]));
  const asking = new Map<string, ClaimCall>();
  const twins: [ClaimCall, ClaimCall][] = [];
  for (const call of calls) {
    const before = known.get(keyOf(call));
    const twin = asking.get(keyOf(call));
    const closed = reading.closed.get(call.agentId);
    if (before !== undefined) answers.set(call, await orAppError(() => repeatAnswer(db, tx, call, before)));
    else if (twin !== undefined) twins.push([call, twin]);
    else if (closed !== undefined) answers.set(call, noMore(closed, sweepId));
    else asking.set(keyOf(call), call);
  }
  return { asking: [...asking.values()], twins };
}

/** Requeued runs, then new points, to the calls in their order; all of it written by one statement. */
async function dealOut(
  db: Database,
  tx: Tx,
  sweep: LockedSweep,
  asking: readonly ClaimCall[],
  { queued, more, ids, leaseExpiresAt, ready }: ClaimReading & { readonly ready: Ready },
  careful: boolean,
  answers: Map<ClaimCall, Answer>,
): Promise<Dealt> {
  const plan = await loadPlan(db, tx, sweep);
  const wanted = asking.reduce((total, { count }) => total + count, 0);
  const runs: HandedRun[] = [];
  let bytes = 0;
  for (const run of queued.slice(0, wanted)) {
    const params = await paramsOf(db, tx, run);
    bytes += params.length;
    if (bytes > MAX_PARAMS_TOGETHER && runs.length > 0) break;
    runs.push({ ...run, attempt: run.attempt + 1, params });
  }
  const room = more || runs.length < queued.length ? 0 : wanted - runs.length;
  noteSearched(db, sweep.sweepId, plan);
  const next = await choose(tx, plan, sweep, asking, room, careful, ready);
  const fresh = next.points.map((point, i) => toFreshRun(point, ids[i], plan, sweep, i));
  for (const run of fresh) runs.push({ ...run, runId: run.id, attempt: 1 });
  const exhausted = next.spent || isExhausted(plan, sweep, next.cursor, fresh.length);
  const nothing = sweep.outside ? nothingQueued : wait(!exhausted);

  const handed: { call: ClaimCall; claims: Claim[] }[] = [];
  let dealt = 0;
  for (const call of waitedFirst(asking)) {
    const claims = runs
      .slice(dealt, dealt + call.count)
      .map((run) => toClaim(call.secret, run, leaseExpiresAt));
    dealt += claims.length;
    if (claims.length > 0) handed.push({ call, claims });
    const none = next.short > 0 && !exhausted ? unready : nothing;
    answers.set(call, claims.length > 0 ? runThese(claims) : none);
  }
  const outcome = { fresh, handedOut: runs.length, exhausted, cursor: String(next.cursor) };
  if (runs.length === 0 && exhausted === sweep.exhausted && String(next.cursor) === sweep.cursor)
    return outcome;
  const writing: ClaimWriting = {
    sweep,
    fresh,
    attempts: handed.flatMap(({ call, claims }) => claims.map((claim) => toAttempt(call, claim))),
    answers: handed.map(({ call, claims }) => toAnswerRow(call, claims)),
    leaseExpiresAt,
    leaseMs: LEASE_MS,
    cursor: String(next.cursor),
    exhausted,
  };
  return {
    ...outcome,
    write: async () => {
      await Promise.all([writeClaims(tx, writing), markTaken(tx, sweep.sweepId, fresh)]);
    },
  };
}

/** Whoever has waited for a search's proposal as long as one may comes before those who can go on waiting. */
const waitedFirst = (calls: readonly ClaimCall[]): ClaimCall[] =>
  [...calls].sort((a, b) => Number(b.mayFallBack) - Number(a.mayFallBack));

/** New points, from the sweep's own order or from its search; none where somebody outside chooses. */
async function choose(
  tx: Tx,
  plan: Plan,
  sweep: LockedSweep,
  asking: readonly ClaimCall[],
  wanted: number,
  careful: boolean,
  ready: Ready,
): Promise<NextPoints & Pick<Suggested, "spent" | "short">> {
  if (sweep.outside) return { points: [], cursor: BigInt(sweep.cursor), spent: sweep.exhausted, short: 0 };
  if (plan.points !== null) {
    // An earlier generation of the sweep may have run some of its points, and so may runs of before.
    const known = careful || sweep.priors > 0 || sweep.generation > 1;
    const next = await nextPoints(tx, plan.points, sweep, wanted, known);
    return { ...next, spent: false, short: 0 };
  }
  const late = asking.filter(({ mayFallBack }) => mayFallBack);
  const fallbacks = late.reduce((total, { count }) => total + count, 0);
  const known = careful || sweep.priors > 0;
  return await dealSuggestions(tx, plan, sweep, { wanted, careful: known, fallbacks, ready });
}

function isExhausted(
  { points }: Plan,
  { runCap, runCount, outside }: LockedSweep,
  cursor: bigint,
  made: number,
): boolean {
  if (runCap !== null && runCount + made >= runCap) return true;
  return !outside && points !== null && points.size !== null && cursor >= points.size;
}

function answerOfTwin(later: ClaimCall, first: ClaimCall, answer: Answer | undefined): Answer {
  try {
    refuseOtherInput(
      { verb: "claimRuns", inputHash: first.inputHash, answer: null },
      "claimRuns",
      later.inputHash,
      later.mutationId,
    );
    return answer ?? new Error("a claim was left unanswered");
  } catch (error) {
    return error as Error;
  }
}

/** A call's own fault is its own answer; anything else fails the group. */
async function orAppError(answer: () => Promise<ClaimRunsAnswer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}

/** After commit: tell who watches, and see whether a sweep with nothing new left has ended altogether. */
async function afterwards(db: Database, group: Group): Promise<Answer[]> {
  const { answers, sweep, fresh, handedOut, exhausted } = group;
  rememberSweep(db, sweep, group);
  tallyOf(db).claims += handedOut;
  for (const { id, name } of fresh) rememberRun(db, { ...sweep, runId: id, name });
  if (handedOut > 0) emitChange(sweep.projectId, sweep.sweepId, null, "run", "sweep");
  const idle = answers.some((answer) => !(answer instanceof Error) && answer.directive === "WAIT");
  if (!exhausted || (!idle && sweep.exhausted)) return [...answers];
  const closed = await closeSweeps(db, [sweep.sweepId]);
  if (closed.length === 0) return [...answers];
  const over = exit(`sweep ${sweep.sweepId} is finished`);
  return answers.map((answer) => (!(answer instanceof Error) && answer.directive === "WAIT" ? over : answer));
}
