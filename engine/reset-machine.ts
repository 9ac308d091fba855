import { liftQuarantine } from "@/db/queries/machines";
import { authorizeProject } from "./authorize";
import { checkMutationId, checkSweepId, checkText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";

/**
 * A machine that was quarantined for its failures gets runs of the sweep again: somebody has looked after it.
 * @returns whether it was in quarantine
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT, IDEMPOTENCY_MISMATCH, UNAVAILABLE
 */
export async function resetMachine(
  context: EngineContext,
  input: { sweepId: string; host: string; clientMutationId?: string | undefined },
): Promise<{ sweepId: string; lifted: boolean }> {
  const sweepId = checkSweepId(input.sweepId);
  const host = checkText("host", input.host, 255);
  const { projectId } = await sweepFacts(context.db, sweepId);
  await authorizeProject(context, projectId, "member");
  const { answer, repeated } = await once(
    context,
    {
      verb: "resetMachine",
      input: { sweepId, host },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => ({ sweepId, lifted: await liftQuarantine(tx, { sweepId, host }) }),
  );
  if (!repeated) emitChange(projectId, sweepId, null, "agent", "sweep");
  return answer;
}
