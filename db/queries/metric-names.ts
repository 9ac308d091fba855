import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import { show } from "@/core/show";
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

/** Names are never forgotten, and pickers and charts go through them: more are a program's mistake, such as a step in a name. */
export const MAX_METRIC_NAMES = 100_000;

/**
 * Ids for all of the names, made where they are new. Sorted, so that two callers never wait for each other in a circle.
 * @throws AppError INPUT_TOO_LARGE when the project has MAX_METRIC_NAMES (callers at the same moment may pass it by as many as they bring)
 */
export async function ensureMetricIds(
  sql: Sql | Tx,
  { projectId, names, max = MAX_METRIC_NAMES }: { projectId: number; names: readonly string[]; max?: number },
): Promise<Map<string, number>> {
  const known = await findMetricIds(sql, { projectId, names });
  const missing = names.filter((name) => !known.has(name)).sort();
  if (missing.length === 0) return known;
  await sql`
    insert into metrics (project_id, name) select ${projectId}::int, name from unnest(${missing}::text[]) name
    where (select count(*) from (select from metrics where project_id = ${projectId} limit ${max}) known)
      + ${missing.length}::int <= ${max}
    on conflict (project_id, name) do nothing`;
  for (const [name, id] of await findMetricIds(sql, { projectId, names: missing })) known.set(name, id);
  const refused = missing.find((name) => !known.has(name));
  if (refused === undefined) return known;
  throw new AppError(
    "INPUT_TOO_LARGE",
    `the metric ${show(refused)} is new, and its project has no room for ${missing.length} more names of metrics: ${max} are kept`,
    { details: { name: refused, max } },
  );
}

export interface NamesQuery {
  /** Only names with this in them, a-z and A-Z being the same. */
  contains?: string | undefined;
  limit: number;
}

/** Names that were ever logged, in the project, in a sweep of it or by some runs, sorted by code point. */
export async function listMetricNames(
  db: Database,
  access: Access,
  scope: { projectId: number } | { sweepId: string } | { runIds: readonly number[] },
  { contains = "", limit }: NamesQuery,
): Promise<string[]> {
  const { sql } = db;
  const inScope = () => {
    if ("projectId" in scope) return sql`m.project_id = ${scope.projectId}`;
    const runs =
      "sweepId" in scope
        ? sql`r.sweep_id = ${scope.sweepId}`
        : sql`r.id = any(${[...scope.runIds]}::bigint[])`;
    return sql`m.id in (
      select s.metric_id from runs r join metric_summaries s on s.run_id = r.id
      where ${runs} and r.deleted_at is null)`;
  };
  const rows = await sql<{ name: string }[]>`
    select m.name from metrics m
    where ${inScope()} and ${visible(sql, access, sql`m.project_id`)}
      and strpos(lower(m.name collate "C"), lower(${contains}::text collate "C")) > 0
    order by m.name collate "C" limit ${limit}`;
  return rows.map((row) => row.name);
}
