import type { Access } from "@/core/access";
import type { RunState } from "@/core/run";
import type { Database, Sql, Tx } from "../client";
import { visible } from "./visible";

/** A run as another protocol's clients want it: its row, its project's names, what its client says of it, and the counts of its lines. */
export interface WireRunRow {
  id: number;
  name: string;
  displayName: string;
  state: RunState;
  projectId: number;
  project: string;
  entity: string;
  sweepId: string | null;
  user: string | null;
  tags: readonly string[];
  notes: string | null;
  /** JSON texts. `params` are the sweep's own, or those of a run by hand. */
  params: string;
  config: string | null;
  summary: string | null;
  group: string | null;
  jobType: string | null;
  program: string | null;
  host: string | null;
  commit: string | null;
  repo: string | null;
  exitCode: number | null;
  stopRequested: "stop" | "cancel" | "early" | null;
  attempt: number;
  /** Of the history that the run shows, also where its own attempt has added nothing to it yet. */
  lastStep: number | null;
  historyLines: number;
  outputLines: number;
  eventLines: number;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  heartbeatAt: Date | null;
}

/** @param records false leaves out what is long, and is not asked for by lists */
export const wireRunColumns = (sql: Sql | Tx, { records = true }: { records?: boolean } = {}) => sql`
  r.id, r.name, r.display_name as "displayName", r.state, r.project_id as "projectId", p.name as project, e.name as entity,
  r.sweep_id as "sweepId",
  (select ue.name from users u join entities ue on ue.id = u.entity_id
    where u.id = coalesce(r.created_by, (select s.created_by from sweeps s where s.id = r.sweep_id))) as user,
  array(select t.tag from run_tags t where t.run_id = r.id order by t.tag collate "C") as tags,
  (select n.text from run_notes n where n.run_id = r.id) as notes,
  r.params::text as params, ${records ? sql`k.config::text` : sql`null`} as config,
  ${records ? sql`k.summary::text` : sql`null`} as summary, k.group_name as "group", k.job_type as "jobType",
  k.program, coalesce(k.host, a.host, (select x.host from agents x where x.id = a.agent_id)) as host, k.commit, k.repo,
  r.exit_code as "exitCode", r.stop_requested as "stopRequested", r.attempt,
  coalesce(a.last_step, a.resumed_from_step) as "lastStep",
  coalesce(a.history_lines, 0) as "historyLines", coalesce(a.output_lines, 0) as "outputLines",
  coalesce(k.event_lines, 0) as "eventLines", r.created_at as "createdAt", r.started_at as "startedAt", r.finished_at as "finishedAt",
  a.last_contact_at as "heartbeatAt"`;

export const wireRunTables = (sql: Sql | Tx) => sql`
  runs r join projects p on p.id = r.project_id join entities e on e.id = p.entity_id
  left join attempts a on a.run_id = r.id and a.number = r.attempt
  left join run_records k on k.run_id = r.id`;

/** Unknown, deleted and invisible ones are absent. */
export const getWireRuns = (db: Database, access: Access, ids: readonly number[]): Promise<WireRunRow[]> =>
  readWireRuns(db, access, ids, { records: true });

/** The same, in any order, without what their clients say of them where that is not wanted. */
export async function readWireRuns(
  { sql }: Database,
  access: Access,
  ids: readonly number[],
  { records }: { records: boolean },
): Promise<WireRunRow[]> {
  return sql<WireRunRow[]>`
    select ${wireRunColumns(sql, { records })} from ${wireRunTables(sql)}
    where r.id = any(${[...ids]}::bigint[]) and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}

/** Whose project a run is in: what a run's own key may know of its owner. */
export async function readRunEntity(sql: Sql | Tx, runId: number): Promise<string | undefined> {
  const rows = await sql<{ name: string }[]>`
    select e.name from runs r join projects p on p.id = r.project_id join entities e on e.id = p.entity_id where r.id = ${runId}`;
  return rows[0]?.name;
}
