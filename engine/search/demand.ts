import { objectivesOf } from "@/core/sweep-config";
import type { Demand } from "@/db/queries/search-demand";
import { FRESH_S, MISSABLE_SHARE, NEWER_SHARE } from "@/db/queries/searches";
import type { Plan } from "../plan";
import { isWinnerDue } from "./winner";

/** Proposals kept ready at most, unless more callers are waiting (design section 6). */
const DEPTH = 16;
/** Agents that will ask within this time get a proposal computed for them. */
const AHEAD_S = 10;
/** From a claim to the proposal that takes the place of the one that it took, on a busy machine. */
const REFILL_S = 0.5;
/** Space-filling points cost a third of a millisecond each. */
const MOST_DESIGNED = 512;

/**
 * How many more proposals should lie ready. In a steady state a result comes with each claim, so the k-th in line is k results
 * old when its turn comes: no more are made than will be fresh then (`ageOf` of db/queries/searches.ts). Several at a time, where
 * several are due: the round that makes one costs the database as much as that which makes four.
 * @param waiting callers that wait for a proposal at this moment
 */
export function countMissing(demand: Demand, waiting: number): number {
  const { open, ready, room } = demand;
  if (!open) return 0;
  const due = countDue(demand);
  const short = Math.min(Math.max(due, waiting), room ?? Number.POSITIVE_INFINITY) - ready;
  return waiting > 0 || short >= due / 4 || ready === 0 ? Math.max(0, short) : 0;
}

function countDue(demand: Demand): number {
  const { slots, busy, runSeconds, results } = demand;
  const idle = Math.max(0, slots - busy);
  // Agents come together, more of them follow, and what no model chose does not age.
  if (results === 0) return Math.min(idle, MOST_DESIGNED) + Math.min(slots, DEPTH);
  const ending = busy * Math.min(1, AHEAD_S / Math.max(runSeconds ?? 0, 0.001));
  return Math.min(Math.ceil(idle + ending), DEPTH, countLasting(demand));
}

/** How many the model chooses ahead: as many as will be asked for before they are replaced, and no more than will be fresh then. */
function countLasting({ busy, runSeconds, results }: Demand): number {
  if (runSeconds === null) return Math.max(1, Math.floor(busy / MISSABLE_SHARE / 2));
  const meanwhile = (busy * REFILL_S) / Math.max(runSeconds, REFILL_S);
  // Claims come by chance: no more than this in 95 of 100 such times.
  const asked = meanwhile + 2 * Math.sqrt(meanwhile) + 1;
  // What lies ready has been computed for a while already: half of the age that it may come to.
  const soon = (busy * FRESH_S) / Math.max(runSeconds, FRESH_S);
  const young = Math.max(Math.min(busy / MISSABLE_SHARE, soon), NEWER_SHARE * results) / 2;
  const fresh = Math.max(young, NEWER_SHARE * busy - 1);
  return Math.max(1, Math.floor(Math.min(asked, fresh)));
}

/** How long a claim waits for a proposal that is being computed; 2 s is what a model of 1,000 runs may take on a busy machine. */
export const PATIENCE_MS = 2_000;

/** From one proposal to the next, in milliseconds: as runs end, or so that nobody who waits does so for more than a quarter of that. */
export function paceOf({ busy, runSeconds }: Pick<Demand, "busy" | "runSeconds">, waiting: number): number {
  const steady = runSeconds === null || busy === 0 ? Number.POSITIVE_INFINITY : (1_000 * runSeconds) / busy;
  return waiting > 0 ? Math.min(steady, PATIENCE_MS / 4 / waiting) : steady;
}

/** With as many runs under way what lies ready outlives a result or two. */
const MANY_BUSY = 4 * MISSABLE_SHARE;

/**
 * Whether a round would do anything. One that takes place for nothing costs eight statements.
 * @param patient results are left for the next round that has more to do, where many agents are at work: each is followed by a claim
 */
export function isDue(demand: Demand, plan: Plan, waiting: number, patient = false): boolean {
  if (plan.points !== null) return false;
  if (!demand.spent && countMissing(demand, waiting) > 0) return true;
  if (patient && demand.open && demand.busy >= MANY_BUSY) return false;
  if (demand.news) return true;
  // How far runs under way have come is compared with the whole of their log, by the round itself.
  const imputes = objectivesOf(plan.config).some(({ imputeWhileRunning }) => imputeWhileRunning !== "false");
  return (imputes && demand.busy > 0) || isWinnerDue(demand, plan, !demand.open);
}
