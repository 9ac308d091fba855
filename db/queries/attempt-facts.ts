import type { Access } from "@/core/access";
import type { Database, Tx } from "../client";
import { visible } from "./visible";

export interface AttemptFactsRow {
  runId: number;
  attempt: number;
  /** JSON text. */
  facts: string;
  diff: string | null;
}

/** The last description wins. Its attempt counts as changed, so that an open page sees it. @returns false where there is no such attempt */
export async function writeAttemptFacts(
  tx: Tx,
  { runId, attempt, facts, diff }: AttemptFactsRow,
): Promise<boolean> {
  const rows = await tx`
    with described as (
      update attempts a set changed_xid = pg_current_xact_id()
      from runs r where a.run_id = ${runId} and a.number = ${attempt} and r.id = a.run_id and r.deleted_at is null
      returning a.run_id, a.number
    )
    insert into attempt_facts (run_id, attempt, facts, diff)
    select run_id, number, ${facts}::text::jsonb, ${diff} from described
    on conflict (run_id, attempt) do update set facts = excluded.facts, diff = excluded.diff, described_at = now()
    returning 1`;
  return rows.length > 0;
}

export type AttemptKey = Pick<AttemptFactsRow, "runId" | "attempt">;

/** Of the attempts asked for; those that nobody described are absent. */
export async function readAttemptFacts(
  { sql }: Database,
  access: Access,
  asked: readonly AttemptKey[],
): Promise<AttemptFactsRow[]> {
  return sql<AttemptFactsRow[]>`
    select f.run_id as "runId", f.attempt, f.facts::text as facts, f.diff
    from unnest(${asked.map(({ runId }) => runId)}::bigint[], ${asked.map(({ attempt }) => attempt)}::int[])
      as t (run_id, attempt)
    join attempt_facts f using (run_id, attempt) join runs r on r.id = f.run_id
    where r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}`;
}
