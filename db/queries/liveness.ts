import type { Database, Sql, Tx } from "../client";

/**
 * "The service is up", once a second from every live server. A gap in the beats, or a database that started
 * after `up_since`, was an outage: nobody could extend a lease meanwhile, so `up_since` starts anew and no lease
 * is reaped until one full lease after it.
 */
export async function beat(sql: Sql | Tx, { outageMs }: { outageMs: number }): Promise<void> {
  await sql`
    insert into liveness as l (last_beat_at, up_since) values (clock_timestamp(), clock_timestamp())
    on conflict (id) do update set
      last_beat_at = clock_timestamp(),
      up_since = case
        when l.last_beat_at < clock_timestamp() - ${outageMs}::float8 * interval '1 ms'
          or l.up_since < pg_postmaster_start_time() then clock_timestamp()
        else l.up_since end`;
}

/** Whether the database answers. */
export async function ping({ sql }: Database): Promise<void> {
  await sql`select 1`;
}
