import { createHash } from "node:crypto";
import { noise } from "@/bench/support/metrics";
import { openDomain } from "@/compute/search/domain";
import { isSearched, openPoints } from "@/compute/search/points";
import { scheduleFor } from "@/compute/stopping/schedule";
import { crossedRungs, type Rung } from "@/core/history/bands";
import type { Batch } from "@/core/history/batch";
import { type Summary, summarize } from "@/core/history/summary";
import { describeEarlyStop, type EarlyStop } from "@/core/stopping";
import { isBetter } from "@/core/sweep";
import type { SweepConfig } from "@/core/sweep-config";
import {
  isList,
  isValueMap,
  stringifyJson,
  toNumber,
  toValueMap,
  type Value,
  type ValueMap,
} from "@/core/value";
import { type Database, openDatabase, type Tx } from "@/db/client";
import { addToSummaries, insertTails } from "@/db/queries/append-history";
import { insertSweep } from "@/db/queries/create-sweep";
import { ensureMetricIds } from "@/db/queries/metric-names";
import { markStopped, writeRungs } from "@/db/queries/rungs";
import { packBatch } from "@/engine/append-group";
import { readSweepFile } from "@/engine/read-sweep-file";

/**
 * A sweep with thousands of runs, put in place by SQL in a few seconds and as the server itself would have left it: points of the sweep's own
 * method, runs shared out among agents, curves that follow from the parameters, summaries, the objective by its goal, rungs and verdicts.
 * The same options give the same sweep; times count back from `until`.
 */
export interface SweepSeed {
  /** The sweep file: method, metrics, parameters, early stopping. 3 varied parameters and 5 constant ones when absent. */
  readonly source?: string;
  readonly runs?: number;
  readonly seed?: number;
  /** 8 characters of a-z0-9; made of all options when absent: files of tests share a database. */
  readonly id?: string;
  /** The oldest one when absent. */
  readonly entity?: string;
  readonly project?: string;
  readonly agents?: number;
  /** Logged beside the sweep's own metrics. */
  readonly metrics?: readonly string[];
  /** Values of each metric in each run. */
  readonly steps?: number;
  /** Shares of all runs, from 0 to 1; the rest is finished. Those under way and waiting are the newest. */
  readonly shares?: Partial<Record<Odd, number>>;
  /** Dotted names of parameters that every third run lacks. */
  readonly lacking?: readonly string[];
  /** So many runs, the first that ended, have their history too. */
  readonly histories?: {
    readonly runs: number;
    /** Instead of `steps`. */
    readonly points?: number;
    /** One value of the first metric of the first of them that stands out. */
    readonly spike?: { readonly step: number; readonly value: number };
  };
  /** The end of the last run. */
  readonly until?: Date;
}

type Odd = "failed" | "crashed" | "killed" | "pending" | "running";

export interface SeededSweep {
  readonly id: string;
  readonly path: string;
  readonly entity: string;
  readonly project: string;
  readonly projectId: number;
  /** Oldest first. */
  readonly runIds: readonly number[];
  readonly runNames: readonly string[];
  /** Names of all metrics, the sweep's own first. */
  readonly metrics: readonly string[];
  /** Those with a history. */
  readonly logged: readonly number[];
}

export const PLAIN_SOURCE = `name: seeded
method: random
program: train.py
metric: {name: val/loss, goal: minimize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.00001, max: 0.1}
  layers: {values: [1, 2, 3, 4, 6, 8]}
  optimizer: {parameters: {name: {values: [adam, sgd, lion]}, momentum: {value: 0.9}}}
  batch_size: {value: 64}
  data: {value: digits}
  epochs: {value: 30}
  augment: {value: false}
`;

