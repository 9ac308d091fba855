import type { Database } from "../client";

export interface VitalSigns {
  running: number;
  queued: number;
  agents: number;
  connections: { state: string; count: number }[];
  databaseBytes: number;
}

/** Numbers of the whole database, from small partial indexes and the catalog: some milliseconds, however many runs there are. */
export async function readVitalSigns({ sql }: Database): Promise<VitalSigns> {
  const [row] = await sql<Omit<VitalSigns, "connections">[]>`
    select (select count(*) from attempts where ended_at is null) as running,
      (select count(*) from runs where state = 'pending' and deleted_at is null and queued_at is not null) as queued,
      (select count(*) from agents where state = 'alive') as agents,
      pg_database_size(current_database()) as "databaseBytes"`;
  const connections = await sql<VitalSigns["connections"]>`
    select coalesce(state, 'other') as state, count(*)::int as count from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' group by 1`;
  if (row === undefined) throw new Error("a select without from returned no row");
  return { ...row, connections };
}
