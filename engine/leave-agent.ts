import type { Tx } from "@/db/client";
import { markAgentExited } from "@/db/queries/agents";
import { type LockedAttempt, lockAttemptsOfAgent } from "@/db/queries/settle-attempts";
import { tellSettled } from "./after-settling";
import { authorizeProject } from "./authorize";
import { checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { endAttempts } from "./end-attempts";
import { emitChange } from "./events";
import { agentFacts } from "./facts";
import { once } from "./once";

/** An agent says goodbye. What it still held goes back to the queue as preempted, which uses up no retry. */
export async function leaveAgent(
  context: EngineContext,
  input: { agentId: number; clientMutationId?: string | undefined },
): Promise<{ agentId: number; requeued: number }> {
  const { db } = context;
  const agentId = checkId("agentId", input.agentId);
  const { projectId, sweepId } = await agentFacts(db, agentId);
  await authorizeProject(context, projectId, "member");
  let held: LockedAttempt[] = [];
  const { answer } = await once(
    context,
    { verb: "leaveAgent", input: { agentId }, clientMutationId: checkMutationId(input.clientMutationId) },
    async (tx) => {
      held = await leave(context, tx, agentId);
      return { agentId, requeued: held.length };
    },
  );
  emitChange(projectId, sweepId, null, "agent");
  await tellSettled(db, held);
  return answer;
}

async function leave(context: EngineContext, tx: Tx, agentId: number): Promise<LockedAttempt[]> {
  const held = await lockAttemptsOfAgent(tx, agentId);
  await endAttempts(context, tx, held, () => "agent_gone");
  await markAgentExited(tx, agentId);
  return held;
}
