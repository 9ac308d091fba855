import { objectivesOf } from "@/core/sweep-config";
import type { Demand } from "@/db/queries/search-demand";
import { FRESH_S, MISSABLE_SHARE } from "@/db/queries/searches";
import type { Plan } from "../plan";
import { isWinnerDue } from "./winner";

/** Proposals kept ready at most, unless more callers are waiting (design section 6). */
const DEPTH = 16;
/** Agents that will ask within this time get a proposal computed for them. */
const AHEAD_S = 10;

/**
 * How many more proposals should lie ready. In a steady state a result comes with each claim, so the k-th in line is k results
 * old when its turn comes: no more are made than will be fresh then (`ageOf` of db/queries/searches.ts).
 * @param waiting callers that wait for a proposal at this moment
 */
export function countMissing(demand: Demand, waiting: number): number {
  const { open, slots, busy, ready, room, runSeconds, results } = demand;
  if (!open) return 0;
  const idle = Math.max(0, slots - busy);
  const ending = busy * Math.min(1, AHEAD_S / Math.max(runSeconds ?? 0, 0.001));
  const soon = (busy * FRESH_S) / Math.max(runSeconds ?? FRESH_S, FRESH_S);
  // What lies ready has been computed for a while already: half of the age that it may come to.
  const missable = Math.floor(Math.min(busy / MISSABLE_SHARE, soon) / 2);
  const lasting = results === 0 ? DEPTH : Math.max(1, Math.floor(results / 20), missable);
  const due = Math.min(Math.ceil(idle + ending), DEPTH, lasting);
  return Math.max(0, Math.min(Math.max(due, waiting), room ?? Number.POSITIVE_INFINITY) - ready);
}

/** How long a claim waits for a proposal that is being computed; 2 s is what a model of 1,000 runs may take on a busy machine. */
export const PATIENCE_MS = 2_000;

/** From one proposal to the next, in milliseconds: as runs end, or so that nobody who waits does so for more than a quarter of that. */
export function paceOf({ busy, runSeconds }: Pick<Demand, "busy" | "runSeconds">, waiting: number): number {
  const steady = runSeconds === null || busy === 0 ? Number.POSITIVE_INFINITY : (1_000 * runSeconds) / busy;
  return waiting > 0 ? Math.min(steady, PATIENCE_MS / 4 / waiting) : steady;
}

/** Whether a round would do anything. One that takes place for nothing costs eight statements. */
export function isDue(demand: Demand, plan: Plan, waiting: number): boolean {
  if (plan.points !== null) return false;
  if (demand.news || (!demand.spent && countMissing(demand, waiting) > 0)) return true;
  // How far runs under way have come is compared with the whole of their log, by the round itself.
  const imputes = objectivesOf(plan.config).some(({ imputeWhileRunning }) => imputeWhileRunning !== "false");
  return (imputes && demand.busy > 0) || isWinnerDue(demand, plan, !demand.open);
}