/** Eight varied parameters of every kind; two categories of `backbone` share their first forty characters. */
export const WIDE_SOURCE = `name: seeded, eight parameters
method: random
program: train.py
metric: {name: val/loss, goal: minimize}
parameters:
  lr: {distribution: log_uniform_values, min: 0.00001, max: 0.1}
  dropout: {min: 0.0, max: 0.5}
  weight_decay: {distribution: log_uniform_values, min: 0.000001, max: 0.01}
  layers: {values: [1, 2, 3, 4, 6, 8]}
  width: {values: [32, 64, 128, 256, 512]}
  optimizer: {parameters: {name: {values: [adam, sgd, lion]}}}
  backbone:
    values:
      - checkpoints/vision/pretrained/resnet-large-v1
      - checkpoints/vision/pretrained/resnet-large-v2
      - checkpoints/plain
  augment: {values: [true, false]}
  epochs: {value: 30}
`;

export async function seedSweep(target: Database | string, options: SweepSeed = {}): Promise<SeededSweep> {
  if (typeof target !== "string") return seed(target, options);
  const db = openDatabase(target, { max: 2, applicationName: "besom seed" });
  try {
    return await seed(db, options);
  } finally {
    await db.close();
  }
}

/** Rows of one statement: about 2 MB of JSON. */
const PIECE = 5_000;
/** Steps of one batch, as a program sends them that logs fast. */
const BATCH_STEPS = 2_000;

async function seed(db: Database, options: SweepSeed): Promise<SeededSweep> {
  const source = options.source ?? PLAIN_SOURCE;
  const { config, generation } = readSweepFile({ source });
  const sweepId =
    options.id ??
    digest(JSON.stringify([options, source]))
      .toString("hex")
      .slice(0, 8);
  const own = (config.metrics ?? (config.metric ? [config.metric] : [])).map(({ name }) => name);
  const metrics = [
    ...new Set([...own, ...(options.metrics ?? ["train/accuracy", "train/loss", "epoch_time"])]),
  ];
  const runs = planRuns(config, sweepId, metrics, options);
  const name = config.name ?? sweepId;
  const goal = config.metric?.goal ?? "minimize";
  const { place, runIds } = await db.sql.begin(async (tx) => {
    const place = await ensureProject(tx, options);
    const { projectId, userId } = place;
    const ids = await ensureMetricIds(tx, { projectId, names: metrics });
    await insertSweep(tx, {
      ...generation,
      sweepId,
      generation: 1,
      projectId,
      name,
      seed: String(options.seed ?? 1),
      createdBy: userId,
    });
    const agentIds = await insertAgents(tx, { sweepId, userId, count: options.agents ?? 8 }, runs);
    const runIds = await insertRuns(
      tx,
      { sweepId, projectId, name, searched: isSearched(config.method) },
      goal,
      runs,
    );
    await insertAttempts(tx, sweepId, runs, runIds, agentIds);
    await insertSummaries(
      tx,
      runs,
      runIds,
      metrics.map((metric) => ids.get(metric) ?? 0),
    );
    await insertParts(tx, runs, runIds);
    await insertHistories(tx, runs, runIds, ids);
    await insertRungs(tx, sweepId, runs, runIds);
    await startSweep(tx, sweepId, runs);
    return { place, runIds };
  });
  await db.sql.unsafe("analyze runs, attempts, metric_summaries, run_tags");
  return {
    id: sweepId,
    path: `/${place.entity}/${place.project}/sweeps/${sweepId}`,
    entity: place.entity,
    project: place.project,
    projectId: place.projectId,
    runIds,
    runNames: runs.map((run) => run.name),
    metrics,
    logged: runIds.filter((_, i) => (runs[i]?.batches.length ?? 0) > 0),
  };
}

// ------------------------------------------------------------------ what the runs are

interface PlannedRun {
  readonly name: string;
  readonly state: "finished" | Odd;
  readonly params: string;
  readonly hash: string;
  readonly repeat: number;
  /** Which agent, from 0. */
  readonly agent: number;
  /** Milliseconds; null where that has not come yet. */
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly summaries: readonly Summary[];
  readonly rungs: readonly Rung[];
  readonly verdict: EarlyStop | null;
  readonly batches: readonly Batch[];
  readonly tags: readonly string[];
}

type Goal = "minimize" | "maximize";

/** What a step takes, in the clock of the sweep. */
const STEP_MS = 2_000;

