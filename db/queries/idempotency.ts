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

export async function readAnswer(
  sql: Sql | Tx,
  { caller, mutationId }: MutationKey,
): Promise<AnswerRow | undefined> {
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

export interface NewAnswer extends MutationKey {
  verb: string;
  /** Hex. */
  inputHash: string;
  /** A JSON value, never a secret. */
  answer: unknown;
}

/** Answers of a group, known only after the work, sent at once. One that is there already breaks the transaction off (23505). */
export async function insertAnswers(tx: Tx, answers: readonly NewAnswer[]): Promise<void> {
  if (answers.length === 0) return;
  await tx`
    insert into idempotency_answers (caller, mutation_id, verb, input_hash, answer)
    select caller, "mutationId", verb, decode("inputHash", 'hex'), answer
    from json_to_recordset(${JSON.stringify(answers)}::text::json) as t (
      caller text, "mutationId" text, verb text, "inputHash" text, answer jsonb)`.execute();
}

/** Answers of a group that say of a run what it is no more: it went back into the queue in the same breath. Sent at once. */
export async function amendAnswers(
  tx: Tx,
  answers: readonly (MutationKey & { answer: { readonly runId: number } })[],
): Promise<void> {
  if (answers.length === 0) return;
  await tx`
    update idempotency_answers i set answer = i.answer || jsonb_build_object('state', r.state)
    from unnest(${answers.map(({ caller }) => caller)}::text[], ${answers.map(({ mutationId }) => mutationId)}::text[],
      ${answers.map(({ answer }) => answer.runId)}::bigint[]) t (caller, mutation_id, run_id)
    join runs r on r.id = t.run_id
    where i.caller = t.caller and i.mutation_id = t.mutation_id and r.state = 'pending'`.execute();
}

/** The answers there are to a group of mutations. Sent at once, so behind the lock that was sent before it. */
export async function readAnswers(
  tx: Tx,
  mutations: readonly MutationKey[],
): Promise<(AnswerRow & MutationKey)[]> {
  return tx<(AnswerRow & MutationKey)[]>`
    select caller, mutation_id as "mutationId", verb, input_hash as "inputHash", answer
    from idempotency_answers
    where (caller, mutation_id) in (
      select * from unnest(${mutations.map((one) => one.caller)}::text[],
        ${mutations.map((one) => one.mutationId)}::text[]))`.execute();
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
