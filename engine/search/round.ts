import { randomUUID } from "node:crypto";
import { SEARCHED_METHODS } from "@/compute/search/points";
import { openPool, type Pool } from "@/compute/threads/pool";
import type { ProposeAnswer } from "@/compute/threads/protocol";
import type { Database } from "@/db/client";
import { appendLog, type LogRow, readLog } from "@/db/queries/search-log";
import {
  ensureSearch,
  findSearching,
  holdSearch,
  insertSuggestions,
  lockHeldSearch,
  noteSearch,
  readDemand,
  readSearchGeneration,
  releaseSearch,
  type SearchRow,
} from "@/db/queries/searches";
import { inTransaction, retrying } from "@/db/transaction";
import { loadPlan, type Plan } from "../plan";
import { perDatabase, Recent } from "../recent";
import { tellNews } from "./tell";

/** What a round came to: proposals were stored, none were needed, or another server is at it. */
export type Round = "stored" | "enough" | "elsewhere";

interface Memory {
  readonly pool: Pool;
  /** This server among those of the database. */
  readonly holder: string;
  /** How much of each search's log the thread was told, as far as all it proposed was stored. */
  readonly synced: Recent<string, number>;
}

const memory = perDatabase<Memory>(() => ({
  pool: openPool(),
  holder: randomUUID(),
  synced: new Recent(1_000),
}));

/** A dead holder is replaced after this; longer than any computation may take, and counted anew from each that was stored. */
const HOLD_MS = 30_000;
const COMPUTE_MS = 20_000;
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
  const { holder } = memory(db);
  const plan = await loadPlan(db, db.sql, { sweepId, generation });
  if (plan.points !== null) return "enough";
  if (demand !== undefined) await retrying(() => ensureSearch(db.sql, demand));
  const held = await retrying(() => holdSearch(db.sql, { sweepId, holder, leaseMs: HOLD_MS }));
  if (held === undefined) return "elsewhere";
  try {
    // Another configuration was put in force since the first line.
    if (held.generation !== generation) return "elsewhere";
    return await work(db, held, plan, waiting);
  } finally {
    await releaseSearch(db.sql, { sweepId, holder });
  }
}

async function work(db: Database, held: SearchRow, plan: Plan, waiting: number): Promise<Round> {
  const { holder, synced } = memory(db);
  const { sweepId, generation } = held;
  let stored = false;
  for (;;) {
    const search = await inTransaction(db, async (tx) => {
      const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
      return locked && (await tellNews(tx, locked, plan.config));
    });
    if (search === undefined) return "elsewhere";
    const missing = await countMissing(db, search, waiting);
    if (missing <= 0) return stored ? "stored" : "enough";
    const count = Math.min(missing, SLICE);
    const answer = await compute(db, search, plan, count);
    const done = await store(db, search, answer);
    if (!done) {
      synced.delete(keyOf(search));
      return "elsewhere";
    }
    synced.set(keyOf(search), search.logLength + answer.proposals.length);
    stored ||= answer.proposals.length > 0;
    if (answer.proposals.length < count) return stored ? "stored" : "enough";
  }
}

const keyOf = ({ sweepId, generation }: SearchRow): string => `${sweepId}/${generation}`;

/**
 * How many more proposals should lie ready. In a steady state a result comes with each claim, so the k-th in line is k results
 * old when its turn comes: no more are made than will be fresh then.
 */
async function countMissing(db: Database, { sweepId, results }: SearchRow, waiting: number): Promise<number> {
  const demand = await retrying(() => readDemand(db.sql, sweepId));
  if (demand === undefined) return 0;
  const { slots, busy, ready, room, runSeconds } = demand;
  const idle = Math.max(0, slots - busy);
  const ending = busy * Math.min(1, AHEAD_S / Math.max(runSeconds ?? 0, 0.001));
  const lasting = results === 0 ? DEPTH : Math.max(1, Math.floor(results / 20));
  const due = Math.min(Math.ceil(idle + ending), DEPTH, lasting);
  return Math.min(Math.max(due, waiting), room ?? Number.POSITIVE_INFINITY) - ready;
}

type Computed = Extract<ProposeAnswer, { known: true }>;

async function compute(db: Database, search: SearchRow, plan: Plan, count: number): Promise<Computed> {
  const { pool, synced } = memory(db);
  const { sweepId, generation } = search;
  const key = keyOf(search);
  const ask = async (from: number): Promise<ProposeAnswer> => {
    const events = await retrying(() => readLog(db.sql, { sweepId, from }));
    const request = { key, config: plan.stored, seed: plan.seed, from, events, count };
    return await pool.run("propose", request, AbortSignal.timeout(COMPUTE_MS));
  };
  try {
    const from = synced.get(key) ?? 0;
    let answer = await ask(from);
    if (!answer.known && from > 0) answer = await ask(0);
    if (!answer.known) throw new Error(`the thread refuses the log of sweep ${sweepId}, ${generation}`);
    return answer;
  } catch (error) {
    synced.delete(key);
    throw error;
  }
}

/** Proposals become rows and events of the log in one transaction. @returns false when the search is held by another */
async function store(db: Database, search: SearchRow, answer: Computed): Promise<boolean> {
  const { holder } = memory(db);
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
    await noteSearch(tx, { sweepId, spent, picked: method, why, leaseMs: HOLD_MS });
    return true;
  });
}

/** Sweeps that this server may compute for. */
export const listSearching = (db: Database): Promise<string[]> =>
  retrying(() => findSearching(db.sql, SEARCHED_METHODS));

/** The first claim of a server's life does not wait for a thread to start. */
export const warmSearch = (db: Database): Promise<void> => memory(db).pool.warm();

/** Whether this server computes no more. */
export const isSearchClosed = (db: Database): boolean => memory(db).pool.closed;

/** Ends the thread. */
export const closeSearch = (db: Database): Promise<void> => memory(db).pool.close();
