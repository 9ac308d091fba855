import { createHash } from "node:crypto";
import type { Tx } from "@/db/client";
import {
  findRecentWireSweep,
  insertWireAgent,
  insertWireSweep,
  noteGiven,
  noteMissed,
  noteSeen,
  noteSent,
  noteStopHeard,
  readResumedWireName,
} from "@/db/queries/wire";
import { inTransaction, retrying } from "@/db/transaction";
import { type Claim, type ClaimRunsAnswer, claimRuns } from "./claim-runs";
import type { EngineContext } from "./context";
import { type CreateSweepInput, createSweep } from "./create-sweep";
import { type RegisterAgentAnswer, type RegisterAgentInput, registerAgent } from "./register-agent";

/*
 * Verbs for clients that know neither fencing tokens nor mutation ids (gateway/wandb): what they repeat is told by what they say.
 */

/** Asked for again within it, a sweep is the same one: wandb's client tries five documents, and again after 19 s of silence. */
const SAME_SWEEP_MS = 60_000;

/** `createSweep` for a caller that repeats itself. @throws AppError as `createSweep` does */
export async function createWireSweep(
  context: EngineContext,
  input: Omit<CreateSweepInput, "clientMutationId"> & { description?: string | undefined },
): Promise<{ sweepId: string; warnings: readonly { message: string }[]; repeated: boolean }> {
  const { db, access } = context;
  const { description, ...asked } = input;
  const keyId = access.kind === "user" ? (access.keyId ?? null) : null;
  const inputHash = createHash("sha256").update(JSON.stringify(asked)).digest();
  const find = (tx: Tx) => findRecentWireSweep(tx, { keyId, inputHash, withinMs: SAME_SWEEP_MS });
  const known = await inTransaction(db, find);
  if (known !== undefined) return { sweepId: known, warnings: [], repeated: true };
  // Two at once: the second gets the first one's answer by the mutation id, which is the same within the same minute.
  const minute = Math.floor(Date.now() / SAME_SWEEP_MS);
  const clientMutationId = `wire-${minute}-${inputHash.toString("hex").slice(0, 40)}`;
  const made = await createSweep(context, { ...asked, clientMutationId });
  await inTransaction(db, (tx) =>
    insertWireSweep(tx, { sweepId: made.sweepId, keyId, inputHash, description: description ?? null }),
  );
  return { ...made, repeated: false };
}

/** @throws AppError as `registerAgent` does */
export async function registerWireAgent(
  context: EngineContext,
  input: RegisterAgentInput,
): Promise<RegisterAgentAnswer> {
  const answer = await registerAgent(context, input);
  await inTransaction(context.db, (tx) => insertWireAgent(tx, answer.agentId));
  return answer;
}

/** A run for an agent that names what it holds by words alone. */
export interface WireClaim extends Claim {
  readonly wireName: string;
  /** It goes on under the name that it had. */
  readonly resumes: boolean;
}

/**
 * Claims one run and gives it a name on the wire. Asked twice at once it is the same run; one whose answer was lost is found among what
 * the agent holds (`readHeldWireAttempts`).
 * @param before how many the agent had ever been given, read before what it holds: a claim that is noted in between is then either held
 *   or this very one, never a second run for the same question
 * @throws AppError as `claimRuns` does
 */
export async function claimWireRun(
  context: EngineContext,
  { sweepId, agentId, before }: { sweepId: string; agentId: number; before: number },
): Promise<Omit<ClaimRunsAnswer, "claims"> & { claim: WireClaim | undefined }> {
  const { db } = context;
  const { claims, ...answer } = await claimRuns(context, {
    ...{ sweepId, agentId, count: 1 },
    clientMutationId: `wire-${agentId}-${before}`,
  });
  const [claim] = claims;
  if (claim === undefined) return { ...answer, claim: undefined };
  const { runId, attempt, name } = claim;
  const earlier =
    attempt > 1 ? await retrying(() => readResumedWireName(db.sql, { runId, attempt })) : undefined;
  const wireName = earlier ?? (attempt === 1 ? name : `${name}-a${attempt}`);
  await inTransaction(db, (tx) => noteGiven(tx, { runId, attempt, agentId, wireName }));
  return { ...answer, claim: { ...claim, wireName, resumes: earlier !== undefined } };
}

/** Once more: its answer may have been lost. */
export const sentWireRun = (
  { db }: EngineContext,
  given: { runId: number; attempt: number; agentId: number; wireName: string },
): Promise<void> => inTransaction(db, (tx) => noteSent(tx, given));

/** Its agent names it, or its process has spoken: it has begun. */
export const seenWireRuns = (
  { db }: EngineContext,
  attempts: readonly { runId: number; attempt: number }[],
): Promise<void> => retrying(() => noteSeen(db.sql, attempts));

/** Its agent left it out of a beat. */
export const missedWireRuns = (
  { db }: EngineContext,
  attempts: readonly { runId: number; attempt: number }[],
): Promise<void> => retrying(() => noteMissed(db.sql, attempts));

/** Its agent was heard of while somebody wants it stopped. */
export const heardOfStop = (
  { db }: EngineContext,
  attempt: { runId: number; attempt: number },
): Promise<void> => retrying(() => noteStopHeard(db.sql, attempt));
