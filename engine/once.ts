import { createHash, randomUUID } from "node:crypto";
import { toCaller } from "@/core/access";
import { AppError, isAppError } from "@/core/errors";
import type { Tx } from "@/db/client";
import { type AnswerRow, readAnswer, reserveAnswer, storeAnswer } from "@/db/queries/idempotency";
import { inTransaction, retrying } from "@/db/transaction";
import type { EngineContext } from "./context";

/** One call of a verb, as far as "have I seen you before?" goes. */
export interface Mutation {
  readonly verb: string;
  /** What the caller asked for; the same id with another input is a mistake of the client. */
  readonly input: unknown;
  readonly clientMutationId?: string | undefined;
}

/**
 * Runs `body` in a transaction, once for each (caller, clientMutationId): a repeated call gets the first call's
 * answer, also when both arrive at the same moment at two servers. A call without an id gets one of its own, so
 * that it can be run again when the connection is lost in mid-commit. Failures are not kept: the transaction
 * rolls back, and a repeated call tries again.
 * @param body gives a JSON value without a secret in it: the answer is kept for IDEMPOTENCY_KEPT_MS
 */
export async function once<T>(
  { db, access }: EngineContext,
  { verb, input, clientMutationId }: Mutation,
  body: (tx: Tx) => Promise<T>,
  options: { makesRoom?: boolean } = {},
): Promise<{ answer: T; repeated: boolean }> {
  const key = { caller: toCaller(access), mutationId: clientMutationId ?? autoMutationId() };
  const inputHash = hashInput(verb, input);
  return inTransaction(
    db,
    async (tx) => {
      if (await reserveAnswer(tx, { ...key, verb, inputHash })) {
        const answer = await body(tx);
        await storeAnswer(tx, { ...key, answer: JSON.stringify(answer) });
        return { answer, repeated: false };
      }
      const known = await readAnswer(tx, key);
      if (known === undefined) throw new Error(`answer ${key.mutationId} vanished between two statements`);
      refuseOtherInput(known, verb, inputHash, key.mutationId);
      return { answer: known.answer as T, repeated: true };
    },
    options,
  );
}

/**
 * For verbs that could not even start again, since what they name is gone afterwards: a repeated call gets the first one's answer, also
 * when that one was done only while this one looked for what it names. `body` uses `once`.
 */
export async function recallOr<T>(
  context: EngineContext,
  mutation: Mutation,
  body: () => Promise<T>,
): Promise<T> {
  const known = await recall<T>(context, mutation);
  if (known !== undefined) return known;
  try {
    return await body();
  } catch (error) {
    const meanwhile = isAppError(error) ? await recall<T>(context, mutation) : undefined;
    if (meanwhile === undefined) throw error;
    return meanwhile;
  }
}

async function recall<T>(
  { db, access }: EngineContext,
  { verb, input, clientMutationId }: Mutation,
): Promise<T | undefined> {
  if (clientMutationId === undefined) return undefined;
  const key = { caller: toCaller(access), mutationId: clientMutationId };
  const known = await retrying(() => readAnswer(db.sql, key));
  if (known === undefined) return undefined;
  refuseOtherInput(known, verb, hashInput(verb, input), clientMutationId);
  return known.answer as T;
}

/** For a call without an id: it may still be run twice when its connection is lost. */
export const autoMutationId = (): string => `auto-${randomUUID()}`;

/** @throws AppError IDEMPOTENCY_MISMATCH */
export function refuseOtherInput(
  known: AnswerRow,
  verb: string,
  inputHash: Uint8Array,
  mutationId: string,
): void {
  if (known.verb === verb && known.inputHash.equals(inputHash)) return;
  throw new AppError(
    "IDEMPOTENCY_MISMATCH",
    `clientMutationId ${JSON.stringify(mutationId)} was used before for ${known.verb === verb ? "another input of " : ""}${known.verb}: give each mutation an id of its own`,
    { details: { clientMutationId: mutationId, verb: known.verb } },
  );
}

/** SHA-256 of the verb and its input, whatever the order of the keys. */
export function hashInput(verb: string, input: unknown): Buffer {
  return createHash("sha256")
    .update(verb)
    .update(JSON.stringify(input, sortKeys) ?? "")
    .digest();
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
