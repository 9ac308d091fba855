import { toCaller } from "@/core/access";
import { FINISH_STATES, type FinishState, type RunReason } from "@/core/run";
import type { Database } from "@/db/client";
import { authorizeAttempt } from "./authorize";
import { badInput, checkId, checkInteger, checkMutationId, checkOneOf, maybeText } from "./check";
import type { EngineContext } from "./context";
import { runFacts } from "./facts";
import { type FinishCall, type FinishRunAnswer, finishGroup } from "./finish-group";
import { Lane } from "./lane";
import { hashInput } from "./once";
import { perDatabase } from "./recent";

export type { FinishRunAnswer } from "./finish-group";

export interface FinishRunInput {
  readonly runId: number;
  readonly attempt: number;
  /** How the attempt ended; whether the run goes out again is for the server to say. */
  readonly state: FinishState;
  readonly exitCode?: number | undefined;
  /** A word for programs, e.g. exit_code or signal; the server's own when absent. */
  readonly reason?: string | undefined;
  /** A sentence for people. */
  readonly detail?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

/** Runs in one transaction. */
const MAX_GROUP = 100;

/**
 * The end of an attempt. Saying the same twice is no mistake, with or without a clientMutationId.
 * @throws AppError STALE_ATTEMPT when another attempt has taken over, or this one ended otherwise; NOT_FOUND,
 *   FORBIDDEN, BAD_INPUT, IDEMPOTENCY_MISMATCH, UNAVAILABLE
 */
export async function finishRun(context: EngineContext, input: FinishRunInput): Promise<FinishRunAnswer> {
  const { db, access, log } = context;
  const { clientMutationId, ...asked } = input;
  const runId = checkId("runId", input.runId);
  const attempt = checkInteger("attempt", input.attempt, 1, 1_000_000);
  const state = checkOneOf("state", input.state, FINISH_STATES);
  const exitCode =
    input.exitCode == null ? null : checkInteger("exitCode", input.exitCode, -(2 ** 31), 2 ** 31 - 1);
  const reason = refuseServersWord(maybeText("reason", input.reason, 100));
  const detail = maybeText("detail", input.detail, 2_000);
  const mutationId = checkMutationId(clientMutationId);
  await authorizeAttempt(context, await runFacts(db, runId), attempt, "member");
  return laneOf(db).push({
    runId,
    attempt,
    state,
    exitCode,
    reason,
    detail,
    caller: toCaller(access),
    mutationId,
    inputHash: hashInput("finishRun", asked),
    log,
  });
}

/** An ending for these reasons may be taken back by a heartbeat: nobody but the server can say that a lease ran out. */
const SERVERS_WORDS: readonly string[] = ["lease_expired", "silent"] satisfies RunReason[];

function refuseServersWord(reason: string | null): string | null {
  if (reason === null || !SERVERS_WORDS.includes(reason)) return reason;
  throw badInput("reason", reason, "a reason of the client's own, such as exit_code or signal");
}

const laneOf = perDatabase(
  (db: Database) => new Lane<FinishCall, FinishRunAnswer>((calls) => finishGroup(db, calls), MAX_GROUP),
);
