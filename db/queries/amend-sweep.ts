import type { Tx } from "../client";
import { insertGeneration, type NewGeneration } from "./create-sweep";
import { appendLog } from "./search-log";
import { lockSearch } from "./searches";

/*
 * Another configuration for a sweep that has runs. Its row is locked, as everywhere before its search, so no claim is under way
 * meanwhile; runs at work go on and meet the new configuration with their next word.
 */

/**
 * Puts it in force. The seed stays: points that have a number keep it; and so does what somebody outside said of the end.
 * @param fromStart the numbers of its points mean others than before: the hand-out goes through them anew, and leaves out what has a run
 */
export async function amendGeneration(
  tx: Tx,
  { fromStart, ...sweep }: Omit<NewGeneration, "seed" | "exhausted"> & { fromStart: boolean },
): Promise<void> {
  await tx`
    update sweeps set name = ${sweep.name}, generation = ${sweep.generation}, metric_target = ${sweep.metricTarget},
      targets = ${sweep.targets}::text::jsonb, run_cap = ${sweep.runCap}, budget_hours = ${sweep.budgetHours},
      no_improvement = ${sweep.noImprovement}, least_improvement = ${sweep.leastImprovement},
      size = ${sweep.size}::numeric, cursor = case when ${fromStart} then 0 else cursor end,
      exhausted = coalesce(run_count >= ${sweep.runCap}::int, false)
        or case when ${sweep.outside} then outside and exhausted and not coalesce(run_count >= run_cap, false)
          else coalesce(case when ${fromStart} then 0 else cursor end >= ${sweep.size}::numeric, false) end,
      outside = ${sweep.outside}, changed_xid = pg_current_xact_id()
    where id = ${sweep.sweepId}`;
  await insertGeneration(tx, sweep);
}

/**
 * Its search is another one from here on, which is told the whole log again under the new configuration; what lies ready was
 * proposed under the old one and is withdrawn. Whoever holds the search finds another generation there with its next write.
 * @param anew the space is another one: what models remembered of it means nothing there
 */
export async function amendSearch(
  tx: Tx,
  { sweepId, generation, anew }: { sweepId: string; generation: number; anew: boolean },
): Promise<void> {
  const search = await lockSearch(tx, sweepId);
  if (search === undefined) return;
  const ready = await tx<{ number: number }[]>`
    update suggestions set state = 'withdrawn', told = 'ended'
    where sweep_id = ${sweepId} and state = 'ready' and told <> 'ended'
    returning number`;
  const numbers = ready.map(({ number }) => number).sort((a, b) => a - b);
  await appendLog(
    tx,
    search,
    numbers.map((number) => ({ kind: "withdrawn", number, details: null })),
    0,
  );
  await tx`update searches set generation = ${generation}, spent = false where sweep_id = ${sweepId}`;
  if (anew) await tx`update suggestions set memory = null where sweep_id = ${sweepId} and memory is not null`;
}

/** What runs were compared by under a rule that counts otherwise: places of the new one are others. */
export async function forgetRungs(tx: Tx, sweepId: string): Promise<void> {
  await tx`delete from rungs where sweep_id = ${sweepId}`;
}
