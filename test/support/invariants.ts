import { expect } from "vitest";
import type { Database } from "@/db/client";

/** What must be true of a finished grid whatever was killed on the way; asked by SQL, not through our own reads. */
export async function expectEveryPointOnce(db: Database, sweepId: string, points: number): Promise<void> {
  const { sql } = db;
  const [sweep] = await sql`select state, state_reason, cursor, run_count from sweeps where id = ${sweepId}`;
  expect(sweep).toMatchObject({
    state: "finished",
    state_reason: "exhausted",
    cursor: String(points),
    run_count: points,
  });

  const [runs] = await sql`
    select count(*) as runs, count(distinct point_hash) as points, count(*) filter (where state = 'finished') as finished
    from runs where sweep_id = ${sweepId} and deleted_at is null`;
  expect(runs).toEqual({ runs: points, points, finished: points });

  const [held] = await sql`
    select count(*) as held from attempts where sweep_id = ${sweepId} and (ended_at is null or state in ('running', 'preempting'))`;
  expect(held).toEqual({ held: 0 });

  // One attempt finished each run, and it is the current one: nobody's late word counted.
  const wrong = await sql`
    select r.id, r.attempt, array_agg(a.number || ' ' || a.state order by a.number) as attempts
    from runs r join attempts a on a.run_id = r.id where r.sweep_id = ${sweepId}
    group by r.id having count(*) filter (where a.state = 'finished') <> 1
      or max(a.number) filter (where a.state = 'finished') <> r.attempt or max(a.number) <> r.attempt`;
  expect(wrong).toEqual([]);

  // Numbers of batches are dense, so none that was acknowledged is missing and none was stored twice.
  const torn = await sql`
    select a.run_id, a.number, a.last_batch, a.last_step, s.count
    from attempts a left join metric_summaries s on s.run_id = a.run_id and s.attempt = a.number
      and s.metric_id = (select m.id from metrics m join runs r on r.project_id = m.project_id and r.id = a.run_id where m.name = 'loss')
    where a.sweep_id = ${sweepId} and a.last_step is distinct from s.count`;
  expect(torn).toEqual([]);
}
