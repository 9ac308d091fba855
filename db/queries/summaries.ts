import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import { meanOf } from "@/core/history/summary";
import type { Database } from "../client";
import type { StoredSummary } from "./append-history";
import { readTogether } from "./read-together";
import { visible } from "./visible";

export interface SummaryRow extends Omit<StoredSummary, "lastOther"> {
  name: string;
  mean: number | null;
  /** Undefined when too many rows have too long ones: see `readTogether`. */
  lastOther: string | null | undefined;
}

/** A project may have 100,000 names of metrics and a page 1,000 runs; a row takes some 500 bytes of the server's memory. */
const MAX_SUMMARIES = 250_000;

/**
 * Summaries of the runs' current attempts, by run id, each sorted by name. Runs that logged nothing are absent.
 * @throws AppError QUERY_TOO_LARGE
 */
export async function readSummaries(
  { sql }: Database,
  access: Access,
  runIds: readonly number[],
  { names, max = MAX_SUMMARIES }: { names?: readonly string[]; max?: number } = {},
): Promise<Map<number, SummaryRow[]>> {
  const rows = await sql<(SummaryRow & { runId: number; hasOther: boolean })[]>`
    select s.run_id as "runId", s.name, s.count, s.non_finite as "nonFinite", s.first, s.first_step as "firstStep",
      s.last, s.last_step as "lastStep", s.min, s.min_step as "minStep", s.max, s.max_step as "maxStep", s.sum,
      s.last_other is not null as "hasOther",
      ${readTogether(sql, sql`s.last_other`, sql`coalesce(octet_length(s.last_other), 0)`)} as "lastOther"
    from (
      select s.*, m.name
      from runs r join metric_summaries s on s.run_id = r.id and s.attempt = r.attempt
      join metrics m on m.id = s.metric_id
      where r.id = any(${[...runIds]}::bigint[]) and r.deleted_at is null
        and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
        and ${names ? sql`m.name = any(${[...names]}::text[])` : sql`true`}
      limit ${max + 1}
    ) s
    order by s.run_id, s.name`;
  if (rows.length > max) {
    throw new AppError(
      "QUERY_TOO_LARGE",
      `these runs have more than ${max} metrics together: ask for a shorter page, or for single metrics by name`,
      { details: { max } },
    );
  }
  const found = new Map<number, SummaryRow[]>();
  for (const { runId, hasOther, lastOther, ...row } of rows) {
    const read = hasOther && lastOther === null ? undefined : lastOther;
    const summary = { ...row, mean: meanOf(row), lastOther: read };
    const list = found.get(runId);
    if (list) list.push(summary);
    else found.set(runId, [summary]);
  }
  return found;
}
