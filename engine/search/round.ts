import { SEARCHED_METHODS } from "@/compute/search/points";
import type { ComputedProposal, ProposeAnswer } from "@/compute/threads/protocol";
import type { Database } from "@/db/client";
import { type Demand, readAllDemands, readDemand } from "@/db/queries/search-demand";
import { appendLog, type LogRow } from "@/db/queries/search-log";
import {
  ensureSearch,
  insertSuggestions,
  lockHeldSearch,
  type NewSuggestion,
  noteSearch,
  type SearchRow,
} from "@/db/queries/searches";
import { inShortTransaction, retrying } from "@/db/transaction";
import { closeSweeps } from "../close-sweeps";
import { loadPlan, type Plan } from "../plan";
import { perDatabase, Recent } from "../recent";
import { countMissing, isDue, paceOf } from "./demand";
import { holderOf, whileHolding } from "./hold";
import { tellNews } from "./tell";
import { askThread, noteTold } from "./thread";
import { judgeWinner } from "./winner";

export { closeSearch, isSearchClosed, warmSearch } from "./thread";

/** What a round came to: proposals were stored, none were needed, or another server is at it. */
export type Round = "stored" | "enough" | "elsewhere";

/** Proposals are stored together that take no longer than this: points of a design by the hundred, a model's by ones and twos. */
const SLICE_MS = 150;
/** But no less than the rest of the round took, so that a slow database does not leave the thread idle; up to this. */
const LONGEST_SLICE_MS = 500;

export interface Asked {
  /** How many callers wait for a proposal. */
  readonly waiting: () => number;
  /** Is called whenever some were stored. */
  readonly tellStored: () => void;
  /** See `isDue`. */
  readonly patient: boolean;
}

/**
 * Tells a search's log what is new and has proposals computed, as many as will be asked for soon. No transaction is open
 * while a thread computes. When there is nothing to do it costs one statement.
 */
export async function searchRound(db: Database, sweepId: string, asked: Asked): Promise<Round> {
  const demand = await retrying(() => readDemand(db.sql, sweepId));
  if (demand === undefined) return "enough";
  const plan = await loadPlan(db, db.sql, demand);
  if (!isDue(demand, plan, asked.waiting(), asked.patient)) return "enough";
  if (!demand.known) await retrying(() => ensureSearch(db.sql, demand));
  const done = await whileHolding(db, sweepId, async (held) => {
    // Another configuration was put in force since the first line.
    if (held.generation !== demand.generation) return undefined;
    return await work(db, demand, plan, asked);
  });
  return done ?? "elsewhere";
}

async function work(db: Database, first: Demand, plan: Plan, { waiting, tellStored }: Asked): Promise<Round> {
  const { sweepId, generation } = first;
  const holder = holderOf(db);
  let round: Round = "enough";
  let withinMs = SLICE_MS;
  for (let demand = first; ; ) {
    const began = performance.now();
    const told = await inShortTransaction(db, (tx) =>
      tellNews(tx, { sweepId, holder, generation }, plan.config),
    );
    if (told === undefined) return "elsewhere";
    const { search, ready } = told;
    const missing = countMissing({ ...demand, results: search.results, ready }, waiting());
    if (missing === 0) {
      // Whoever waits for a proposal does not wait for that.
      if (waiting() === 0) await judgeWinner(db, search, plan, { holder, isOver: !demand.open });
      return round;
    }
    const paceMs = paceOf(demand, waiting());
    const asked = performance.now();
    const answer = await askThread(db, search, plan, (pool, request, signal) =>
      pool.run("propose", { ...request, count: missing, withinMs, paceMs }, signal),
    );
    const answered = performance.now();
    const done = await store(db, search, answer);
    if (!done) return "elsewhere";
    if (plan.config.budget?.until?.expectedImprovement !== undefined) await closeSweeps(db, [sweepId]);
    const { length } = answer.proposals;
    noteTold(db, search, search.logLength + length);
    if (length > 0) {
      round = "stored";
      tellStored();
    }
    if (answer.spent) return round;
    const next = await retrying(() => readDemand(db.sql, sweepId));
    if (next === undefined || !isDue(next, plan, waiting(), true)) return round;
    demand = next;
    const rest = performance.now() - answered + (asked - began);
    withinMs = Math.min(Math.max(SLICE_MS, rest), LONGEST_SLICE_MS);
  }
}

type Computed = Extract<ProposeAnswer, { known: true }>;

/** Proposals become rows and events of the log in one transaction. @returns false when the search is held by another */
async function store(db: Database, search: SearchRow, answer: Computed): Promise<boolean> {
  const holder = holderOf(db);
  const { sweepId, generation, logLength, results } = search;
  const { proposals, method, version, why } = answer;
  return await inShortTransaction(db, async (tx) => {
    const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
    if (locked?.logLength !== logLength) return { answer: false };
    const events = proposals.map(({ number, details }): LogRow => ({ kind: "proposed", number, details }));
    const spent = proposals.length === 0;
    const write = () =>
      Promise.all([
        insertSuggestions(tx, locked, proposals.map(toSuggestion)),
        appendLog(tx, locked, events, 0),
        noteSearch(tx, { sweepId, spent, picked: method, why }),
      ]);
    return { answer: true, write };
  });

  function toSuggestion(proposal: ComputedProposal, i: number): NewSuggestion {
    return {
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
      improvement: proposal.gain,
      memory: proposal.memory == null ? null : (JSON.parse(proposal.memory) as number[]),
      computeMs: proposal.computeMs,
      state: "ready",
      told: "proposed",
    };
  }
}

export interface Searching {
  readonly sweepId: string;
  /** A round would do something. */
  readonly due: boolean;
}

/** Runs may go on for hours when their sweep has ended; so long after the last of them its result is told to the search. */
const BUSY_KEPT_MS = 60_000;
/** Sweeps that had runs under way a moment ago. */
const seenBusy = perDatabase(() => new Recent<string, true>(10_000, BUSY_KEPT_MS));

/** Sweeps that this server may compute for, in one statement for all of them. */
export async function listSearching(db: Database): Promise<Searching[]> {
  const busy = seenBusy(db);
  const demands = await retrying(() => readAllDemands(db.sql, SEARCHED_METHODS, busy.keys()));
  for (const demand of demands) if (demand.busy > 0) busy.set(demand.sweepId, true);
  return Promise.all(
    demands.map(async (demand) => {
      const plan = await loadPlan(db, db.sql, demand).catch(() => undefined);
      // What is wrong with a plan is told by the round that it makes impossible.
      return { sweepId: demand.sweepId, due: plan === undefined || isDue(demand, plan, 0) };
    }),
  );
}
