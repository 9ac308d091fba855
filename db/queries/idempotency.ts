import type { Sql, Tx } from "../client";

export interface MutationKey {
  /** `toCaller(access)`. */
  caller: string;
  mutationId: string;
}

export interface AnswerRow {
  verb: string;
  inputHash: Buffer;
  answer: unknown;
}

/**
 * Reserves the mutation's place. A duplicate that arrives meanwhile waits here, on the unique index, until the
 * first has committed (it then reads the answer) or rolled back (it then takes the place).
 * @returns whether the place was free
 */
export async function reserveAnswer(
  tx: Tx,
  { caller, mutationId, verb, inputHash }: MutationKey & { verb: string; inputHash: Uint8Array },
): Promise<boolean> {
  const rows = await tx`
    insert into idempotency_answers (caller, mutation_id, verb, input_hash, answer)
    values (${caller}, ${mutationId}, ${verb}, ${inputHash}, 'null')
    on conflict do nothing returning 1`;
  return rows.length > 0;
}

export async function readAnswer(sql: Sql | Tx, { caller, mutationId }: MutationKey): Promise<AnswerRow | undefined> {
  const rows = await sql<AnswerRow[]>`
    select verb, input_hash as "inputHash", answer from idempotency_answers
    where caller = ${caller} and mutation_id = ${mutationId}`;
  return rows[0];
}

/** @param answer JSON text; never a secret */
export async function storeAnswer(
  tx: Tx,
  { caller, mutationId, answer }: MutationKey & { answer: string },
): Promise<void> {
  await tx`update idempotency_answers set answer = ${answer}::text::jsonb
    where caller = ${caller} and mutation_id = ${mutationId}`;
}

/** @returns how many were deleted; call again while it is `limit` */
export async function deleteOldAnswers(
  sql: Sql | Tx,
  { keptMs, limit }: { keptMs: number; limit: number },
): Promise<number> {
  const rows = await sql`
    delete from idempotency_answers where (caller, mutation_id) in (
      select caller, mutation_id from idempotency_answers
      where created_at < now() - ${keptMs}::float8 * interval '1 ms'
      order by created_at limit ${limit} for update skip locked)
    returning 1`;
  return rows.length;
}
