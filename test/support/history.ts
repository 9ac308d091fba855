import { BUCKET_COLUMNS, type BucketColumn, type Buckets, type MetricBatch } from "@/core/history";
import { type EarlyTerminate, serializeConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { systemAccess } from "@/engine/authorize";
import type { EngineContext } from "@/engine/context";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The server's own context: it may do anything, so tests of metrics need no keys. */
export const systemContext = (db: Database): EngineContext => ({ db, access: systemAccess(), log: silent });

export interface SweepOptions {
  metric?: { name: string; goal: "minimize" | "maximize"; target?: number };
  earlyTerminate?: EarlyTerminate;
}

/** A project with a running sweep, put in place by SQL: what made them is not what these tests are about. */
export async function makeSweep(
  db: Database,
  options: SweepOptions = {},
): Promise<{ projectId: number; sweepId: string }> {
  const { metric, earlyTerminate } = options;
  const config = serializeConfig({
    method: "random",
    parameters: new Map(),
    gridOrder: "sorted",
    repeats: 1,
    retries: 2,
    retryFailed: false,
    extra: new Map(),
    ...(earlyTerminate && { earlyTerminate }),
  });
  const rows = await db.sql<{ projectId: number }[]>`
    with e as (insert into entities (name, kind) values ('ann', 'user') returning id)
    insert into projects (entity_id, name) select id, 'digits' from e returning id as "projectId"`;
  const projectId = rows[0]?.projectId ?? 0;
  const sweepId = "sweep001";
  await db.sql`
    insert into sweeps (id, project_id, name, state, method, metric_name, metric_goal, metric_target, seed)
    values (${sweepId}, ${projectId}, 'sweep', 'running', 'random', ${metric?.name ?? null},
      ${metric?.goal ?? "minimize"}, ${metric?.target ?? null}, '1')`;
  await db.sql`
    insert into sweep_generations (sweep_id, generation, source, config)
    values (${sweepId}, 1, '', ${config}::text::jsonb)`;
  return { projectId, sweepId };
}

let runCount = 0;

/** A run with its first attempt under way. */
export async function makeRun(
  db: Database,
  { projectId, sweepId }: { projectId: number; sweepId: string | null },
): Promise<number> {
  const name = `run${++runCount}`;
  const rows = await db.sql<{ id: number }[]>`
    insert into runs (project_id, sweep_id, generation, name, display_name, state, params, attempt, started_at)
    values (${projectId}, ${sweepId}, ${sweepId === null ? null : 1}, ${name}, ${name}, 'running', '{}', 1, now())
    returning id`;
  const runId = rows[0]?.id ?? 0;
  await db.sql`insert into attempts (run_id, number, sweep_id) values (${runId}, 1, ${sweepId})`;
  return runId;
}

/** Ends the current attempt and hands the run out again, as a claim does. */
export async function nextAttempt(db: Database, runId: number): Promise<number> {
  return db.sql.begin(async (tx) => {
    const rows = await tx<{ attempt: number; sweepId: string | null }[]>`
      update runs set attempt = attempt + 1, objective = null, objective_step = null, changed_xid = pg_current_xact_id()
      where id = ${runId} returning attempt, sweep_id as "sweepId"`;
    const { attempt = 0, sweepId = null } = rows[0] ?? {};
    await tx`update attempts set ended_at = now(), state = 'crashed', changed_xid = pg_current_xact_id()
      where run_id = ${runId} and number < ${attempt} and ended_at is null`;
    await tx`insert into attempts (run_id, number, sweep_id) values (${runId}, ${attempt}, ${sweepId})`;
    return attempt;
  });
}

/** A batch from rows as a program logs them: `[step, { metric: value }]`. Times count up from the step. */
export function toBatch(
  { attempt = 1, batch, resumedFromStep }: { attempt?: number; batch: number; resumedFromStep?: number },
  rows: readonly (readonly [step: number, values: Readonly<Record<string, unknown>>])[],
): MetricBatch {
  const keys = [...new Set(rows.flatMap(([, values]) => Object.keys(values)))];
  return {
    attempt,
    batch,
    steps: rows.map(([step]) => step),
    times: rows.map(([step]) => 1_700_000_000_000 + step),
    series: keys.map((key) => ({ key, values: rows.map(([, values]) => toCell(values[key])) })),
    ...(resumedFromStep !== undefined && { resumedFromStep }),
  };
}

const toCell = (value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? String(value) : (value ?? null);

/** All that buckets hold, in plain columns. */
export const columnsOf = (buckets: Buckets) => ({
  width: buckets.width,
  start: buckets.start(),
  ...(Object.fromEntries(BUCKET_COLUMNS.map((name) => [name, buckets.column(name)])) as Record<
    BucketColumn,
    (number | null)[]
  >),
});
