import type { Sql, Tx } from "../client";

/** Makes sure that the row is there to be held. */
export async function ensureChore(sql: Sql | Tx, name: string): Promise<void> {
  await sql`insert into chores (name) values (${name}) on conflict do nothing`;
}

/** @returns how far it came; undefined while another server is at it, or it is not due */
export async function holdChore(tx: Tx, name: string): Promise<number | undefined> {
  const rows = await tx<{ position: number }[]>`
    select position from chores where name = ${name} and due_at <= clock_timestamp() for update skip locked`;
  return rows[0]?.position;
}

export async function advanceChore(tx: Tx, name: string, position: number): Promise<void> {
  await tx`update chores set position = ${position} where name = ${name}`;
}

/** The round is over; the next one begins after `everyMs`. */
export async function finishChore(tx: Tx, name: string, everyMs: number): Promise<void> {
  await tx`
    update chores set position = 0, due_at = clock_timestamp() + ${everyMs}::float8 * interval '1 ms'
    where name = ${name}`;
}