function planRuns(config: SweepConfig, sweepId: string, metrics: readonly string[], options: SweepSeed) {
  const { runs: count = 1_000, agents = 8, steps = 27, histories, shares = {} } = options;
  const random = noise(options.seed ?? 1);
  const points = drawPoints(config, options.seed ?? 1, count, random);
  const qualities = toQualities(points.map(({ params }) => params));
  const goal = config.metric?.goal ?? "minimize";
  const field = openField(config, goal);
  const freeAt = Array.from({ length: agents }, (_, i) => i * 700);
  let toLog = histories?.runs ?? 0;
  const runs = points.map(({ params, hash, repeat }, i): PlannedRun => {
    let state = stateOf(i, count, shares, random());
    const logs = state === "finished" && toLog > 0;
    const first = logs && toLog-- === histories?.runs;
    const whole = logs ? (histories?.points ?? steps) : steps;
    const share = random();
    let length = state === "finished" ? whole : state === "pending" ? 0 : Math.ceil(whole * share);
    const shape = { quality: qualities[i] ?? 0, wobble: random(), goal, whole };
    let columns = metrics.map((_, metric) => drawCurve(metric, length, shape));
    if (first && histories?.spike) (columns[0] as Float64Array)[histories.spike.step] = histories.spike.value;
    const judged = field.judge(columns[0] ?? new Float64Array(), state === "running");
    if (judged.verdict) {
      state = "killed";
      length = Math.min(length, judged.verdict.band);
      columns = columns.map((column) => column.slice(0, length));
    }
    const agent = freeAt.indexOf(Math.min(...freeAt));
    const startedAt = freeAt[agent] ?? 0;
    const finishedAt = startedAt + (length + 1) * STEP_MS * (0.8 + 0.4 * shape.wobble);
    if (state !== "pending") freeAt[agent] = state === "running" ? startedAt : finishedAt + 40;
    return {
      name: digest(`${sweepId} ${i}`).toString("hex").slice(0, 8),
      state,
      params: stringifyJson(i % 3 === 2 ? without(params, options.lacking ?? []) : params),
      hash,
      repeat,
      agent,
      createdAt: startedAt,
      startedAt: state === "pending" ? null : startedAt,
      finishedAt: state === "pending" || state === "running" ? null : finishedAt,
      summaries: length === 0 ? [] : columns.map((column) => summarize(toPoints(column))),
      ...judged,
      batches: logs ? toBatches(metrics, columns, startedAt) : [],
      tags: i % 7 === 0 ? ["baseline", "checked"] : i % 11 === 0 ? ["odd"] : [],
    };
  });
  return shiftTimes(runs, (options.until ?? new Date()).getTime() - Math.max(...freeAt));
}

function shiftTimes(runs: readonly PlannedRun[], byMs: number): PlannedRun[] {
  const move = (time: number | null) => (time === null ? null : Math.round(time + byMs));
  return runs.map((run) => ({
    ...run,
    createdAt: Math.round(run.createdAt + byMs),
    startedAt: move(run.startedAt),
    finishedAt: move(run.finishedAt),
    batches: run.batches.map((batch) => ({
      ...batch,
      axis: { ...batch.axis, times: batch.axis.times.map((time) => Math.round(time + byMs)) },
    })),
  }));
}

/** As claims would have handed them out; of a method that learns, some of its space. */
function drawPoints(
  config: SweepConfig,
  seed: number,
  count: number,
  random: () => number,
): { params: ValueMap; hash: string; repeat: number }[] {
  if (isSearched(config.method)) {
    const domain = openDomain(config);
    return Array.from({ length: count }, () => ({ ...domain.sample(random), repeat: 0 }));
  }
  const points = openPoints(config, String(seed));
  return Array.from({ length: count }, (_, i) => {
    const { params, hash, repeat } = points.at(BigInt(i));
    return { params, hash: Buffer.from(hash).toString("hex"), repeat };
  });
}

