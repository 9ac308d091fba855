import type { Access } from "@/core/access";
import type { Database } from "../client";
import { visible } from "./visible";

export interface BestOverTime {
  sweepId: string;
  /** When the last run that finished well did. */
  lastResultAt: Date | null;
  /** The best result so far at the end of each of the equal parts of its time; null before the first. */
  best: (number | null)[];
}

/** Parts of a sweep's time, from its start until its last run ended: as many as a line of 96 px can show. */
const PARTS = 32;

/**
 * How the best value came about, small enough for a list of sweeps. Two passes over their runs without sorting them: the best of
 * each part of the time, then the best until then.
 */
export async function bestOverTime(
  db: Database,
  access: Access,
  sweepIds: readonly string[],
): Promise<BestOverTime[]> {
  const { sql } = db;
  const rows = await sql<
    {
      sweepId: string;
      part: number;
      maximize: boolean;
      low: number | null;
      high: number | null;
      last: Date | null;
    }[]
  >`
    with ended as (
      select s.id, s.metric_goal, s.constrained, s.started_at, max(r.finished_at) as until
      from sweeps s join runs r on r.sweep_id = s.id
      where s.id = any(${[...sweepIds]}::text[]) and s.started_at is not null and r.finished_at is not null
        and r.deleted_at is null and ${visible(sql, access, sql`r.project_id`, sql`r.id`)}
      group by s.id
    )
    select s.id as "sweepId", s.metric_goal = 'maximize' as maximize,
      least(${PARTS - 1}, greatest(0, floor(${PARTS} * extract(epoch from r.finished_at - s.started_at)
        / greatest(0.001, extract(epoch from s.until - s.started_at)))))::int as part,
      min(r.objective) filter (where not s.constrained or r.feasible) as low,
      max(r.objective) filter (where not s.constrained or r.feasible) as high,
      max(r.finished_at) filter (where r.state = 'finished') as last
    from ended s join runs r on r.sweep_id = s.id
    where r.finished_at is not null and r.deleted_at is null
    group by 1, 2, 3 order by 1, 3`;
  const sweeps = new Map<string, BestOverTime>();
  for (const { sweepId, part, maximize, low, high, last } of rows) {
    const none = { sweepId, lastResultAt: null, best: Array<number | null>(PARTS).fill(null) };
    const mine: BestOverTime = sweeps.get(sweepId) ?? none;
    sweeps.set(sweepId, mine);
    if (last !== null && (mine.lastResultAt === null || last > mine.lastResultAt)) mine.lastResultAt = last;
    // The parts come in order: what is best until here is so for all later ones, until one of them is better.
    const best = better(maximize ? high : low, mine.best[part] ?? null, maximize);
    mine.best.fill(best, part);
  }
  return [...sweeps.values()];
}

function better(a: number | null, b: number | null, maximize: boolean): number | null {
  if (a === null) return b;
  if (b === null) return a;
  return maximize ? Math.max(a, b) : Math.min(a, b);
}
