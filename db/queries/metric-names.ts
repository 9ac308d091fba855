import type { Fragment } from "postgres";
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

/** Where names are looked for: each project, or each sweep, has its own. */
export type NamesScope =
  | { readonly projectIds: readonly number[] }
  | { readonly sweepIds: readonly string[] };

/** Charts and columns are of numbers: what is pictures, tables or texts alone has a place of its own (db/queries/media.ts). */
const hasNumbers = (sql: Sql): Fragment => sql`x.count + x.non_finite > 0`;

/** Names that were ever logged in each project, or as a number in each sweep, sorted by code point. */
export async function listMetricNames<Scope extends string | number>(
  db: Database,
  access: Access,
  of: NamesScope,
  { contains = "", limit }: NamesQuery,
): Promise<Map<Scope, string[]>> {
  const { sql } = db;
  const logged =
    "projectIds" in of
      ? sql`m.project_id = s.scope`
      : sql`m.id in (
          select x.metric_id from runs r join metric_summaries x on x.run_id = r.id
          where r.sweep_id = s.scope and r.deleted_at is null and ${hasNumbers(sql)})`;
  const rows = await sql<{ scope: Scope; name: string }[]>`
    select s.scope, n.name
    from ${scopesOf(sql, of)} s cross join lateral (
      select m.name from metrics m
      where ${logged} and strpos(lower(m.name collate "C"), lower(${contains}::text collate "C")) > 0
      order by m.name collate "C" limit ${limit}) n
    where ${visible(sql, access, sql`s.project_id`)}
    order by s.scope, n.name collate "C"`;
  return byScope(rows);
}

/** So many runs of a sweep, the oldest and as many of the newest, tell which metrics it logs. */
const SAMPLED_RUNS = 250;

/**
 * Names under which each sweep's oldest and newest runs logged numbers, sorted by code point: 3 ms, where going through 10,000 runs takes 50, and a
 * page asks with every change.
 */
export async function commonMetricNames(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
  { limit }: { limit: number },
): Promise<Map<string, string[]>> {
  const sample = (order: Fragment) => sql`
    (select r.id from runs r where r.sweep_id >= s.scope and r.sweep_id <= s.scope and r.deleted_at is null
      order by r.sweep_id ${order}, r.id ${order} limit ${SAMPLED_RUNS})`;
  const rows = await sql<{ scope: string; name: string }[]>`
    select s.scope, n.name
    from ${scopesOf(sql, { sweepIds })} s cross join lateral (
      select m.name from metrics m where m.id in (
        select x.metric_id from (${sample(sql`asc`)} union ${sample(sql`desc`)}) r
        join metric_summaries x on x.run_id = r.id and ${hasNumbers(sql)})
      order by m.name collate "C" limit ${limit}) n
    where ${visible(sql, access, sql`s.project_id`)}
    order by s.scope, n.name collate "C"`;
  return byScope(rows);
}

/** A table with a row for each of them: `scope` and `project_id`. */
export const scopesOf = (sql: Sql, of: NamesScope): Fragment =>
  "projectIds" in of
    ? sql`(select p.id as scope, p.id as project_id from projects p where p.id = any(${[...of.projectIds]}::int[]))`
    : sql`(select w.id as scope, w.project_id from sweeps w where w.id = any(${[...of.sweepIds]}::text[]))`;

export function byScope<Scope>(rows: readonly { scope: Scope; name: string }[]): Map<Scope, string[]> {
  const names = new Map<Scope, string[]>();
  for (const { scope, name } of rows) {
    const list = names.get(scope);
    if (list) list.push(name);
    else names.set(scope, [name]);
  }
  return names;
}