function stateOf(
  i: number,
  count: number,
  shares: NonNullable<SweepSeed["shares"]>,
  lot: number,
): PlannedRun["state"] {
  const { pending = 0, running = 0, failed = 0, crashed = 0, killed = 0 } = shares;
  const left = count - i;
  if (left <= pending * count) return "pending";
  if (left <= (pending + running) * count) return "running";
  if (lot < failed) return "failed";
  if (lot < failed + crashed) return "crashed";
  return lot < failed + crashed + killed ? "killed" : "finished";
}

/** How far each run is from the best there could be, 0 to 1: the parameters count less and less in the order of their names. */
function toQualities(all: readonly ValueMap[]): number[] {
  const flat = all.map((params) => flatten(params));
  const names = [...new Set(flat.flatMap((values) => [...values.keys()]))].sort();
  const qualities = all.map(() => 0);
  let weight = 0.6;
  for (const name of names) {
    const column = flat.map((values) => toPlace(values.get(name)));
    const low = Math.min(...column);
    const high = Math.max(...column);
    if (!(high > low)) continue;
    for (const [i, value] of column.entries())
      qualities[i] = (qualities[i] ?? 0) + weight * ((value - low) / (high - low) - 0.4) ** 2 * 2;
    weight *= 0.6;
  }
  return qualities;
}

/** Numbers by their size (small ones by its logarithm), texts by their look. */
function toPlace(value: Value | undefined): number {
  const number = value === undefined ? undefined : toNumber(value);
  if (number === undefined) return (digest(String(value))[0] ?? 0) / 64;
  return number > 0 && number < 0.2 ? Math.log10(number) : number;
}

function flatten(params: ValueMap, path = "", flat = new Map<string, Value>()): Map<string, Value> {
  for (const [key, value] of Object.entries(params)) {
    const name = path === "" ? key : `${path}.${key}`;
    if (isValueMap(value)) flatten(value, name, flat);
    else if (!isList(value)) flat.set(name, value);
  }
  return flat;
}

function without(params: ValueMap, names: readonly string[]): ValueMap {
  const inside = (key: string) =>
    names.flatMap((name) => (name.startsWith(`${key}.`) ? [name.slice(key.length + 1)] : []));
  return toValueMap(
    Object.entries(params)
      .filter(([key]) => !names.includes(key))
      .map(([key, value]) => [key, isValueMap(value) ? without(value, inside(key)) : value]),
  );
}

/** The first metric and each second one goes towards where the run's quality lets it; the others count or creep. */
function drawCurve(
  metric: number,
  length: number,
  { quality, wobble, goal, whole }: { quality: number; wobble: number; goal: Goal; whole: number },
): Float64Array {
  const column = new Float64Array(length);
  const scale = Math.max(3, whole / 6);
  for (let i = 0; i < length; i++) {
    const trained = 1 - Math.exp(-(i + 1) / scale);
    const shake = Math.sin(i * 12.9898 + wobble * 1_000 + metric) * 0.01;
    const loss = 1 + quality + 0.05 * wobble - (0.9 - 0.2 * quality) * trained + shake;
    column[i] =
      metric % 4 === 3 ? 20 + wobble + shake : metric % 2 === (goal === "minimize" ? 0 : 1) ? loss : 1 / loss;
  }
  return column;
}

const toPoints = (values: Float64Array) => ({
  steps: countUp(values.length),
  times: countUp(values.length),
  values,
});
const countUp = (n: number): Float64Array => Float64Array.from({ length: n }, (_, i) => i);

/** Stops who is in the worse half of those that came to a band before, as hyperband's kin do. */
function openField(config: SweepConfig, goal: Goal) {
  const rule = config.earlyTerminate;
  const schedule = rule && rule.type !== "patience" ? scheduleFor(rule) : undefined;
  const bands = new Map<number, number[]>();
  return {
    judge(values: Float64Array, spared: boolean): { rungs: Rung[]; verdict: EarlyStop | null } {
      if (!schedule || !rule) return { rungs: [], verdict: null };
      const all = crossedRungs(schedule, goal, { position: 0, best: null }, toPoints(values));
      for (const [i, { band, best }] of all.entries()) {
        const others = bands.get(band) ?? [];
        bands.set(band, others);
        const rank = others.filter((other) => !isBetter(goal, best, other)).length + 1;
        const threshold = others[Math.floor(others.length / 2)] ?? null;
        const behind = others.length >= 6 && threshold !== null && isBetter(goal, threshold, best);
        others.splice(rank - 1, 0, best);
        if (behind && !spared)
          return {
            rungs: all.slice(0, i + 1),
            verdict: { rule: rule.type, band, value: best, threshold, rank, of: others.length },
          };
      }
      return { rungs: all, verdict: null };
    },
  };
}

