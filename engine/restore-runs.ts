import { AppError } from "@/core/errors";
import type { Tx } from "@/db/client";
import { lockSweep } from "@/db/queries/close-sweeps";
import type { RunFacts } from "@/db/queries/facts";
import { markRunsDeleted, uncountRuns } from "@/db/queries/many-runs";
import { lockDeletedRuns, readDeletedRuns, unmarkDeleted } from "@/db/queries/restore-runs";
import { retrying } from "@/db/transaction";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { checkRunIds, groupBy, refuseMissing, unknown } from "./many-runs";
import { once, recallOr } from "./once";

/** Who deleted the wrong runs notices soon; what was deleted on purpose must not come back. */
export const RESTORABLE_MS = 10 * 60_000;

/**
 * Takes a deletion of the last ten minutes back, of all runs or none: they are what they were, and counted again. Those that were
 * under way were ended by the deletion and stay killed. A point of a grid that went into the queue for a deleted run leaves it again;
 * where another run was started with that point meanwhile, there would be two of it, and nothing is done.
 * @throws AppError NOT_FOUND (also when they were never deleted, or too long ago), FORBIDDEN, ILLEGAL_MOVE, BAD_INPUT
 */
export async function restoreRuns(
  context: EngineContext,
  input: { readonly runIds: readonly number[]; readonly clientMutationId?: string | undefined },
): Promise<{ runIds: number[] }> {
  const runIds = checkRunIds(input.runIds);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "restoreRuns", input: { runIds }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const runs = await authorizeDeleted(context, runIds);
    const { answer, repeated } = await once(context, mutation, async (tx) => {
      await restore(tx, runs);
      for (const [projectId, ofProject] of groupBy(runs, (run) => run.projectId)) {
        const named = ofProject.map(({ runId, name, sweepId }) => ({ runId, name, sweepId }));
        await audit(tx, context, "run.restore", `${named.length} runs`, { runs: named }, { projectId });
      }
      return { runIds };
    });
    if (!repeated)
      for (const [sweepId, [first]] of groupBy(runs, (run) => run.sweepId))
        if (first) emitChange(first.projectId, sweepId, null, "run", "sweep");
    return answer;
  });
}

async function authorizeDeleted(context: EngineContext, runIds: readonly number[]): Promise<RunFacts[]> {
  const { db } = context;
  const runs = await retrying(() => readDeletedRuns(db.sql, runIds, { withinMs: RESTORABLE_MS }));
  refuseMissing(runIds, runs);
  for (const [projectId, [first]] of groupBy(runs, (run) => run.projectId))
    await authorizeProject(context, projectId, "member", () => unknown(first?.runId ?? 0));
  return runs;
}

/** Sweeps first, then runs, as everywhere. */
async function restore(tx: Tx, runs: readonly RunFacts[]): Promise<void> {
  const inSweeps = groupBy(runs, ({ sweepId }) => sweepId);
  const sweepIds = [...inSweeps.keys()].filter((id) => id !== null).sort();
  for (const sweepId of sweepIds) await lockSweep(tx, sweepId);
  const runIds = runs.map(({ runId }) => runId);
  const locked = await lockDeletedRuns(tx, runIds);
  refuseMissing(runIds, locked.runs);
  const taken = locked.rivals.find(({ waits }) => !waits);
  if (taken !== undefined) {
    throw new AppError(
      "ILLEGAL_MOVE",
      `run ${taken.of} can't come back: run ${taken.name} was started with its parameters meanwhile. Nothing was done`,
      { details: { runId: taken.of, by: taken.runId } },
    );
  }
  if (locked.rivals.length > 0)
    await markRunsDeleted(
      tx,
      locked.rivals.map(({ runId }) => runId),
      { filesStayMs: RESTORABLE_MS },
    );
  await unmarkDeleted(tx, runIds);
  for (const sweepId of sweepIds) {
    const gone = locked.rivals.filter((rival) => rival.sweepId === sweepId).length;
    await uncountRuns(tx, { sweepId, count: gone - (inSweeps.get(sweepId)?.length ?? 0) });
  }
}
