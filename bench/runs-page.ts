/**
 * Pages of a run table a second, through GraphQL over HTTP: 50 of the 10,000 runs of one sweep, each run with its
 * parameters, summary of 8 metrics, tags and agent, and with the number of all runs under the filter.
 */

import type { Database } from "@/db/client";
import { loop, openCaller } from "./support/caller";
import { median, ms, perSecond, quantile, withService } from "./support/stage";

const RUNS = 10_000;
const METRICS = 8;
const SWEEP = "benchrun";

const ROW = `nodes {
  id name displayName ordinal state objective params createdAt startedAt finishedAt tags agent { id host }
  summary { name last min max }
} pageInfo { hasNextPage endCursor }`;

const QUESTIONS: Readonly<Record<string, string>> = {
  "the newest": "orderBy: {field: id, direction: desc}",
  "finished ones, best first": `filter: {field: state, op: eq, value: "finished"}, orderBy: {field: objective, direction: best}`,
  "by two parameters and tags, by one of them": `filter: {and: [{param: "opt.lr", op: lt, value: 0.5},
    {param: "layers", op: in, value: [1, 2, 3]}, {not: {field: tags, op: contains, value: "tag3"}}]}, orderBy: [{param: "layers"}, {field: createdAt, direction: desc}]`,
  "by a metric's least value, by another's last": `filter: {metric: "metric 1", stat: min, op: lt, value: 0.5},
    orderBy: {metric: "metric 2", direction: desc}`,
};

await withService(async ({ url, key, db }) => {
  await fill(db);
  for (const callers of [1, 8]) {
    for (const [name, list] of Object.entries(QUESTIONS)) {
      const open = Array.from({ length: callers }, () => openCaller(url, key));
      const query = `query ($after: String) { sweep(id: "${SWEEP}") { runs(first: 50, after: $after, ${list}) { totalCount ${ROW} } } }`;
      // From page to page, as a reader of the table goes.
      const cursors: (string | null)[] = open.map(() => null);
      const { latencies, perSecond: rate } = await loop(open, 5, async (caller, i) => {
        const text = await caller.post(JSON.stringify({ query, variables: { after: cursors[i] } }));
        const { data } = JSON.parse(text) as {
          data: {
            sweep: { runs: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string } } };
          };
        };
        const { totalCount, pageInfo } = data.sweep.runs;
        if (totalCount < 1_000) throw new Error(`${totalCount} runs under ${name}`);
        cursors[i] = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      });
      await Promise.all(open.map((caller) => caller.close()));
      console.log(
        `50 of ${RUNS} runs, ${name}, ${callers} readers: ${perSecond(rate)}, p50 ${ms(median(latencies))}, p99 ${ms(quantile(latencies, 0.99))}`,
      );
    }
  }
});

async function fill({ sql }: Database): Promise<void> {
  const [project] = await sql<{ id: number }[]>`
    insert into projects (entity_id, name) select id, 'bench' from entities limit 1 returning id`;
  const projectId = project?.id ?? 0;
  await sql`
    insert into sweeps (id, project_id, name, state, method, metric_name, seed, run_count)
    values (${SWEEP}, ${projectId}, 'bench', 'running', 'random', 'metric 1', '1', ${RUNS})`;
  await sql`insert into sweep_generations (sweep_id, generation, source, config) values (${SWEEP}, 1, '', '{}')`;
  await sql`insert into agents (sweep_id, user_id, host)
    select ${SWEEP}, (select min(id) from users), 'host ' || n from generate_series(1, 20) n`;
  await sql`select setseed(0.5)`;
  await sql`
    insert into runs (project_id, sweep_id, name, display_name, state, generation, params, attempt, objective, created_at,
      started_at, finished_at)
    select ${projectId}::int, ${SWEEP}, 'run' || n, 'bench-' || n,
      case when n % 10 = 0 then 'crashed' when n > ${RUNS - 50} then 'running' else 'finished' end, 1,
      json_build_object('opt', json_build_object('lr', random(), 'name', case when n % 2 = 0 then 'adam' else 'sgd' end),
        'layers', n % 6, 'dropout', random(), 'epochs', 20, 'batch', 32 * (n % 4 + 1), 'data', 'digits-' || n % 3)::jsonb,
      1, random(), now() + n * interval '1 s', now() + n * interval '1 s',
      case when n <= ${RUNS - 50} then now() + (n + 60) * interval '1 s' end
    from generate_series(1, ${RUNS}::int) n`;
  await sql`insert into attempts (run_id, number, sweep_id, agent_id, state, ended_at)
    select id, 1, sweep_id, (select min(a.id) from agents a) + id % 20,
      case state when 'running' then 'running' else state end, finished_at from runs`;
  await sql`insert into metrics (project_id, name)
    select ${projectId}::int, 'metric ' || n from generate_series(1, ${METRICS}::int) n`;
  await sql`insert into metric_summaries (run_id, attempt, metric_id, count, first, last, min, max, sum)
    select r.id, 1, m.id, 100, 1, random(), random() / 2, 1, 60 from runs r, metrics m`;
  await sql`insert into run_tags (run_id, tag) select id, 'tag' || id % 7 from runs where id % 3 = 0`;
  await sql.unsafe("vacuum analyze");
}