function toBatches(metrics: readonly string[], columns: readonly Float64Array[], startedAt: number): Batch[] {
  const length = columns[0]?.length ?? 0;
  const batches: Batch[] = [];
  for (let from = 0; from < length; from += BATCH_STEPS) {
    const to = Math.min(length, from + BATCH_STEPS);
    const steps = Float64Array.from({ length: to - from }, (_, i) => from + i);
    batches.push({
      attempt: 1,
      batch: batches.length + 1,
      axis: { steps, times: steps.map((step) => startedAt + step * STEP_MS) },
      series: metrics.map((key, i) => ({ key, column: { values: (columns[i] ?? steps).slice(from, to) } })),
      points: (to - from) * metrics.length,
    });
  }
  return batches;
}

// ------------------------------------------------------------------ where they are put

interface Place {
  readonly entity: string;
  readonly project: string;
  readonly projectId: number;
  readonly userId: number;
}

async function ensureProject(tx: Tx, { entity, project = "seeded" }: SweepSeed): Promise<Place> {
  const [owner] = await tx<{ id: number; name: string; userId: number }[]>`
    select e.id, e.name, (select min(u.id) from users u) as "userId" from entities e
    where ${entity ?? null}::text is null or e.name = ${entity ?? null} order by e.id limit 1`;
  if (!owner?.userId) throw new Error(`there is no ${entity ?? "entity"} with a user to own the sweep`);
  await tx`
    insert into projects (entity_id, name) select ${owner.id}::int, ${project}::text
    where not exists (select from projects where entity_id = ${owner.id} and name = ${project} and deleted_at is null)`;
  const [made] = await tx<{ id: number }[]>`
    select id from projects where entity_id = ${owner.id} and name = ${project} and deleted_at is null`;
  return { entity: owner.name, project, projectId: made?.id ?? 0, userId: owner.userId };
}

/** An agent with a run under way stays alive for an hour without a word. */
async function insertAgents(
  tx: Tx,
  { sweepId, userId, count }: { sweepId: string; userId: number; count: number },
  runs: readonly PlannedRun[],
): Promise<number[]> {
  const busy = new Set(runs.filter(({ state }) => state === "running").map(({ agent }) => agent));
  const rows = await tx<{ id: number }[]>`
    insert into agents (sweep_id, user_id, host, pid, slots, state, last_heartbeat_at, created_at)
    select ${sweepId}, ${userId}::int, 'gpu-box-' || n, 4000 + n, ${busy.size > 0 ? 4 : 1}::int,
      case when n - 1 = any(${[...busy]}::int[]) then 'alive' else 'exited' end,
      now() + case when n - 1 = any(${[...busy]}::int[]) then interval '1 hour' else interval '0' end,
      ${new Date(runs[0]?.createdAt ?? 0)}
    from generate_series(1, ${count}::int) n returning id`;
  return rows.map(({ id }) => id).sort((a, b) => a - b);
}

