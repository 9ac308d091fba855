import type { Access } from "@/core/access";
import { meanOf } from "@/core/history/summary";
import type { Database } from "../client";
import type { StoredSummary } from "./append-history";
import { visible } from "./visible";

export interface SummaryRow extends StoredSummary {
  name: string;
  mean: number | null;
}

/** Summaries of the runs' current attempts, by run id, each sorted by name. Runs that logged nothing are absent. */
export async function readSummaries(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  { names }: { names?: readonly string[] } = {},
): Promise<Map<number, SummaryRow[]>> {
  const rows = await sql<(Omit<SummaryRow, "mean"> & { runId: number })[]>`
    select s.run_id as "runId", m.name, s.count, s.non_finite as "nonFinite", s.first, s.first_step as "firstStep",
      s.last, s.last_step as "lastStep", s.min, s.min_step as "minStep", s.max, s.max_step as "maxStep", s.sum,
      s.last_other as "lastOther"
    from runs r join metric_summaries s on s.run_id = r.id and s.attempt = r.attempt
    join metrics m on m.id = s.metric_id
    where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
      and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      and ${names ? sql`m.name = any(${[...names]}::text[])` : sql`true`}
    order by s.run_id, m.name`;
  const found = new Map<number, SummaryRow[]>();
  for (const { runId, ...row } of rows) {
    const summary = { ...row, mean: meanOf(row) };
    const list = found.get(runId);
    if (list) list.push(summary);
    else found.set(runId, [summary]);
  }
  return found;
}
