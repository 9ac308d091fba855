import type { Access } from "@/core/access";
import type { Database } from "../client";
import { visible } from "./visible";

/** Why a run has the configuration it has. */
export interface SuggestionRow {
  runId: number;
  number: number;
  reason: string;
  /** Results that the search had seen, and events of its log. */
  observed: number;
  seen: number;
  engineVersion: string;
  mean: number | null;
  sd: number | null;
  acquisition: number | null;
  acquisitionName: string | null;
  improvement: number | null;
  computeMs: number | null;
  createdAt: Date;
  takenAt: Date | null;
}

/** Of runs that a search proposed; others are absent. */
export async function suggestionsOfRuns(
  db: Database,
  access: Access,
  runIds: readonly number[],
): Promise<SuggestionRow[]> {
  const { sql } = db;
  return sql<SuggestionRow[]>`
    select r.id as "runId", g.number, g.reason, g.observed, g.seen, g.engine_version as "engineVersion", g.mean, g.sd,
      g.acquisition, g.acquisition_name as "acquisitionName", g.improvement, g.compute_ms as "computeMs", g.created_at as "createdAt",
      g.taken_at as "takenAt"
    from runs r join suggestions g on g.sweep_id = r.sweep_id and g.number = r.suggestion
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}

/** What a sweep's search is at. */
export interface SearchStateRow {
  sweepId: string;
  method: string | null;
  why: string | null;
  results: number;
  events: number;
  spent: boolean;
  ready: number;
  taken: number;
  withdrawn: number;
  fallbacks: number;
}

export async function searchesOfSweeps(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<SearchStateRow[]> {
  const { sql } = db;
  return sql<SearchStateRow[]>`
    select c.sweep_id as "sweepId", c.picked as method, c.picked_why as why, c.results, c.log_length as events, c.spent,
      n.ready, n.taken, n.withdrawn, n.fallbacks
    from searches c join sweeps s on s.id = c.sweep_id
    cross join lateral (
      select count(*) filter (where g.state = 'ready')::int as ready,
        count(*) filter (where g.state = 'taken')::int as taken,
        count(*) filter (where g.state = 'withdrawn')::int as withdrawn,
        count(*) filter (where g.reason = 'fallback')::int as fallbacks
      from suggestions g where g.sweep_id = c.sweep_id) n
    where c.sweep_id = any(${[...sweepIds]}::text[]) and ${visible(sql, access, sql`s.project_id`)}`;
}