async function insertRuns(
  tx: Tx,
  {
    sweepId,
    projectId,
    searched,
    name,
  }: { sweepId: string; projectId: number; searched: boolean; name: string },
  goal: Goal,
  runs: readonly PlannedRun[],
): Promise<number[]> {
  const ids: number[] = [];
  for (const [from, piece] of pieces(runs)) {
    const rows = piece.map(({ summaries, verdict, ...run }, i) => {
      const [own] = summaries;
      const best = goal === "minimize" ? [own?.min, own?.minStep] : [own?.max, own?.maxStep];
      return {
        name: run.name,
        displayName: `${name}-${from + i + 1}`,
        state: run.state,
        reason: verdict ? "early_stopped" : REASONS[run.state],
        detail: verdict
          ? describeEarlyStop(verdict)
          : run.state === "failed"
            ? "It ended with exit code 1."
            : null,
        params: run.params,
        hash: run.hash,
        repeat: run.repeat,
        index: searched ? null : String(from + i),
        attempt: run.state === "pending" ? 0 : 1,
        crashes: run.state === "crashed" ? 3 : 0,
        stop: verdict ? "early" : run.state === "killed" ? "stop" : null,
        verdict: verdict && JSON.stringify(verdict),
        exitCode: run.state === "failed" ? 1 : run.state === "finished" ? 0 : null,
        objective: best[0] ?? null,
        objectiveStep: best[1] ?? null,
        createdAt: toIso(run.createdAt),
        startedAt: toIso(run.startedAt),
        finishedAt: toIso(run.finishedAt),
      };
    });
    const made = await tx<{ id: number }[]>`
      insert into runs (project_id, sweep_id, name, display_name, state, state_reason, state_detail, generation, point_index,
        point_hash, repeat, params, attempt, crashes, stop_requested, early_stop, exit_code, objective, objective_step, created_at,
        started_at, finished_at, queued_at)
      select ${projectId}::int, ${sweepId}, k.name, k."displayName", k.state, k.reason, k.detail, 1, k.index,
        decode(k.hash, 'hex'), k.repeat, k.params::jsonb, k.attempt, k.crashes, k.stop, k.verdict::jsonb, k."exitCode", k.objective,
        k."objectiveStep", k."createdAt", k."startedAt", k."finishedAt",
        case when k.state = 'pending' then k."createdAt" end
      from json_to_recordset(${JSON.stringify(rows)}::text::json) k (name text, "displayName" text, state text, reason text,
        detail text, params text, hash text, index numeric, repeat int, attempt int, crashes int, stop text, verdict text, "exitCode" int,
        objective float8, "objectiveStep" bigint, "createdAt" timestamptz, "startedAt" timestamptz, "finishedAt" timestamptz)
      returning id`;
    ids.push(...made.map(({ id }) => id).sort((a, b) => a - b));
  }
  return ids;
}

const REASONS: Readonly<Partial<Record<PlannedRun["state"], string>>> = {
  failed: "exit_code",
  crashed: "lease_expired",
  killed: "stopped_by_user",
};

async function insertAttempts(
  tx: Tx,
  sweepId: string,
  runs: readonly PlannedRun[],
  runIds: readonly number[],
  agentIds: readonly number[],
): Promise<void> {
  for (const [from, piece] of pieces(runs)) {
    const rows = piece.flatMap((run, i) =>
      run.state === "pending"
        ? []
        : {
            runId: runIds[from + i],
            agentId: agentIds[run.agent],
            state: run.state,
            reason: run.verdict ? "early_stopped" : REASONS[run.state],
            startedAt: toIso(run.startedAt),
            endedAt: toIso(run.finishedAt),
            exitCode: run.state === "failed" ? 1 : run.state === "finished" ? 0 : null,
            lastStep: run.summaries[0]?.lastStep ?? null,
            batches: run.batches.length || 1,
            tails: run.batches.length,
            tailSteps: run.batches.reduce((sum, { axis }) => sum + axis.steps.length, 0),
          },
    );
    await tx`
      insert into attempts (run_id, number, sweep_id, agent_id, state, reason, started_at, ended_at, last_contact_at,
        lease_expires_at, exit_code, last_step, last_batch, tails, tail_steps, slot)
      select k."runId", 1, ${sweepId}, k."agentId", k.state, k.reason, k."startedAt", k."endedAt",
        coalesce(k."endedAt", now()), now() + interval '1 hour', k."exitCode", k."lastStep", k.batches, k.tails, k."tailSteps",
        0
      from json_to_recordset(${JSON.stringify(rows)}::text::json) k ("runId" bigint, "agentId" int, state text, reason text,
        "startedAt" timestamptz, "endedAt" timestamptz, "exitCode" int, "lastStep" bigint, batches int, tails int,
        "tailSteps" int)`;
  }
}

