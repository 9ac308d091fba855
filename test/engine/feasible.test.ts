import { expect, test } from "vitest";
import { migrate } from "@/db/migrate";
import { bestRuns } from "@/db/queries/overview";
import { bestSoFar } from "@/db/queries/runs";
import { systemAccess } from "@/engine/authorize";
import type { Claim } from "@/engine/claim-runs";
import { closeSweeps } from "@/engine/close-sweeps";
import type { EngineContext } from "@/engine/context";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { logMetrics } from "@/engine/report-metrics";
import { stopRun } from "@/engine/stop-run";
import { withDatabase } from "../support/database";
import { toBatch } from "../support/history";
import {
  claimOne,
  expireLeases,
  gridOf,
  type House,
  readSweep,
  reapNow,
  startSweep,
  withHouse,
} from "./support/house";

/** Who may be the best under constraints on metrics: it is known when a run ends, and kept. */

type Sweep = Awaited<ReturnType<typeof startSweep>>;
type Values = Record<string, number>;

const limited = (extra: object = {}, points = 20): object =>
  gridOf(points, { constraints: ["ms <= 20"], ...extra });

const log = (context: EngineContext, { runId, attempt }: Claim, batch: number, ...steps: Values[]) =>
  logMetrics(context, {
    runId,
    metrics: toBatch(
      { attempt, batch },
      steps.map((values, i): [number, Values] => [10 * batch + i, values]),
    ),
  });

async function train(context: EngineContext, sweep: Sweep, ...steps: Values[]): Promise<number> {
  const claim = await claimOne(context, sweep);
  if (steps.length > 0) await log(context, claim, 1, ...steps);
  await finishRun(context, { runId: claim.runId, attempt: claim.attempt, state: "finished", exitCode: 0 });
  return claim.runId;
}

async function readFeasible({ db }: Pick<House, "db">): Promise<(boolean | null)[]> {
  const rows = await db.sql<{ feasible: boolean | null }[]>`select feasible from runs order by id`;
  return rows.map(({ feasible }) => feasible);
}
const bestOf = async ({ db }: Pick<House, "db">, sweepId: string) =>
  (await bestRuns(db, systemAccess(), [sweepId]))[0]?.id;

test("the best run is the best of those whose last values keep to the constraints; while there is none, there is no best", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const sweep = await startSweep(context, limited());
    const open = await claimOne(context, sweep);
    await log(context, open, 1, { loss: 0.1, ms: 5 });
    await train(context, sweep, { loss: 0.2, ms: 20.5 });
    await train(context, sweep, { loss: 0.3 });
    // Not allowed at its end, though it was before; and the other way round.
    await train(context, sweep, { loss: 0.4, ms: 10 }, { loss: 0.9, ms: 21 });
    expect(await bestOf(house, sweep.sweepId)).toBeUndefined();
    const first = await train(context, sweep, { loss: 5, ms: 99 }, { loss: 6, ms: 20 });
    expect(await bestOf(house, sweep.sweepId)).toBe(first);
    const second = await train(context, sweep, { loss: 4, ms: Number.NEGATIVE_INFINITY }, { ms: 3 });
    await train(context, sweep, { loss: 4.5, ms: 3 });
    expect(await readFeasible(house)).toEqual([null, false, false, false, true, true, true]);
    expect(await bestOf(house, sweep.sweepId)).toBe(second);
    const curve = await bestSoFar(db, systemAccess(), [sweep.sweepId]);
    expect(curve.map(({ runId, ordinal }) => [runId, ordinal])).toEqual([
      [first, 4],
      [second, 5],
    ]);
    // It was under way, and has ended now.
    await finishRun(context, { ...open, state: "finished" });
    expect(await bestOf(house, sweep.sweepId)).toBe(open.runId);
  }));

test("in a sweep without constraints on metrics nothing is asked, and nothing is kept", () =>
  withHouse(async (house) => {
    const sweep = await startSweep(house.context, gridOf(9, { constraints: ["x < 5"] }));
    const runId = await train(house.context, sweep, { loss: 0.2, ms: 500 });
    expect(await readFeasible(house)).toEqual([null]);
    expect(await bestOf(house, sweep.sweepId)).toBe(runId);
    // An empty index is its first page alone.
    const [index] = await house.db.sql`select pg_relation_size('runs_sweep_feasible_idx') as bytes`;
    expect(index?.bytes).toBe(8_192);
    const planned = await house.db.sql`select constrained, unjudged from sweeps`;
    expect(planned).toEqual([{ constrained: false, unjudged: false }]);
  }));

