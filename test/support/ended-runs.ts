import type { Database } from "@/db/client";

/** A space that runs are made in without an agent. */
export const TWO_UNIFORM = {
  method: "random",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: {
    x: { distribution: "uniform", min: 0, max: 1 },
    y: { distribution: "uniform", min: 0, max: 1 },
  },
};

interface Ended {
  readonly state?: string;
  /** SQL of u.x; the objective is the least value that was logged. */
  readonly loss?: string;
  readonly params?: string;
}

/** Runs that have ended, whose loss is x where nothing else is said. */
export async function endRuns(
  { sql }: Database,
  sweepId: string,
  count: number,
  { state = "finished", loss = "u.x", params = "jsonb_build_object('x', u.x, 'y', random())" }: Ended = {},
): Promise<void> {
  await sql`
    with made as (
      insert into runs (project_id, sweep_id, name, display_name, state, attempt, objective, params, finished_at)
      select s.project_id, s.id, gen_random_uuid()::text, 'r', ${state}, 1, ${sql.unsafe(loss)}, ${sql.unsafe(params)}, clock_timestamp()
      from sweeps s, (select random() as x from generate_series(1, ${count})) u where s.id = ${sweepId}
      returning id, project_id, objective
    ), named as (
      insert into metrics (project_id, name) select distinct project_id, 'loss' from made
      on conflict (project_id, name) do update set name = excluded.name returning id
    )
    insert into metric_summaries (run_id, attempt, metric_id, count, last, min, max, sum)
    select made.id, 1, named.id, 1, objective, objective, objective, objective from made, named
    where objective is not null`;
}

/** Nobody reads what metrics came to until `body` has ended: what is computed from them can't be ready before. */
export async function withoutMetrics<T>({ sql }: Database, body: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const locked = sql.begin(async (tx) => {
    await tx`lock table metric_summaries in access exclusive mode`;
    begin();
    // A transaction that did nothing would be ended by the database.
    while (!over.signal.aborted) await tx`select pg_sleep(0.05)`;
  });
  try {
    await begun;
    return await body();
  } finally {
    over.abort();
    await locked;
  }
}

/** Longer than an answer that nobody waits for is still computed. */
export const GIVEN_UP_MS = 2_500;
