import { markPreempting as mark } from "@/db/queries/settle-attempts";
import { inTransaction } from "@/db/transaction";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { authorizeEach, checkAttempts } from "./named-attempts";

/**
 * Whoever holds these attempts says that their processes may vanish (a spot machine's notice, a batch system's signal). One that then ends
 * otherwise than well, or falls silent, was preempted: its run goes back into the queue and uses up no retry. An attempt that is over, or
 * another's by now, is left alone.
 * @returns how many are marked by this call
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function markPreempting(
  context: EngineContext,
  input: { attempts: readonly { readonly runId: number; readonly attempt: number }[] },
): Promise<{ marked: number }> {
  const attempts = checkAttempts(input.attempts);
  await authorizeEach(context, attempts);
  if (attempts.length === 0) return { marked: 0 };
  const marked = await inTransaction(context.db, (tx) => mark(tx, attempts));
  for (const { projectId, sweepId, runId } of marked) emitChange(projectId, sweepId, runId, "run", "sweep");
  return { marked: marked.length };
}