test("a bound may depend on parameters; where there is none, a run need not even log the metric", () =>
  withHouse(async (house) => {
    const parameters = { x: { values: [1, 2, 3] } };
    const constraints = ["`ms` <= 10 * x", "5 / (x - 2) >= `mb`"];
    const sweep = await startSweep(house.context, limited({ constraints, parameters }));
    // 10 and -5, then 20 and no bound, then 30 and 5.
    await train(house.context, sweep, { loss: 1, ms: 10, mb: -4 });
    await train(house.context, sweep, { loss: 1, ms: 20 });
    await train(house.context, sweep, { loss: 1, ms: 30, mb: 5 });
    expect(await readFeasible(house)).toEqual([false, true, true]);
  }));

test.each(["minimize", "maximize"] as const)(
  "a target is reached (%s) by a run that has ended and is allowed, by no other",
  (goal) =>
    withHouse(async ({ db, context }) => {
      const sign = goal === "minimize" ? 1 : -1;
      const sweep = await startSweep(context, limited({ metric: { name: "loss", goal, target: sign } }));
      const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
      const open = await claimOne(context, sweep);
      await log(context, open, 1, { loss: sign * 0.5, ms: 5 });
      await train(context, sweep, { loss: sign * 0.5, ms: 50 });
      await train(context, sweep, { loss: sign * 0.5 });
      await train(context, sweep, { loss: sign * 2, ms: 5 });
      await closeSweeps(db);
      expect(await reason()).toBeNull();
      await finishRun(context, { ...open, state: "finished" });
      expect(await reason()).toBe("target");
    }),
);

test("runs that are not allowed are passed over in the count of those that brought no improvement", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, limited({ budget: { until: { no_improvement: 2 } } }));
    const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
    for (const loss of [5, 4, 3]) await train(context, sweep, { loss, ms: 50 });
    await train(context, sweep, { loss: 9, ms: 5 });
    // Neither the first of a new count, nor of this one.
    for (const loss of [2, 10, 11]) await train(context, sweep, { loss, ms: 50 });
    await train(context, sweep, { loss: 9.5, ms: 5 });
    expect(await reason()).toBeNull();
    await train(context, sweep, { loss: 9, ms: 5 });
    expect(await reason()).toBe("no_improvement");
  }));

const BOTH = { metric: undefined, metrics: [{ name: "loss" }, { name: "acc", goal: "maximize" }] };

test("a front is made of allowed runs: they reach targets together, and only they count as bringing nothing to it", () =>
  withHouse(async ({ db, context }) => {
    const until = { target: { loss: 1, acc: 0.9 }, no_improvement: 3 };
    const sweep = await startSweep(context, limited({ ...BOTH, budget: { until } }));
    const reason = async () => (await readSweep(db, sweep.sweepId)).stateReason;
    const open = await claimOne(context, sweep);
    await log(context, open, 1, { loss: 0.1, acc: 1, ms: 5 });
    await train(context, sweep, { loss: 0.1, acc: 1, ms: 50 });
    const first = await train(context, sweep, { loss: 5, acc: 0.5, ms: 5 });
    for (let i = 0; i < 3; i++) await train(context, sweep, { loss: 6, acc: 0.4, ms: 50 });
    const second = await train(context, sweep, { loss: 4, acc: 0.4, ms: 5 });
    await train(context, sweep, { loss: 6, acc: 0.4, ms: 5 });
    await closeSweeps(db);
    expect(await reason()).toBeNull();
    const [front] = await db.sql<{ runs: number; barren: number; members: { id: number }[] }[]>`
      select runs, barren, members from fronts`;
    expect(front).toMatchObject({ runs: 3, barren: 1 });
    expect(front?.members.map(({ id }) => id).sort()).toEqual([first, second].sort());
    await finishRun(context, { ...open, state: "finished" });
    expect(await reason()).toBe("target");
  }));

