import type { Access } from "@/core/access";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

export async function findMetricIds(
  sql: Sql | Tx,
  { projectId, names }: { projectId: number; names: readonly string[] },
): Promise<Map<string, number>> {
  const rows = await sql<{ id: number; name: string }[]>`
    select id, name from metrics where project_id = ${projectId} and name = any(${[...names]}::text[])`;
  return new Map(rows.map(({ id, name }) => [name, id]));
}

/** Ids for all of the names, made where they are new. Sorted, so that two callers never wait for each other in a circle. */
export async function ensureMetricIds(
  sql: Sql | Tx,
  { projectId, names }: { projectId: number; names: readonly string[] },
): Promise<Map<string, number>> {
  const known = await findMetricIds(sql, { projectId, names });
  const missing = names.filter((name) => !known.has(name)).sort();
  if (missing.length === 0) return known;
  await sql`
    insert into metrics (project_id, name) select ${projectId}::int, unnest(${missing}::text[])
    on conflict (project_id, name) do nothing`;
  for (const [name, id] of await findMetricIds(sql, { projectId, names: missing })) known.set(name, id);
  return known;
}

/** Names that were ever logged, in the project, in a sweep of it or by some runs, sorted. */
export async function listMetricNames(
  db: Database,
  access: Access,
  scope: { projectId: number } | { sweepId: string } | { runIds: readonly number[] },
): Promise<string[]> {
  const { sql } = db;
  if ("projectId" in scope) {
    const rows = await sql<{ name: string }[]>`
      select m.name from metrics m
      where m.project_id = ${scope.projectId} and ${visible(sql, access, sql`m.project_id`)}
      order by m.name`;
    return rows.map((row) => row.name);
  }
  const runs =
    "sweepId" in scope ? sql`r.sweep_id = ${scope.sweepId}` : sql`r.id = any(${[...scope.runIds]}::bigint[])`;
  const rows = await sql<{ name: string }[]>`
    select m.name from metrics m where m.id in (
      select s.metric_id from runs r join metric_summaries s on s.run_id = r.id
      where ${runs} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)})
    order by m.name`;
  return rows.map((row) => row.name);
}
