import type { Fragment } from "postgres";
import type { Access } from "@/core/access";
import { FAST_FAILURE_MS } from "@/core/time";
import type { Database, Tx } from "../client";
import { visible } from "./visible";

export interface MachineRow {
  sweepId: string;
  host: string;
  failuresInARow: number;
  quarantinedAt: Date | null;
  reason: string | null;
}

/** Machines with failures in a row, or in quarantine; those first, the newest 1,000 of each sweep. */
export async function machinesOfSweeps(
  { sql }: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<MachineRow[]> {
  return sql<MachineRow[]>`
    select "sweepId", host, "failuresInARow", "quarantinedAt", reason from (
      select m.sweep_id as "sweepId", m.host, m.failures_in_a_row as "failuresInARow",
        m.quarantined_at as "quarantinedAt", m.reason,
        row_number() over (partition by m.sweep_id order by m.quarantined_at desc nulls last, m.host collate "C") as rank
      from machines m join sweeps s on s.id = m.sweep_id
      where m.sweep_id = any(${[...sweepIds]}::text[]) and (m.failures_in_a_row > 0 or m.quarantined_at is not null)
        and ${visible(sql, access, sql`s.project_id`)}
    ) ranked where rank <= 1000 order by "sweepId", rank`;
}

/** What the ends of a group's attempts say about one machine of a sweep. */
export interface MachineNews {
  sweepId: string;
  host: string;
  /** A run ended otherwise than by failing at once: the count begins anew, before `failed`. */
  reset: boolean;
  /** Runs that failed at once after that, in order. */
  failed: number[];
  /** So many in a row are too many; null when none are. */
  most: number | null;
}

/**
 * Counts what has just been settled, sent at once behind it. When a count reaches its limit the machine is quarantined, and the
 * failed runs of the streak go back into the queue of a sweep that is open, each once in its life. Those of a machine in quarantine
 * (it still had some under way) follow them. Machines in the order of their names; then runs, which may
 * meet others' locks the other way around: such a deadlock is broken and the group tried again.
 * @returns the runs that went back
 */
export async function noteMachines(tx: Tx, news: readonly MachineNews[]): Promise<number[]> {
  const reset = news.filter((one) => one.reset);
  const failing = news.filter(({ failed }) => failed.length > 0);
  const [, , returned] = await Promise.all([
    reset.length > 0 &&
      tx`
      update machines m set failures_in_a_row = 0, failed_runs = '{}'
      from (select m.sweep_id, m.host from machines m join unnest(${reset.map(({ sweepId }) => sweepId)}::text[],
          ${reset.map(({ host }) => host)}::text[]) t (sweep_id, host) using (sweep_id, host)
        where m.failures_in_a_row > 0 and m.quarantined_at is null
        order by m.sweep_id, m.host for no key update of m) l
      where m.sweep_id = l.sweep_id and m.host = l.host`.execute(),
    failing.length > 0 && countFailures(tx, failing),
    failing.length > 0 ? returnRuns(tx, failing) : [],
  ]);
  return returned;
}

async function countFailures(tx: Tx, failing: readonly MachineNews[]): Promise<void> {
  await tx`
    with given as (
      select * from json_to_recordset(${JSON.stringify(failing)}::text::json) as t (
        "sweepId" text, host text, failed json, most int)
    ), counted as (
      insert into machines as m (sweep_id, host, failures_in_a_row, failed_runs, quarantined_at, reason)
      select "sweepId", host, json_array_length(failed), array(select json_array_elements_text(failed)::bigint),
        case when json_array_length(failed) >= most then clock_timestamp() end,
        case when json_array_length(failed) >= most then ${reason(tx, tx`json_array_length(failed)`)} end
      from given order by "sweepId", host
      on conflict (sweep_id, host) do update set
        failures_in_a_row = m.failures_in_a_row + excluded.failures_in_a_row,
        failed_runs = case when m.quarantined_at is null then m.failed_runs || excluded.failed_runs
          else excluded.failed_runs end,
        quarantined_at = case when ${isTooMuch(tx)} then clock_timestamp() else m.quarantined_at end,
        reason = case when ${isTooMuch(tx)} then ${reason(tx, tx`m.failures_in_a_row + excluded.failures_in_a_row`)}
          else m.reason end
      returning m.sweep_id, m.host, m.quarantined_at
    )
    update agents a set changed_xid = pg_current_xact_id()
    from counted c where a.sweep_id = c.sweep_id and a.host = c.host and c.quarantined_at is not null`.execute();
}

/**
 * A statement of its own: the count may have waited for another server's, and what that one failed is seen by whoever begins
 * afterwards. A run that has failed somewhere else since then is none of this machine's.
 */
async function returnRuns(tx: Tx, failing: readonly MachineNews[]): Promise<number[]> {
  const rows = await tx<{ runId: number }[]>`
    update runs r set state = 'pending', state_reason = 'machine_quarantined', queued_at = clock_timestamp(),
      finished_at = null, returned = true, changed_xid = pg_current_xact_id()
    from unnest(${failing.map(({ sweepId }) => sweepId)}::text[], ${failing.map(({ host }) => host)}::text[])
      t (sweep_id, host)
    join machines m using (sweep_id, host) join sweeps s on s.id = m.sweep_id
    where m.quarantined_at is not null and r.id = any(m.failed_runs) and r.state = 'failed' and r.deleted_at is null
      and not r.returned and s.state in ('pending', 'running', 'paused')
      and exists (select from attempts a join agents x on x.id = a.agent_id
        where a.run_id = r.id and a.number = r.attempt and x.host = m.host)
    returning r.id as "runId"`.execute();
  return rows.map(({ runId }) => runId);
}

const isTooMuch = (
  tx: Tx,
) => tx`(m.quarantined_at is null and m.failures_in_a_row + excluded.failures_in_a_row >=
  (select g.most from given g where g."sweepId" = excluded.sweep_id and g.host = excluded.host))`;

const reason = (tx: Tx, count: Fragment) =>
  tx`concat(${count}, case when ${count} = 1 then ' run' else ' runs in a row' end, ' failed within ', ${FAST_FAILURE_MS / 1_000}::text, ' s of the start')`;

/** @returns whether it was in quarantine; the count begins anew in any case */
export async function liftQuarantine(
  tx: Tx,
  { sweepId, host }: { sweepId: string; host: string },
): Promise<boolean> {
  const rows = await tx<{ lifted: boolean }[]>`
    with before as (
      select sweep_id, host, quarantined_at is not null as lifted from machines
      where sweep_id = ${sweepId} and host = ${host} for no key update
    ), told as (
      update agents a set changed_xid = pg_current_xact_id()
      from before b where a.sweep_id = b.sweep_id and a.host = b.host
    )
    update machines m set failures_in_a_row = 0, failed_runs = '{}', quarantined_at = null, reason = null
    from before b where m.sweep_id = b.sweep_id and m.host = b.host returning b.lifted`;
  return rows[0]?.lifted ?? false;
}