test("what is known of a run is that of its current attempt: a new one is open again, and so is one that comes back", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const sweep = await startSweep(context, limited({ retries: 3 }, 1));
    const first = await claimOne(context, sweep);
    await log(context, first, 1, { loss: 1, ms: 5 });
    await finishRun(context, { ...first, state: "crashed" });
    expect(await readFeasible(house)).toEqual([true]);
    const second = await claimOne(context, sweep);
    expect([second.runId, second.attempt]).toEqual([first.runId, 2]);
    expect(await readFeasible(house)).toEqual([null]);

    // Given up for want of a sign of life; what it logs afterwards counts, and its heartbeat brings it back.
    await log(context, second, 1, { loss: 1, ms: 50 });
    await expireLeases(db);
    expect(await reapNow(db)).toBe(1);
    expect(await readFeasible(house)).toEqual([false]);
    await log(context, second, 2, { ms: 6 });
    expect(await readFeasible(house)).toEqual([true]);
    await heartbeat(context, { agentId: sweep.agentId, attempts: [second] });
    expect(await readFeasible(house)).toEqual([null]);

    // Stopped: the best value that it had reached is one of an allowed run.
    await stopRun(context, { runId: second.runId });
    await finishRun(context, { ...second, state: "killed" });
    expect(await readFeasible(house)).toEqual([true]);
    expect(await bestOf(house, sweep.sweepId)).toBe(second.runId);
  }));

test("runs that ended before it was kept are asked once, however many, and the front is made anew of those that are allowed", () =>
  withHouse(async (house) => {
    const { db, context } = house;
    const sweep = await startSweep(context, limited(BOTH));
    await train(context, sweep, { loss: 1, acc: 1, ms: 50 });
    const allowed = await train(context, sweep, { loss: 2, acc: 0.5, ms: 5 });
    await claimOne(context, sweep);
    await db.sql`
      insert into runs (project_id, sweep_id, name, display_name, state, generation, repeat, params, attempt, finished_at)
      select project_id, sweep_id, 'old' || n, 'old', 'finished', 1, 1, params, 1, now() - interval '1 day'
      from runs, generate_series(1, 2500) n where id = ${allowed}`;
    await db.sql`insert into attempts (run_id, number, sweep_id, state, ended_at)
      select id, 1, sweep_id, 'finished', finished_at from runs where display_name = 'old'`;
    await db.sql`insert into metric_summaries (run_id, attempt, metric_id, count, last, min, max)
      select r.id, 1, u.metric_id, 1, case when r.id % 2 = 0 then u.last else 1000 end, u.min, u.max
      from runs r, metric_summaries u where r.display_name = 'old' and u.run_id = ${allowed}`;
    // As an older program left it: over, with a front of all that had finished.
    await db.sql`update sweeps set constrained = false`;
    await db.sql`update runs set feasible = null`;
    await closeSweeps(db, [sweep.sweepId]);
    const runsOfFront = async () => (await db.sql`select runs from fronts`)[0]?.runs;
    expect(await runsOfFront()).toBe(2_502);
    await db.sql`update sweeps set constrained = true, unjudged = true, state = 'finished', finished_at = now() - interval '1 year'`;

    expect(await closeSweeps(db)).toEqual([]);
    const [known] = await db.sql`
      select count(*) filter (where feasible) as yes, count(*) filter (where not feasible) as no,
        count(*) filter (where feasible is null) as unknown, (select unjudged from sweeps) as unjudged from runs`;
    expect(known).toEqual({ yes: 1_251, no: 1_251, unknown: 1, unjudged: false });
    expect(await runsOfFront()).toBe(1_251);
  }));

test("a migration finds the sweeps that have constraints on metrics", () =>
  withDatabase(async (db) => {
    await db.sql.unsafe("drop schema public cascade; create schema public");
    await migrate(db, { upTo: "0011_prior-runs" });
    await db.sql`insert into entities (name, kind) values ('ada', 'user')`;
    await db.sql`insert into projects (entity_id, name) select id, 'digits' from entities`;
    const configs = {
      none: {},
      soft: { softConstraints: [{ metric: "ms" }] },
      hard: { constraints: [{}] },
      lost: {},
    };
    for (const [id, config] of Object.entries(configs)) {
      await db.sql`insert into sweeps (id, project_id, name, method, seed, generation)
        select ${id}, id, ${id}, 'grid', '1', 2 from projects`;
      const before = id === "lost" ? configs.soft : {};
      await db.sql`insert into sweep_generations (sweep_id, generation, source, config)
        values (${id}, 1, '', ${JSON.stringify(before)}::text::jsonb), (${id}, 2, '', ${JSON.stringify(config)}::text::jsonb)`;
    }
    expect(await migrate(db)).toContain("0012_feasible");
    const found = await db.sql`select id from sweeps where constrained and unjudged`;
    expect(found).toEqual([{ id: "soft" }]);
    expect(await db.sql`select count(*) from sweeps where constrained or unjudged`).toEqual([{ count: 1 }]);
  }));
