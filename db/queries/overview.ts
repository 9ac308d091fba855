import type { Access } from "@/core/access";
import type { Database } from "../client";
import { type AgentRow, agentColumns } from "./agents";
import { type RunRow, runColumns } from "./runs";
import { visible } from "./visible";

/** Reads for many parents at once: a page that lists sweeps or runs asks each of these once, however long it is. */

/**
 * The best run so far of each sweep, of those that its constraints on metrics allow; sweeps without one are absent. The earlier of
 * equals.
 */
export async function bestRuns(db: Database, access: Access, sweepIds: readonly string[]): Promise<RunRow[]> {
  const { sql } = db;
  return sql<RunRow[]>`
    select ${runColumns(sql)} from (
      select distinct on (b.sweep_id) b.id from runs b join sweeps s on s.id = b.sweep_id
      where b.sweep_id = any(${[...sweepIds]}::text[]) and b.objective is not null and b.deleted_at is null
        and (not s.constrained or b.feasible) and ${visible(sql, access, sql`b.project_id`, sql`b.id`)}
      order by b.sweep_id, case when s.metric_goal = 'maximize' then -b.objective else b.objective end, b.id
    ) best join runs r on r.id = best.id`;
}

/** All agents of the sweeps, living ones first, the newest MAX_AGENTS of each. */
export async function agentsOfSweeps(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
  { states }: { states?: readonly AgentRow["state"][] } = {},
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
        and ${states === undefined ? sql`true` : sql`a.state = any(${[...states]}::text[])`}
    )
    select ${agentColumns(sql)}, coalesce(c.holding, 0) as holding, coalesce(c.done, 0) as done,
      coalesce(c.failed, 0) as failed
    from ranked a left join counted c on c.agent_id = a.id
    where a.rank <= ${MAX_AGENTS} order by a.sweep_id, a.rank`;
}
const MAX_AGENTS = 1_000;

/** A run that an agent holds, and where it has it. */
export type HeldRun = RunRow & { agentId: number; slot: number | null; device: string | null };

/** Runs that the agents hold at the moment, in the order of their slots. */
export async function runsOfAgents(
  db: Database,
  access: Access,
  agentIds: readonly number[],
): Promise<HeldRun[]> {
  const { sql } = db;
  return sql<HeldRun[]>`
    select a.agent_id as "agentId", a.slot, a.device, ${runColumns(sql)} from attempts a join runs r on r.id = a.run_id
    where a.agent_id = any(${[...agentIds]}::int[]) and a.ended_at is null and a.number = r.attempt
      and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
    order by a.agent_id, a.slot nulls last, r.id`;
}
