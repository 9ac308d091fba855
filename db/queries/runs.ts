import type { Access } from "@/core/access";
import { RUN_STATES, type RunState } from "@/core/run";
import type { Database, Sql, Tx } from "../client";
import { readTogether } from "./read-together";
import { visible } from "./visible";

export interface RunRow {
  id: number;
  projectId: number;
  sweepId: string | null;
  name: string;
  displayName: string;
  state: RunState;
  stateReason: string | null;
  stateDetail: string | null;
  generation: number | null;
  /** Decimal. */
  pointIndex: string | null;
  repeat: number;
  /** JSON text. Keys are in jsonb's order: sort them for people. Null when too many rows have too long ones: see `readTogether`. */
  params: string | null;
  attempt: number;
  crashes: number;
  preemptions: number;
  stopRequested: "stop" | "cancel" | "early" | null;
  /** `EarlyStop` as JSON text. */
  earlyStop: string | null;
  exitCode: number | null;
  objective: number | null;
  objectiveStep: number | null;
  feasible: boolean | null;
  createdBy: number | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** When retention took its output, and its history, away. */
  outputDroppedAt: Date | null;
  historyDroppedAt: Date | null;
}

export const runColumns = (sql: Sql | Tx) => sql`
  r.id, r.project_id as "projectId", r.sweep_id as "sweepId", r.name, r.display_name as "displayName", r.state,
  r.state_reason as "stateReason", r.state_detail as "stateDetail", r.generation, r.point_index as "pointIndex",
  r.repeat, ${readTogether(sql, sql`r.params::text`, sql`octet_length(r.params::text)`)} as params, r.attempt, r.crashes, r.preemptions, r.stop_requested as "stopRequested", r.early_stop::text as "earlyStop",
  r.exit_code as "exitCode", r.objective, r.objective_step as "objectiveStep", r.feasible, r.created_by as "createdBy",
  r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt",
  r.output_dropped_at as "outputDroppedAt", r.history_dropped_at as "historyDroppedAt"`;

const seen = (sql: Sql, access: Access) =>
  sql`r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;

/** In any order; unknown, deleted and invisible ones are absent. */
export async function getRuns(db: Database, access: Access, ids: readonly number[]): Promise<RunRow[]> {
  const { sql } = db;
  return sql<RunRow[]>`
    select ${runColumns(sql)} from runs r where r.id = any(${[...ids]}::bigint[]) and ${seen(sql, access)}`;
}

export async function findRun(
  db: Database,
  access: Access,
  { entity, project, name }: { entity: string; project: string; name: string },
): Promise<RunRow | undefined> {
  const { sql } = db;
  const rows = await sql<RunRow[]>`
    select ${runColumns(sql)}
    from runs r join projects p on p.id = r.project_id join entities e on e.id = p.entity_id
    where lower(e.name) = lower(${entity}) and p.name = ${project} and r.name = ${name} and ${seen(sql, access)}`;
  return rows[0];
}

export type RunCounts = Record<RunState, number> & { total: number };

/** Runs by state, for each sweep asked for. */
export async function countRuns(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<Map<string, RunCounts>> {
  const { sql } = db;
  const rows = await sql<{ sweepId: string; state: RunState; count: number }[]>`
    select r.sweep_id as "sweepId", r.state, count(*)::int as count from runs r
    where r.sweep_id = any(${[...sweepIds]}::text[]) and ${seen(sql, access)}
    group by r.sweep_id, r.state`;
  const counts = new Map(sweepIds.map((id) => [id, noRuns()]));
  for (const { sweepId, state, count } of rows) {
    const mine = counts.get(sweepId);
    if (mine === undefined) continue;
    mine[state] = count;
    mine.total += count;
  }
  return counts;
}

const noRuns = (): RunCounts =>
  Object.fromEntries([...RUN_STATES.map((state) => [state, 0]), ["total", 0]]) as RunCounts;

export interface BestPoint {
  runId: number;
  runName: string;
  displayName: string;
  objective: number;
  finishedAt: Date;
  /** Which finished run of the sweep this was, from 1. */
  ordinal: number;
}

/** Of each sweep the finished runs that improved on everything finished before them, in order of time; allowed ones only. */
export async function bestSoFar(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<(BestPoint & { sweepId: string })[]> {
  const { sql } = db;
  return sql<(BestPoint & { sweepId: string })[]>`
    with ranked as (
      select r.sweep_id, r.id, r.name, r.display_name, r.objective, r.finished_at,
        case when s.constrained and r.feasible is not true then null
          when s.metric_goal = 'maximize' then -r.objective else r.objective end as rank,
        row_number() over time as ordinal
      from runs r join sweeps s on s.id = r.sweep_id
      where r.sweep_id = any(${[...sweepIds]}::text[]) and r.finished_at is not null and ${seen(sql, access)}
      window time as (partition by r.sweep_id order by r.finished_at, r.id)
    ), compared as (
      select *, min(rank) over (
        partition by sweep_id order by ordinal rows between unbounded preceding and 1 preceding) as before
      from ranked
    )
    select sweep_id as "sweepId", id as "runId", name as "runName", display_name as "displayName", objective,
      finished_at as "finishedAt", ordinal::int as ordinal
    from compared where rank is not null and (before is null or rank < before)
    order by sweep_id, ordinal`;
}
