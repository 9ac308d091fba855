import { toCaller } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { authorizeProject, requireUser } from "./authorize";
import { checkId, checkInteger, checkMutationId, checkSweepId } from "./check";
import type { ClaimCall, ClaimRunsAnswer } from "./claim-answers";
import { grantClaims } from "./claim-group";
import type { EngineContext } from "./context";
import { agentFacts } from "./facts";
import { Lane } from "./lane";
import { autoMutationId, hashInput } from "./once";
import { perDatabase } from "./recent";
import { PATIENCE_MS } from "./search/demand";
import { awaitReady, countStored } from "./search/keeper";

export type { Claim, ClaimRunsAnswer, Directive } from "./claim-answers";

export interface ClaimRunsInput {
  readonly sweepId: string;
  readonly agentId: number;
  /** At most this many; fewer when there are no more, or when their parameters are very large. */
  readonly count: number;
  readonly clientMutationId?: string | undefined;
}

export const MAX_CLAIM_COUNT = 1_000;
/** Runs in one transaction. At 250 the statement takes some 25 ms, and the next group gathers meanwhile. */
const MAX_GROUP = 250;

/**
 * Hands out runs of a sweep: requeued ones first, then new points. Exactly once: a repeated call (same
 * clientMutationId) gets the same runs with the same keys.
 * @throws AppError BAD_INPUT, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, AGENT_UNKNOWN, IDEMPOTENCY_MISMATCH, UNAVAILABLE
 */
export async function claimRuns(context: EngineContext, input: ClaimRunsInput): Promise<ClaimRunsAnswer> {
  const { db, access, secret } = context;
  const sweepId = checkSweepId(input.sweepId);
  const agentId = checkId("agentId", input.agentId);
  const count = checkInteger("count", input.count, 1, MAX_CLAIM_COUNT);
  const mutationId = checkMutationId(input.clientMutationId) ?? autoMutationId();
  const { keyId = null } = requireUser(access);
  if (secret === undefined) {
    throw new AppError(
      "UNAUTHENTICATED",
      "claiming runs needs an API key: a browser session has none to derive their keys from",
    );
  }
  const agent = await agentFacts(db, agentId);
  await authorizeProject(context, agent.projectId, "member");
  if (agent.sweepId !== sweepId) {
    throw new AppError(
      "AGENT_UNKNOWN",
      `agent ${agentId} belongs to sweep ${agent.sweepId}, not to ${sweepId}`,
      {
        details: { agentId, sweepId },
      },
    );
  }
  const call = {
    caller: toCaller(access),
    mutationId,
    inputHash: hashInput("claimRuns", [sweepId, agentId, count]),
    agentId,
    count,
    secret,
    keyId,
  };
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const mayFallBack = performance.now() >= deadline;
    const since = countStored(db, sweepId);
    const answer = await laneOf(db, sweepId).push({ ...call, mayFallBack });
    if (!answer.unready || mayFallBack) return answer;
    await awaitReady(context, sweepId, { count, deadline, since });
  }
}

const lanes = perDatabase(() => new Map<string, Lane<ClaimCall, ClaimRunsAnswer>>());

function laneOf(db: Database, sweepId: string): Lane<ClaimCall, ClaimRunsAnswer> {
  const open = lanes(db);
  const known = open.get(sweepId);
  if (known !== undefined) return known;
  if (open.size >= 1_000) for (const [id, lane] of open) if (lane.idle) open.delete(id);
  const lane = new Lane<ClaimCall, ClaimRunsAnswer>(
    (calls) => grantClaims(db, sweepId, calls),
    MAX_GROUP,
    ({ count }) => count,
  );
  open.set(sweepId, lane);
  return lane;
}
