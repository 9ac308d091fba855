import { SEARCHED_METHODS } from "@/compute/search/points";
import type { ProposeAnswer } from "@/compute/threads/protocol";
import type { Database } from "@/db/client";
import { appendLog, type LogRow } from "@/db/queries/search-log";
import {
  ensureSearch,
  findSearching,
  insertSuggestions,
  lockHeldSearch,
  noteSearch,
  readDemand,
  readSearchGeneration,
  type SearchRow,
} from "@/db/queries/searches";
import { inTransaction, retrying } from "@/db/transaction";
import { loadPlan, type Plan } from "../plan";
import { holderOf, whileHolding } from "./hold";
import { tellNews } from "./tell";
import { askThread, noteTold } from "./thread";
import { judgeWinner } from "./winner";

export { closeSearch, isSearchClosed, warmSearch } from "./thread";

/** What a round came to: proposals were stored, none were needed, or another server is at it. */
export type Round = "stored" | "enough" | "elsewhere";

/** Proposals kept ready at most, unless more callers are waiting (design section 6). */
const DEPTH = 8;
/** Agents that will ask within this time get a proposal computed for them. */
const AHEAD_S = 10;
/** Stored together: whoever waits for the first one does not wait for all. */
const SLICE = 4;

/**
 * Tells a search's log what is new and has proposals computed, as many as will be asked for soon. No transaction is open
 * while a thread computes.
 * @param waiting callers that wait for a proposal at this moment
 */
export async function searchRound(db: Database, sweepId: string, waiting: number): Promise<Round> {
  const demand = await retrying(() => readDemand(db.sql, sweepId));
  // What ends after the last proposal was handed out is told as well: the log is all that the search has seen.
  const generation = (demand ?? (await retrying(() => readSearchGeneration(db.sql, sweepId))))?.generation;
  if (generation === undefined) return "enough";
  const plan = await loadPlan(db, db.sql, { sweepId, generation });
  if (plan.points !== null) return "enough";
  if (demand !== undefined) await retrying(() => ensureSearch(db.sql, demand));
  const done = await whileHolding(db, sweepId, async (held) => {
    // Another configuration was put in force since the first line.
    if (held.generation !== generation) return undefined;
    return await work(db, held, plan, waiting);
  });
  return done ?? "elsewhere";
}

async function work(db: Database, held: SearchRow, plan: Plan, waiting: number): Promise<Round> {
  const holder = holderOf(db);
  const { sweepId, generation } = held;
  let stored = false;
  for (;;) {
    const search = await inTransaction(db, async (tx) => {
      const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
      return locked && (await tellNews(tx, locked, plan.config));
    });
    if (search === undefined) return "elsewhere";
    const missing = await countMissing(db, search, waiting);
    if (missing <= 0) {
      // Whoever waits for a proposal does not wait for that.
      if (waiting === 0) await judgeWinner(db, search, plan, { holder, isOver: missing === NO_DEMAND });
      return stored ? "stored" : "enough";
    }
    const count = Math.min(missing, SLICE);
    const answer = await askThread(db, search, plan, (pool, request, signal) =>
      pool.run("propose", { ...request, count }, signal),
    );
    const done = await store(db, search, answer);
    if (!done) return "elsewhere";
    noteTold(db, search, search.logLength + answer.proposals.length);
    stored ||= answer.proposals.length > 0;
    if (answer.proposals.length < count) return stored ? "stored" : "enough";
  }
}

const NO_DEMAND = Number.NEGATIVE_INFINITY;

/**
 * How many more proposals should lie ready. In a steady state a result comes with each claim, so the k-th in line is k results
 * old when its turn comes: no more are made than will be fresh then.
 */
async function countMissing(db: Database, { sweepId, results }: SearchRow, waiting: number): Promise<number> {
  const demand = await retrying(() => readDemand(db.sql, sweepId));
  if (demand === undefined) return NO_DEMAND;
  const { slots, busy, ready, room, runSeconds } = demand;
  const idle = Math.max(0, slots - busy);
  const ending = busy * Math.min(1, AHEAD_S / Math.max(runSeconds ?? 0, 0.001));
  const lasting = results === 0 ? DEPTH : Math.max(1, Math.floor(results / 20));
  const due = Math.min(Math.ceil(idle + ending), DEPTH, lasting);
  return Math.min(Math.max(due, waiting), room ?? Number.POSITIVE_INFINITY) - ready;
}

type Computed = Extract<ProposeAnswer, { known: true }>;

/** Proposals become rows and events of the log in one transaction. @returns false when the search is held by another */
async function store(db: Database, search: SearchRow, answer: Computed): Promise<boolean> {
  const holder = holderOf(db);
  const { sweepId, generation, logLength, results } = search;
  const { proposals, method, version, why } = answer;
  return await inTransaction(db, async (tx) => {
    const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
    if (locked === undefined || locked.logLength !== logLength) return false;
    await insertSuggestions(
      tx,
      locked,
      proposals.map((proposal, i) => ({
        number: proposal.number,
        params: proposal.params ?? "{}",
        hash: proposal.hash ?? "",
        repeat: proposal.repeat ?? 0,
        reason: proposal.reason ?? "model",
        observed: results,
        seen: logLength + i,
        engineVersion: `${method}/${version}`,
        mean: proposal.mean ?? null,
        sd: proposal.sd ?? null,
        acquisition: proposal.acquisition ?? null,
        acquisitionName: proposal.acquisitionName ?? null,
        memory: proposal.memory == null ? null : (JSON.parse(proposal.memory) as number[]),
        computeMs: proposal.computeMs,
        state: "ready" as const,
        told: "proposed" as const,
      })),
    );
    const events = proposals.map(({ number }): LogRow => ({ kind: "proposed", number, details: null }));
    await appendLog(tx, locked, events, 0);
    const spent = proposals.length === 0;
    await noteSearch(tx, { sweepId, spent, picked: method, why });
    return true;
  });
}

/** Sweeps that this server may compute for. */
export const listSearching = (db: Database): Promise<string[]> =>
  retrying(() => findSearching(db.sql, SEARCHED_METHODS));
