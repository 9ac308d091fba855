import type { Sql, Tx } from "../client";

/** What a run's client says of it (db/schema/wire.ts). What is undefined stays as it was. */
export interface RunRecordChange {
  /** JSON text. */
  readonly config?: string | undefined;
  readonly summary?: string | undefined;
  readonly group?: string | undefined;
  readonly jobType?: string | undefined;
  readonly program?: string | undefined;
  readonly host?: string | undefined;
  readonly commit?: string | undefined;
  readonly repo?: string | undefined;
  /** Lines of system samples so far. */
  readonly eventLines?: number | undefined;
}

export async function writeRunRecord(tx: Tx, runId: number, change: RunRecordChange): Promise<void> {
  const { config, summary, group, jobType, program, host, commit, repo, eventLines } = change;
  await tx`
    insert into run_records as k (run_id, config, summary, group_name, job_type, program, host, commit, repo, event_lines)
    values (${runId}, coalesce(${config ?? null}::text::jsonb, '{}'), coalesce(${summary ?? null}::text::jsonb, '{}'), ${group ?? null},
      ${jobType ?? null}, ${program ?? null}, ${host ?? null}, ${commit ?? null}, ${repo ?? null}, ${eventLines ?? 0})
    on conflict (run_id) do update set
      config = coalesce(${config ?? null}::text::jsonb, k.config), summary = coalesce(${summary ?? null}::text::jsonb, k.summary),
      group_name = coalesce(excluded.group_name, k.group_name), job_type = coalesce(excluded.job_type, k.job_type),
      program = coalesce(excluded.program, k.program), host = coalesce(excluded.host, k.host),
      commit = coalesce(excluded.commit, k.commit), repo = coalesce(excluded.repo, k.repo),
      event_lines = greatest(excluded.event_lines, k.event_lines), updated_at = clock_timestamp()`;
}

export interface RunRecord {
  runId: number;
  config: string;
  summary: string;
  group: string | null;
  jobType: string | null;
  program: string | null;
  host: string | null;
  commit: string | null;
  repo: string | null;
  eventLines: number;
}

/** Of a run that no client of another protocol spoke of there is none. */
export async function readRunRecords(
  sql: Sql | Tx,
  runIds: readonly number[],
): Promise<Map<number, RunRecord>> {
  const rows = await sql<RunRecord[]>`
    select run_id as "runId", config::text as config, summary::text as summary, group_name as "group", job_type as "jobType",
      program, host, commit, repo, event_lines as "eventLines"
    from run_records where run_id = any(${[...runIds]}::bigint[])`;
  return new Map(rows.map((row) => [row.runId, row]));
}

/** The parameters of a run that no sweep made are what its own program says. */
export async function writeLooseParams(
  tx: Tx,
  { runId, params }: { runId: number; params: string },
): Promise<void> {
  await tx`
    update runs set params = ${params}::text::jsonb, changed_xid = pg_current_xact_id()
    where id = ${runId} and sweep_id is null and params is distinct from ${params}::text::jsonb`;
}

export async function writeDisplayName(
  tx: Tx,
  { runId, displayName }: { runId: number; displayName: string },
): Promise<void> {
  await tx`
    update runs set display_name = ${displayName}, changed_xid = pg_current_xact_id()
    where id = ${runId} and display_name <> ${displayName}`;
}

/**
 * Another attempt of a run that is over, by a writer without an agent. The run's row is locked. Lines go on from where the attempt
 * before had come, and the name under which that one was handed out means this one now.
 * @returns its number
 */
export async function insertReopened(tx: Tx, runId: number): Promise<number> {
  const rows = await tx<{ attempt: number }[]>`
    with moved as (
      update runs set state = 'running', attempt = attempt + 1, state_reason = null, state_detail = null, exit_code = null,
        stop_requested = null, early_stop = null, finished_at = null, feasible = null, objective = null, objective_step = null,
        changed_xid = pg_current_xact_id()
      where id = ${runId} returning id, attempt, sweep_id
    ), named as (
      insert into wire_attempts (run_id, attempt, agent_id, wire_name, seen)
      select w.run_id, m.attempt, w.agent_id, w.wire_name, true
      from moved m join wire_attempts w on w.run_id = m.id and w.attempt = m.attempt - 1
    )
    insert into attempts (run_id, number, sweep_id, history_lines, output_lines)
    select m.id, m.attempt, m.sweep_id, coalesce(a.history_lines, 0), coalesce(a.output_lines, 0)
    from moved m left join attempts a on a.run_id = m.id and a.number = m.attempt - 1
    returning number as attempt`;
  return rows[0]?.attempt ?? 0;
}
