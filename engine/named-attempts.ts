import { AppError } from "@/core/errors";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger } from "./check";
import type { EngineContext } from "./context";
import { manyRunFacts } from "./facts";

export interface NamedAttempt {
  readonly runId: number;
  readonly attempt: number;
}

/** In one call. */
export const MAX_ATTEMPTS = 1_000;

/** Each once. @throws AppError BAD_INPUT */
export function checkAttempts(attempts: unknown): NamedAttempt[] {
  if (!Array.isArray(attempts) || attempts.length > MAX_ATTEMPTS) {
    throw badInput(
      "attempts",
      Array.isArray(attempts) ? attempts.length : attempts,
      `a list of at most ${MAX_ATTEMPTS}`,
    );
  }
  const named = new Map<string, NamedAttempt>();
  for (const one of attempts as { runId: unknown; attempt: unknown }[]) {
    const runId = checkId("attempts.runId", one?.runId);
    const attempt = checkInteger("attempts.attempt", one?.attempt, 1, 1_000_000);
    named.set(`${runId}/${attempt}`, { runId, attempt });
  }
  return [...named.values()];
}

/** May the caller speak for each of them? @throws AppError NOT_FOUND, FORBIDDEN */
export async function authorizeEach(
  context: EngineContext,
  attempts: readonly NamedAttempt[],
): Promise<void> {
  const facts = await manyRunFacts(
    context.db,
    attempts.map(({ runId }) => runId),
  );
  for (const { runId, attempt } of attempts) {
    const run = facts.get(runId);
    if (run === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
    await authorizeAttempt(context, run, attempt, "member");
  }
}
