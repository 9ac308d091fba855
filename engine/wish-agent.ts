import { type AgentWish, writeWish } from "@/db/queries/agents";
import { authorizeProject } from "./authorize";
import { checkId, checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { agentFacts } from "./facts";
import { once } from "./once";

/**
 * What a person wants of one agent; it hears it with its heartbeat, and gets no more runs from now on. drain: it leaves when the
 * runs under way have ended. stop: it hands them back, and leaves.
 * @throws AppError AGENT_UNKNOWN, NOT_FOUND, FORBIDDEN, BAD_INPUT, IDEMPOTENCY_MISMATCH, UNAVAILABLE
 */
export async function wishAgent(
  context: EngineContext,
  input: { agentId: number; wish: AgentWish; clientMutationId?: string | undefined },
): Promise<{ agentId: number }> {
  const { wish } = input;
  const agentId = checkId("agentId", input.agentId);
  const { projectId, sweepId } = await agentFacts(context.db, agentId);
  await authorizeProject(context, projectId, "member");
  const { answer } = await once(
    context,
    { verb: `${wish}Agent`, input: { agentId }, clientMutationId: checkMutationId(input.clientMutationId) },
    async (tx) => {
      await writeWish(tx, { agentId, wish });
      return { agentId };
    },
  );
  emitChange(projectId, sweepId, null, "agent");
  return answer;
}
