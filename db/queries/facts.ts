import type { Sql, Tx } from "../client";

/** What never changes about a sweep, a run or an agent: read once, then remembered by each server. */

export interface SweepFacts {
  sweepId: string;
  projectId: number;
  entity: string;
  project: string;
}

export async function readSweepFacts(sql: Sql | Tx, sweepId: string): Promise<SweepFacts | undefined> {
  const rows = await sql<SweepFacts[]>`
    select s.id as "sweepId", s.project_id as "projectId", e.name as entity, p.name as project
    from sweeps s join projects p on p.id = s.project_id join entities e on e.id = p.entity_id
    where s.id = ${sweepId}`;
  return rows[0];
}

export interface RunFacts {
  runId: number;
  projectId: number;
  sweepId: string | null;
  generation: number | null;
  name: string;
}

/** Deleted runs are unknown. */
export async function readRunFacts(sql: Sql | Tx, runIds: readonly number[]): Promise<RunFacts[]> {
  return sql<RunFacts[]>`
    select id as "runId", project_id as "projectId", sweep_id as "sweepId", generation, name
    from runs where id = any(${[...runIds]}::bigint[]) and deleted_at is null`;
}

export interface AgentFacts {
  agentId: number;
  sweepId: string;
  projectId: number;
}

export async function readAgentFacts(sql: Sql | Tx, agentId: number): Promise<AgentFacts | undefined> {
  const rows = await sql<AgentFacts[]>`
    select a.id as "agentId", a.sweep_id as "sweepId", s.project_id as "projectId"
    from agents a join sweeps s on s.id = a.sweep_id where a.id = ${agentId}`;
  return rows[0];
}

/** The configuration a sweep had in one generation, as `serializeConfig` wrote it, with its seed. */
export async function readGeneration(
  sql: Sql | Tx,
  { sweepId, generation }: { sweepId: string; generation: number },
): Promise<{ config: string; seed: string } | undefined> {
  const rows = await sql<{ config: string; seed: string }[]>`
    select g.config::text as config, s.seed
    from sweep_generations g join sweeps s on s.id = g.sweep_id
    where g.sweep_id = ${sweepId} and g.generation = ${generation}`;
  return rows[0];
}
