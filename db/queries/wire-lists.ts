import type { Access } from "@/core/access";
import type { Position } from "@/core/filter/position";
import type { MongoFilter } from "@/core/mongo-filter";
import type { Database } from "../client";
import { toKeyset } from "./keyset";
import { type Listed, readListPages } from "./list-page";
import { toMongoCondition } from "./mongo-sql";
import { visible } from "./visible";

/* Sweeps and agents as another protocol's clients list them. */

/** A page of a project's sweeps, newest first: which ones, and where each stands. */
export async function listWireSweeps(
  { sql }: Database,
  access: Access,
  projectId: number,
  { filter, first, after }: { filter?: MongoFilter | undefined; first: number; after?: Position | undefined },
): Promise<{ sweeps: readonly Listed<{ id: string }>[]; more: boolean }> {
  const pages = await readListPages<{ id: string }, number>(
    sql,
    {
      asked: sql`(select p.id as scope from projects p where p.id = ${projectId}::int and ${visible(sql, access, sql`p.id`)}) asked`,
      found: sql`from sweeps s where s.project_id = asked.scope and ${filter ? toMongoCondition(sql, filter, SOURCE(sql)) : sql`true`}`,
      filtered: filter !== undefined,
      keyset: toKeyset(
        sql,
        [{ operand: { of: "field", name: "createdAt", field: { kind: "time" } }, direction: "desc" }],
        { value: () => sql`s.created_at` },
        { value: sql`s.id`, type: "text" },
      ),
      columns: sql`f.id`,
      tables: sql``,
    },
    { length: first, after },
  );
  const page = pages.get(projectId);
  return { sweeps: page?.rows ?? [], more: page?.more ?? false };
}

const SOURCE = (sql: Database["sql"]): Parameters<typeof toMongoCondition>[2] => ({
  value({ name }) {
    switch (name) {
      case "name":
        return sql`s.id`;
      case "state":
        return sql`upper(s.state)`;
      case "method":
        return sql`s.method`;
      case "displayName":
        return sql`s.name`;
      case "createdAt":
        return sql`s.created_at`;
      case "username":
        return sql`(select ue.name from users u join entities ue on ue.id = u.entity_id where u.id = s.created_by)`;
      default:
        throw new RangeError(`sweeps have no field ${name} in SQL`);
    }
  },
});

export async function countSweeps({ sql }: Database, access: Access, projectId: number): Promise<number> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count from sweeps s
    where s.project_id = ${projectId}::int and ${visible(sql, access, sql`s.project_id`)}`;
  return rows[0]?.count ?? 0;
}

/** What is known of a sweep beyond its row: by its runs, its agents, and who asked for it. */
export interface SweepNews {
  id: string;
  /** The best result so far, by the sweep's goal. */
  best: number | null;
  heartbeatAt: Date | null;
  description: string | null;
}

export async function readSweepNews(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<Map<string, SweepNews>> {
  const best = (order: "asc" | "desc") => sql`(
    select r.objective from runs r where r.sweep_id = s.id and r.objective is not null and r.deleted_at is null
      and (not s.constrained or r.feasible) order by r.objective ${order === "asc" ? sql`` : sql`desc`} limit 1)`;
  const rows = await sql<SweepNews[]>`
    select s.id, case when s.metric_goal = 'maximize' then ${best("desc")} else ${best("asc")} end as best,
      (select max(a.last_heartbeat_at) from agents a where a.sweep_id = s.id) as "heartbeatAt",
      (select w.description from wire_sweeps w where w.sweep_id = s.id) as description
    from sweeps s where s.id = any(${[...sweepIds]}::text[]) and ${visible(sql, access, sql`s.project_id`)}`;
  return new Map(rows.map((row) => [row.id, row]));
}

export interface WireAgentRow {
  id: number;
  sweepId: string;
  projectId: number;
  host: string;
  state: "alive" | "lost" | "exited";
  /** Runs that it was ever given. */
  totalRuns: number;
  createdAt: Date;
  heartbeatAt: Date;
}

/** Of a sweep, oldest first; or the one that is named. */
export async function listWireAgents(
  { sql }: Database,
  access: Access,
  { sweepId, agentId }: { sweepId: string; agentId?: number },
): Promise<WireAgentRow[]> {
  return sql<WireAgentRow[]>`
    select a.id, a.sweep_id as "sweepId", s.project_id as "projectId", a.host, a.state, a.created_at as "createdAt",
      a.last_heartbeat_at as "heartbeatAt", coalesce(t.runs, 0) as "totalRuns"
    from sweeps s join agents a on a.sweep_id = s.id
    left join (
      select x.agent_id, count(distinct x.run_id)::int as runs
      from runs r join attempts x on x.run_id = r.id where r.sweep_id = ${sweepId} and r.deleted_at is null group by x.agent_id
    ) t on t.agent_id = a.id
    where s.id = ${sweepId} and ${agentId === undefined ? sql`true` : sql`a.id = ${agentId}::int`}
      and ${visible(sql, access, sql`s.project_id`)}
    order by a.id limit ${MAX_AGENTS}`;
}
const MAX_AGENTS = 10_000;
