import type { Database, Tx } from "@/db/client";
import { markAgentExited } from "@/db/queries/agents";
import { type LockedAttempt, lockAttemptsOfAgent } from "@/db/queries/settle-attempts";
import { inTransaction } from "@/db/transaction";
import { tellSettled } from "./after-settling";
import { authorizeProject } from "./authorize";
import { checkId } from "./check";
import type { EngineContext } from "./context";
import { endAttempts } from "./end-attempts";
import { emitChange } from "./events";
import { agentFacts } from "./facts";

/** An agent says goodbye. What it still held goes back to the queue as preempted, which uses up no retry. */
export async function leaveAgent(
  context: EngineContext,
  input: { agentId: number },
): Promise<{ agentId: number; requeued: number }> {
  const { db } = context;
  const agentId = checkId("agentId", input.agentId);
  const { projectId, sweepId } = await agentFacts(db, agentId);
  await authorizeProject(context, projectId, "member");
  const held = await inTransaction(db, (tx) => leave(db, tx, agentId));
  emitChange(projectId, sweepId, null, "agent");
  await tellSettled(db, held);
  return { agentId, requeued: held.length };
}

async function leave(db: Database, tx: Tx, agentId: number): Promise<LockedAttempt[]> {
  const held = await lockAttemptsOfAgent(tx, agentId);
  await endAttempts(db, tx, held, () => "agent_gone");
  await markAgentExited(tx, agentId);
  return held;
}
