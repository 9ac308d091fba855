import { AppError } from "@/core/errors";
import { writeAttemptFacts } from "@/db/queries/attempt-facts";
import { inTransaction } from "@/db/transaction";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger, toStorableText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts } from "./facts";

export interface DescribeAttemptInput {
  readonly runId: number;
  readonly attempt: number;
  /** A JSON object: argv, cwd, host, packages, git ... (docs/api.md lists them). */
  readonly facts?: unknown;
  /** What the working tree had beside its commit. */
  readonly diff?: string | undefined;
}

export const MAX_FACTS_BYTES = 64 * 1024;
export const MAX_DIFF_BYTES = 256 * 1024;
/** Facts have three levels; what is read again and again shall not be a tower. */
const MAX_DEPTH = 16;

/**
 * What an attempt was, for whoever wants to do it again. The last description wins, so that it may be sent again; what is too long is refused: its
 * sender knows best where to cut.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN, UNAVAILABLE
 */
export async function describeAttempt(
  context: EngineContext,
  input: DescribeAttemptInput,
): Promise<{ runId: number; attempt: number }> {
  const { db } = context;
  const run = await runFacts(db, checkId("runId", input.runId));
  const attempt = checkInteger("attempt", input.attempt, 1, 2_147_483_647);
  await authorizeAttempt(context, run, attempt, "member");
  const facts = checkFacts(input.facts);
  const diff = input.diff == null || input.diff === "" ? null : checkDiff(input.diff);
  const there = await inTransaction(db, (tx) =>
    writeAttemptFacts(tx, { runId: run.runId, attempt, facts, diff }),
  );
  if (!there) throw unknownAttempt(run.runId, attempt);
  emitChange(run.projectId, run.sweepId, run.runId, "run");
  return { runId: run.runId, attempt };
}

export const unknownAttempt = (runId: number, attempt: number): AppError =>
  new AppError("NOT_FOUND", `run ${runId} has no attempt ${attempt}, or was deleted`, {
    details: { runId, attempt },
  });

/** @returns JSON text that PostgreSQL can hold */
function checkFacts(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badInput("facts", value, "a JSON object");
  const text = JSON.stringify(toStorable("facts", value, 1));
  refuseLonger("facts", Buffer.byteLength(text), MAX_FACTS_BYTES);
  return text;
}

function checkDiff(value: unknown): string {
  if (typeof value !== "string") throw badInput("diff", value, "text");
  refuseLonger("diff", Buffer.byteLength(value), MAX_DIFF_BYTES);
  return toStorableText(value);
}

function refuseLonger(name: string, bytes: number, max: number): void {
  if (bytes <= max) return;
  throw new AppError("INPUT_TOO_LARGE", `${name} has ${bytes} bytes, expected at most ${max}: cut it`, {
    details: { name, bytes, max },
  });
}

function toStorable(name: string, value: unknown, depth: number): unknown {
  if (typeof value === "string") return toStorableText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) throw badInput(name, `nested deeper than that`, `at most ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => toStorable(name, item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [toStorableText(key), toStorable(name, item, depth + 1)]),
  );
}
