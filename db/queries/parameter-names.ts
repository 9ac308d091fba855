import type { Access } from "@/core/access";
import type { Database } from "../client";
import { byScope, type NamesQuery, type NamesScope, scopesOf } from "./metric-names";
import { visible } from "./visible";

/** Runs of one sweep have the same parameters but for their conditions, so the newest tell them all. */
const RUNS_LOOKED_THROUGH = 1_000;

/**
 * Names of parameters as filters take them, sorted by code point: through groups down to what is none, with dots between.
 * A name of the first level is found as it is; a dot in a name below one is written `\.`.
 */
export async function listParameterNames<Scope extends string | number>(
  db: Database,
  access: Access,
  of: NamesScope,
  { contains = "", limit }: NamesQuery,
): Promise<Map<Scope, string[]>> {
  const { sql } = db;
  const inScope = "projectIds" in of ? sql`r.project_id = s.scope` : sql`r.sweep_id = s.scope`;
  const rows = await sql<{ scope: Scope; name: string }[]>`
    select s.scope, n.name
    from ${scopesOf(sql, of)} s cross join lateral (
      with recursive newest as (
        select r.params from runs r
        where ${inScope} and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
        order by r.id desc limit ${RUNS_LOOKED_THROUGH}
      ), walk (name, depth, value) as (
        select e.key, 1, e.value from newest, jsonb_each(newest.params) e
        union
        select case w.depth when 1 then replace(w.name, '.', '\\.') else w.name end || '.' || replace(e.key, '.', '\\.'),
          w.depth + 1, e.value
        from walk w, jsonb_each(case jsonb_typeof(w.value) when 'object' then w.value else '{}' end) e
        where w.depth < 20
      )
      select distinct w.name collate "C" as name from walk w
      where jsonb_typeof(w.value) <> 'object'
        and strpos(lower(w.name collate "C"), lower(${contains}::text collate "C")) > 0
      order by 1 limit ${limit}) n
    order by s.scope, n.name`;
  return byScope(rows);
}
