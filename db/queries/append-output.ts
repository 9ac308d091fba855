import type { Tx } from "../client";
import type { AttemptKey } from "./append-history";

export interface OutputPiece {
  stream: "stdout" | "stderr";
  /** Milliseconds since 1970, when its first character was written. */
  time: number;
  text: string;
}

export interface LockedOutput extends AttemptKey {
  lastBatch: number;
  /** Lines taken from a client that numbers lines. */
  lines: number;
  bytes: number;
  current: number;
  /** It was given up for its silence: this is a sign of life. */
  silent: boolean;
  /** Retention took its output away after it had ended: nothing that comes now is kept. */
  dropped: boolean;
}

/** The attempt alone is locked: output changes nothing about the run. */
export async function lockOutput(tx: Tx, { runId, attempt }: AttemptKey): Promise<LockedOutput | undefined> {
  const rows = await tx<LockedOutput[]>`
    select a.run_id as "runId", a.number as attempt, a.last_output_batch as "lastBatch", a.output_lines as lines,
      a.output_bytes as bytes,
      r.attempt as current,
      a.ended_at is not null and a.lease_expires_at is null and coalesce(a.reason = 'silent', false) as silent,
      coalesce(a.ended_at < r.output_dropped_at, false) as dropped
    from attempts a join runs r on r.id = a.run_id
    where a.run_id = ${runId} and a.number = ${attempt} and r.deleted_at is null
    for no key update of a`;
  return rows[0];
}

export async function appendOutput(
  tx: Tx,
  {
    runId,
    attempt,
    batch,
    lines,
    bytes,
    pieces,
  }: AttemptKey & { batch: number; lines: number; bytes: number; pieces: readonly OutputPiece[] },
): Promise<void> {
  await Promise.all([
    pieces.length > 0 &&
      tx`
      insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
      select ${runId}, ${attempt}, ${batch}, k.piece, k.stream, to_timestamp(k.time / 1000), k.text
      from unnest(${pieces.map((_, i) => i)}::int[], ${pieces.map((piece) => piece.stream)}::text[],
        ${pieces.map((piece) => piece.time)}::float8[], ${pieces.map((piece) => piece.text)}::text[])
        k (piece, stream, time, text)`,
    tx`
      update attempts set last_output_batch = ${batch}, output_lines = ${lines}, output_bytes = ${bytes}, last_contact_at = now(),
        changed_xid = pg_current_xact_id()
      where run_id = ${runId} and number = ${attempt}`,
  ]);
}
