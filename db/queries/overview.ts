import type { Access } from "@/core/access";
import type { Database } from "../client";
import type { AgentRow } from "./agents";
import { type RunRow, runColumns } from "./runs";
import { visible } from "./visible";

/** Reads for many parents at once: a page that lists sweeps or runs asks each of these once, however long it is. */

/** The best run so far of each sweep; sweeps without one are absent. The earlier of equals. */
export async function bestRuns(db: Database, access: Access, sweepIds: readonly string[]): Promise<RunRow[]> {
  const { sql } = db;
  return sql<RunRow[]>`
    select distinct on (r.sweep_id) ${runColumns(sql)} from runs r join sweeps s on s.id = r.sweep_id
    where r.sweep_id = any(${[...sweepIds]}::text[]) and r.objective is not null and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by r.sweep_id, case when s.metric_goal = 'maximize' then -r.objective else r.objective end, r.id`;
}

/** All agents of the sweeps, living ones first, the newest MAX_AGENTS of each. */
export async function agentsOfSweeps(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<AgentRow[]> {
  const { sql } = db;
  return sql<AgentRow[]>`
    with counted as (
      select agent_id, count(*) filter (where ended_at is null)::int as holding,
        count(*) filter (where state = 'finished')::int as done,
        count(*) filter (where state in ('failed', 'crashed'))::int as failed
      from attempts where sweep_id = any(${[...sweepIds]}::text[]) group by agent_id
    ), ranked as (
      select a.*, row_number() over (partition by a.sweep_id order by a.state, a.id desc) as rank
      from agents a join sweeps s on s.id = a.sweep_id
      where a.sweep_id = any(${[...sweepIds]}::text[]) and ${visible(sql, access, sql`s.project_id`)}
    )
    select a.id, a.sweep_id as "sweepId", a.host, a.pid, a.slots, a.version, a.state, a.created_at as "createdAt",
      a.last_heartbeat_at as "lastHeartbeatAt", coalesce(c.holding, 0) as holding, coalesce(c.done, 0) as done,
      coalesce(c.failed, 0) as failed
    from ranked a left join counted c on c.agent_id = a.id
    where a.rank <= ${MAX_AGENTS} order by a.sweep_id, a.rank`;
}
const MAX_AGENTS = 1_000;

/** Runs that the agents hold at the moment. */
export async function runsOfAgents(
  db: Database,
  access: Access,
  agentIds: readonly number[],
): Promise<(RunRow & { agentId: number })[]> {
  const { sql } = db;
  return sql<(RunRow & { agentId: number })[]>`
    select a.agent_id as "agentId", ${runColumns(sql)} from attempts a join runs r on r.id = a.run_id
    where a.agent_id = any(${[...agentIds]}::int[]) and a.ended_at is null and a.number = r.attempt
      and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by a.agent_id, r.id`;
}

/** Who holds, or held last, each run: its current attempt's agent. */
export async function agentsOfRuns(
  db: Database,
  access: Access,
  runIds: readonly number[],
): Promise<{ runId: number; agentId: number }[]> {
  const { sql } = db;
  return sql<{ runId: number; agentId: number }[]>`
    select r.id as "runId", a.agent_id as "agentId" from runs r
    join attempts a on a.run_id = r.id and a.number = r.attempt
    where r.id = any(${[...runIds]}::bigint[]) and a.agent_id is not null and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}

/**
 * Which run of its sweep each one is, from 1, deleted ones counted too so that a number never changes. It walks
 * the index (sweep, id) from its start: 10,000 runs take 2 ms.
 */
export async function runOrdinals(
  { sql }: Database,
  runs: readonly { id: number; sweepId: string }[],
): Promise<Map<number, number>> {
  const sweepIds = [...new Set(runs.map(({ sweepId }) => sweepId))];
  const rows = await sql<{ id: number; ordinal: number }[]>`
    select id, ordinal::int as ordinal from (
      select id, row_number() over (partition by sweep_id order by id) as ordinal
      from runs where sweep_id = any(${sweepIds}::text[])
    ) numbered where id = any(${runs.map(({ id }) => id)}::bigint[])`;
  return new Map(rows.map(({ id, ordinal }) => [id, ordinal]));
}

/** The newest sweeps of each project: ids only, the rows come by id. */
export async function newestSweeps(
  db: Database,
  access: Access,
  { projectIds, first }: { projectIds: readonly number[]; first: number },
): Promise<{ projectId: number; id: string; createdAt: Date }[]> {
  const { sql } = db;
  return sql<{ projectId: number; id: string; createdAt: Date }[]>`
    select p.id as "projectId", s.id, s.created_at as "createdAt"
    from unnest(${[...projectIds]}::int[]) p(id) cross join lateral (
      select s.id, s.created_at from sweeps s
      where s.project_id = p.id and ${visible(sql, access, sql`s.project_id`)}
      order by s.created_at desc, s.id desc limit ${first}
    ) s order by p.id, s.created_at desc, s.id desc`;
}

export async function countSweeps(
  db: Database,
  access: Access,
  projectIds: readonly number[],
): Promise<Map<number, number>> {
  const { sql } = db;
  const rows = await sql<{ projectId: number; count: number }[]>`
    select s.project_id as "projectId", count(*)::int as count from sweeps s
    where s.project_id = any(${[...projectIds]}::int[]) and ${visible(sql, access, sql`s.project_id`)}
    group by s.project_id`;
  return new Map(rows.map(({ projectId, count }) => [projectId, count]));
}

export async function countProjects(
  db: Database,
  access: Access,
  { entityId }: { entityId?: number } = {},
): Promise<number> {
  const { sql } = db;
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from projects p
    where ${visible(sql, access, sql`p.id`)} and ${entityId === undefined ? sql`true` : sql`p.entity_id = ${entityId}`}`;
  return rows[0]?.count ?? 0;
}