async function insertSummaries(
  tx: Tx,
  runs: readonly PlannedRun[],
  runIds: readonly number[],
  metricIds: readonly number[],
): Promise<void> {
  const rows = runs.flatMap(({ summaries }, i) =>
    summaries.map((summary, k) => ({
      runId: runIds[i] ?? 0,
      attempt: 1,
      metricId: metricIds[k] ?? 0,
      summary,
    })),
  );
  for (const [, piece] of pieces(rows)) await addToSummaries(tx, piece);
}

const TRACE = [
  "Traceback (most recent call last):",
  '  File "train.py", line 42, in <module>',
  "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
];

/** Tags, and what those that failed printed last. */
async function insertParts(tx: Tx, runs: readonly PlannedRun[], runIds: readonly number[]): Promise<void> {
  const tagged = runs.flatMap(({ tags }, i) => tags.map((tag) => ({ id: runIds[i] ?? 0, tag })));
  await tx`
    insert into run_tags (run_id, tag)
    select * from unnest(${tagged.map(({ id }) => id)}::bigint[], ${tagged.map(({ tag }) => tag)}::text[])`;
  const failed = runs.flatMap(({ state }, i) => (state === "failed" ? [runIds[i] ?? 0] : []));
  await tx`
    insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
    select id, 1, 1, 0, 'stderr', now(),
      case when number % 3 = 0 then ${`${TRACE.slice(0, 2).join("\n")}\nValueError: loss is NaN\n`}
        else ${`${TRACE.join("\n")}\n`} end
    from unnest(${failed}::bigint[]) with ordinality t (id, number)`;
  await tx`
    update attempts a set last_output_batch = 1, output_bytes = octet_length(c.text)
    from output_chunks c where c.run_id = a.run_id and a.run_id = any(${failed}::bigint[])`;
}

async function insertHistories(
  tx: Tx,
  runs: readonly PlannedRun[],
  runIds: readonly number[],
  ids: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [i, { batches }] of runs.entries())
    for (const batch of batches) {
      const { steps } = batch.axis;
      await insertTails(tx, [
        {
          runId: runIds[i] ?? 0,
          attempt: 1,
          batch: batch.batch,
          firstStep: steps[0] ?? 0,
          lastStep: steps.at(-1) ?? 0,
          count: steps.length,
          block: packBatch(batch, ids).block,
        },
      ]);
    }
}

async function insertRungs(
  tx: Tx,
  sweepId: string,
  runs: readonly PlannedRun[],
  runIds: readonly number[],
): Promise<void> {
  const rows = runs.flatMap(({ rungs }, i) =>
    rungs.map((rung) => ({ ...rung, sweepId, runId: runIds[i] ?? 0, attempt: 1 })),
  );
  for (const [, piece] of pieces(rows)) await writeRungs(tx, piece);
  const stopped = runs.flatMap(({ verdict }, i) => (verdict ? [{ runId: runIds[i] ?? 0, attempt: 1 }] : []));
  if (stopped.length > 0) await markStopped(tx, stopped);
}

async function startSweep(tx: Tx, sweepId: string, runs: readonly PlannedRun[]): Promise<void> {
  const open = runs.some(({ finishedAt }) => finishedAt === null);
  const lastEnd = runs.reduce((last, { finishedAt }) => Math.max(last, finishedAt ?? 0), 0);
  await tx`
    update sweeps set state = ${open ? "running" : "finished"}, state_reason = ${open ? null : "stopped"},
      run_count = ${runs.length}, cursor = ${runs.length}, created_at = ${new Date(runs[0]?.createdAt ?? 0)},
      started_at = ${new Date(runs[0]?.createdAt ?? 0)}, finished_at = ${open ? null : new Date(lastEnd)},
      changed_xid = pg_current_xact_id()
    where id = ${sweepId}`;
}

const toIso = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

function* pieces<T>(rows: readonly T[]): Iterable<[from: number, piece: readonly T[]]> {
  for (let from = 0; from < rows.length; from += PIECE) yield [from, rows.slice(from, from + PIECE)];
}
