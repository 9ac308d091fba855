import type { Sql, Tx } from "../client";

export interface Backoff {
  bucket: string;
  /** So many failures cost nothing. */
  free: number;
  firstMs: number;
  maxMs: number;
  /** Without a failure for so long it starts anew. */
  forgottenMs: number;
}

/**
 * Takes one try, which counts as a failure until it is given back: of many that come at once, on whatever server, no
 * more get through than one after another would. The first `free` block nothing, each further one twice as long as the
 * one before.
 * @returns 0, or for how many ms the bucket is blocked: no try was taken then
 */
export async function takeTry(sql: Sql | Tx, given: Backoff): Promise<number> {
  const rows = await sql<{ taken: boolean; blockedMs: number }[]>`
    with taken as (
      insert into sign_in_failures as f (bucket, failures, last_at) values (${given.bucket}, 1, clock_timestamp())
      on conflict (bucket) do update set (failures, last_at, blocked_until) = (
        select n, clock_timestamp(), case when n > ${given.free}::int then clock_timestamp() + least(${given.maxMs}::float8,
          ${given.firstMs}::float8 * 2 ^ least(n - ${given.free}::int - 1, 30)) * interval '1 ms' end
        from (select case when f.last_at < clock_timestamp() - ${given.forgottenMs}::float8 * interval '1 ms'
          then 1 else least(f.failures, 1000000) + 1 end as n) counted)
      where coalesce(f.blocked_until <= clock_timestamp(), true)
      returning 1)
    select exists (select from taken) as taken, coalesce((
      select extract(epoch from blocked_until - clock_timestamp())::float8 * 1000 from sign_in_failures
      where bucket = ${given.bucket}), 0) as "blockedMs"`;
  const { taken = false, blockedMs = 0 } = rows[0] ?? {};
  return taken ? 0 : Math.max(1, Math.ceil(blockedMs));
}

/** The try was no failure. */
export async function giveBackTry(sql: Sql | Tx, { bucket, free }: Backoff): Promise<void> {
  await sql`
    update sign_in_failures set failures = greatest(failures - 1, 0),
      blocked_until = case when failures - 1 > ${free}::int then blocked_until end
    where bucket = ${bucket}`;
}

export async function clearFailures(sql: Sql | Tx, buckets: readonly string[]): Promise<void> {
  await sql`delete from sign_in_failures where bucket = any(${[...buckets]}::text[])`;
}
