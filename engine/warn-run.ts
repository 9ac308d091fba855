import { WARNING_CODES } from "@/core/run";
import { addWarnings } from "@/db/queries/run-warnings";
import { inTransaction } from "@/db/transaction";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger, checkOneOf, checkText } from "./check";
import type { EngineContext } from "./context";
import { unknownAttempt } from "./describe-attempt";
import { emitChange } from "./events";
import { runFacts } from "./facts";

export interface WarnRunInput {
  readonly runId: number;
  readonly attempt: number;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** Of a run: who reads more of them? The first ones are kept. */
export const MAX_WARNINGS = 20;
export const MAX_MESSAGE = 500;

/**
 * Something about a run that whoever looks at it should know. A warning given again is the same one.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function warnRun(context: EngineContext, input: WarnRunInput): Promise<{ runId: number }> {
  const { db } = context;
  const { runId, projectId, sweepId } = await runFacts(db, checkId("runId", input.runId));
  const attempt = checkInteger("attempt", input.attempt, 1, 2_147_483_647);
  await authorizeAttempt(context, { runId, projectId }, attempt, "member");
  const warnings = checkWarnings(input.warnings);
  if (warnings.length === 0) return { runId };
  const kept = await inTransaction(db, (tx) =>
    addWarnings(tx, { runId, attempt, warnings, max: MAX_WARNINGS }),
  );
  if (kept === undefined) throw unknownAttempt(runId, attempt);
  if (kept > 0) emitChange(projectId, sweepId, runId, "run");
  return { runId };
}

function checkWarnings(warnings: WarnRunInput["warnings"]): WarnRunInput["warnings"] {
  if (!Array.isArray(warnings) || warnings.length > MAX_WARNINGS) {
    const found = Array.isArray(warnings) ? warnings.length : warnings;
    throw badInput("warnings", found, `a list of at most ${MAX_WARNINGS}`);
  }
  return warnings.map(({ code, message }, i) => ({
    code: checkOneOf(`warnings[${i}].code`, code, WARNING_CODES),
    message: checkText(`warnings[${i}].message`, message, MAX_MESSAGE),
  }));
}
