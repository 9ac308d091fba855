import { SEARCHED_METHODS } from "@/compute/search/points";
import type { ProposeAnswer } from "@/compute/threads/protocol";
import type { Database } from "@/db/client";
import { type Demand, readAllDemands, readDemand } from "@/db/queries/search-demand";
import { appendLog, type LogRow } from "@/db/queries/search-log";
import {
  ensureSearch,
  insertSuggestions,
  lockHeldSearch,
  noteSearch,
  type SearchRow,
} from "@/db/queries/searches";
import { inTransaction, retrying } from "@/db/transaction";
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

/**
 * Tells a search's log what is new and has proposals computed, as many as will be asked for soon. No transaction is open
 * while a thread computes. When there is nothing to do it costs one statement.
 * @param waiting tells how many callers wait for a proposal
 */
export async function searchRound(db: Database, sweepId: string, waiting: () => number): Promise<Round> {
  const demand = await retrying(() => readDemand(db.sql, sweepId));
  if (demand === undefined) return "enough";
  const plan = await loadPlan(db, db.sql, demand);
  if (!isDue(demand, plan, waiting())) return "enough";
  if (!demand.known) await retrying(() => ensureSearch(db.sql, demand));
  const done = await whileHolding(db, sweepId, async (held) => {
    // Another configuration was put in force since the first line.
    if (held.generation !== demand.generation) return undefined;
    return await work(db, demand, plan, waiting);
  });
  return done ?? "elsewhere";
}

async function work(db: Database, first: Demand, plan: Plan, waiting: () => number): Promise<Round> {
  const { sweepId, generation } = first;
  const holder = holderOf(db);
  let round: Round = "enough";
  let withinMs = SLICE_MS;
  for (let demand = first; ; ) {
    const began = performance.now();
    const told = await inTransaction(db, async (tx) => {
      const locked = await lockHeldSearch(tx, { sweepId, holder, generation });
      return locked && (await tellNews(tx, locked, plan.config));
    });
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
    if (length > 0) round = "stored";
    if (answer.spent) return round;
    const next = await retrying(() => readDemand(db.sql, sweepId));
    if (next === undefined || !isDue(next, plan, waiting())) return round;
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
        improvement: proposal.gain,
        memory: proposal.memory == null ? null : (JSON.parse(proposal.memory) as number[]),
        computeMs: proposal.computeMs,
        state: "ready" as const,
        told: "proposed" as const,
      })),
    );
    const events = proposals.map(({ number, details }): LogRow => ({ kind: "proposed", number, details }));
    await appendLog(tx, locked, events, 0);
    const spent = proposals.length === 0;
    await noteSearch(tx, { sweepId, spent, picked: method, why });
    return true;
  });
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
