import { isOver } from "@/core/run";
import { killManyWaiting, lockRuns, requestStops } from "@/db/queries/many-runs";
import { tellSettled } from "./after-settling";
import { checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { authorizeRuns, checkRunIds, refuseMissing } from "./many-runs";
import { once, recallOr } from "./once";
import { isRevivable } from "./settle-facts";

/**
 * `stopRun` for many, all or none: those in the queue are killed at once, the holders of running ones learn it with their
 * next heartbeats, those that are over stay what they are.
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function stopRuns(
  context: EngineContext,
  input: { readonly runIds: readonly number[]; readonly clientMutationId?: string | undefined },
): Promise<{ runIds: number[] }> {
  const { db } = context;
  const runIds = checkRunIds(input.runIds);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "stopRuns", input: { runIds }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const runs = await authorizeRuns(context, runIds);
    const { answer, repeated } = await once(context, mutation, async (tx) => {
      const locked = await lockRuns(tx, runIds);
      refuseMissing(runIds, locked);
      const waits = (state: string) => state === "pending" || state === "preempted";
      const waiting = locked.filter(({ runState }) => waits(runState));
      const held = locked.filter((row) => (isOver(row.runState) ? isRevivable(row) : !waits(row.runState)));
      await killManyWaiting(
        tx,
        waiting.map(({ runId }) => runId),
      );
      await requestStops(
        tx,
        held.map(({ runId }) => runId),
      );
      return { runIds };
    });
    if (!repeated) await tellSettled(db, runs);
    return answer;
  });
}
