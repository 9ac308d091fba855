import type { SweepState } from "@/core/sweep";
import type { Sql } from "../client";
import type { AgentWish } from "./agents";

export interface HeldNews {
  runId: number;
  attempt: number;
  stopRequested: "stop" | "cancel" | "early" | null;
  /** False where its run was deleted. */
  live: boolean;
}

export interface AgentNews {
  agentId: number;
  agentState: "alive" | "lost" | "exited";
  wish: AgentWish | null;
  sweepState: SweepState;
  commands: HeldNews[];
}

/** What the holder of runs that somebody wants stopped shall know, as JSON: of an agent `a` that a statement reads. */
export const heldCommands = (sql: Sql) => sql`(
  select json_agg(json_build_object('runId', h.run_id, 'attempt', h.number, 'stopRequested', hr.stop_requested, 'live', true))
  from attempts h join runs hr on hr.id = h.run_id and hr.attempt = h.number
  where h.agent_id = a.id and h.ended_at is null and hr.stop_requested is not null and hr.deleted_at is null)`;

/**
 * Of waiting agents, those to whom there is something to say: a run that they hold shall end, one that they named was deleted, or they
 * themselves shall leave. Usually nobody. 200 agents with 4 runs each take 3 ms.
 */
export async function readAgentNews(
  sql: Sql,
  waiting: readonly {
    agentId: number;
    attempts: readonly { readonly runId: number; readonly attempt: number }[];
  }[],
): Promise<Map<number, AgentNews>> {
  const ids = [...new Set(waiting.map(({ agentId }) => agentId))];
  const named = waiting.flatMap(({ agentId, attempts }) =>
    attempts.map(({ runId, attempt }) => ({ agentId, runId, attempt })),
  );
  const rows = await sql<
    (Omit<AgentNews, "commands"> & { held: HeldNews[] | null; gone: HeldNews[] | null })[]
  >`
    with gone as (
      select n.agent_id, json_agg(json_build_object('runId', n.run_id, 'attempt', n.number,
        'stopRequested', r.stop_requested, 'live', false)) as commands
      from unnest(${named.map(({ agentId }) => agentId)}::int[], ${named.map(({ runId }) => runId)}::bigint[],
        ${named.map(({ attempt }) => attempt)}::int[]) as n (agent_id, run_id, number)
      join runs r on r.id = n.run_id where r.deleted_at is not null
        and r.id = any(${named.map(({ runId }) => runId)}::bigint[])
      group by n.agent_id
    )
    select * from (
      select a.id as "agentId", a.state as "agentState", a.wish, s.state as "sweepState",
        ${heldCommands(sql)} as held, g.commands as gone
      from agents a join sweeps s on s.id = a.sweep_id left join gone g on g.agent_id = a.id
      where a.id = any(${ids}::int[])
    ) news
    where held is not null or gone is not null or wish is not null or "agentState" = 'exited' or "sweepState" = 'canceled'`;
  return new Map(
    rows.map(({ held, gone, ...row }) => [
      row.agentId,
      { ...row, commands: [...(held ?? []), ...(gone ?? [])] },
    ]),
  );
}
