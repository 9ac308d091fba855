import { expect, test } from "vitest";
import { readAttemptFacts } from "@/db/queries/attempt-facts";
import { readWarnings } from "@/db/queries/run-warnings";
import { readSystem } from "@/db/queries/system-samples";
import { authenticate, systemAccess } from "@/engine/authorize";
import { describeAttempt, MAX_DIFF_BYTES, MAX_FACTS_BYTES } from "@/engine/describe-attempt";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { logSystem, MAX_SAMPLES_KEPT } from "@/engine/log-system";
import { markPreempting } from "@/engine/mark-preempting";
import { logMetrics } from "@/engine/report-metrics";
import { dropExpired } from "@/engine/retention";
import { MAX_WARNINGS, warnRun } from "@/engine/warn-run";
import {
  claimOne,
  codeOf,
  expireLeases,
  gridOf,
  type House,
  readRuns,
  reapNow,
  silent,
  startSweep,
  withHouse,
} from "./support/house";

/** A run in hand, and the same caller by the run's own key. */
async function withRun(body: (house: House & { runId: number; own: House["context"] }) => Promise<void>) {
  await withHouse(async (house) => {
    const claim = await claimOne(house.context, await startSweep(house.context, gridOf(3)));
    const { db } = house;
    const own = { db, access: await authenticate(db, claim.apiKey), secret: claim.apiKey, log: silent };
    await body({ ...house, runId: claim.runId, own });
  });
}

test("the last description of an attempt wins, whoever of its speakers gives it, and any text in it can be kept", () =>
  withRun(async ({ db, context, own, runId }) => {
    await describeAttempt(own, { runId, attempt: 1, facts: { argv: ["a"] }, diff: "old" });
    const facts = { argv: ["nul \0", "half \ud83d"], packages: { "p\0": "1" }, git: { dirty: true } };
    await describeAttempt(context, { runId, attempt: 1, facts, diff: "+ \0 line" });
    const [row] = await readAttemptFacts(db, systemAccess(), [{ runId, attempt: 1 }]);
    expect({ ...row, facts: JSON.parse(row?.facts ?? "") }).toEqual({
      runId,
      attempt: 1,
      facts: { argv: ["nul \ufffd", "half \ufffd"], packages: { "p\ufffd": "1" }, git: { dirty: true } },
      diff: "+ \ufffd line",
    });
    await describeAttempt(context, { runId, attempt: 1, facts: {} });
    expect(await readAttemptFacts(db, systemAccess(), [{ runId, attempt: 1 }])).toMatchObject([
      { diff: null },
    ]);
  }));

test("facts and diffs have a size, facts a shape, and both an attempt that is there", () =>
  withRun(async ({ context, own, runId }) => {
    const tower = JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`);
    const describe = (facts: unknown, diff?: string, attempt = 1, by = context) =>
      codeOf(describeAttempt(by, { runId, attempt, facts, diff }));
    expect({
      list: await describe([]),
      text: await describe("argv"),
      tower: await describe(tower),
      long: await describe({ a: "x".repeat(MAX_FACTS_BYTES) }),
      diff: await describe({}, "ü".repeat(MAX_DIFF_BYTES / 2 + 1)),
      fits: await describe({ a: "x".repeat(MAX_FACTS_BYTES - 8) }, "x".repeat(MAX_DIFF_BYTES)),
      unknown: await describe({}, undefined, 2),
      fenced: await describe({}, undefined, 2, own),
    }).toEqual({
      list: "BAD_INPUT",
      text: "BAD_INPUT",
      tower: "BAD_INPUT",
      long: "INPUT_TOO_LARGE",
      diff: "INPUT_TOO_LARGE",
      fits: "none",
      unknown: "NOT_FOUND",
      fenced: "FORBIDDEN",
    });
  }));

const sample = (timeMs: number, values: object) => ({ timeMs, values });
const linesOf = async ({ db }: Pick<House, "db">, runId: number, samples = 300) =>
  Object.fromEntries(
    (await readSystem(db, systemAccess(), [runId], { samples })).map(({ key, times, values, max }) => [
      key,
      { times, values, max },
    ]),
  );

test("samples of a machine are kept once each, apart from what its program logs", () =>
  withRun(async ({ db, context, other, own, runId }) => {
    const first = [sample(2_000, { cpu: 20 }), sample(1_000, { cpu: 10, "gpu.0": 5 })];
    expect(await logSystem(own, { runId, attempt: 1, samples: first })).toMatchObject({ kept: 2 });
    const more = [...first, sample(3_000.4, { cpu: 30 })];
    const kept = await Promise.all(
      [context, other].map((by) => logSystem(by, { runId, attempt: 1, samples: more })),
    );
    expect(kept.map((one) => one.kept).sort()).toEqual([0, 1]);
    expect(await linesOf({ db }, runId)).toEqual({
      cpu: { times: [1_000, 2_000, 3_000], values: [10, 20, 30], max: [10, 20, 30] },
      "gpu.0": { times: [1_000], values: [5], max: [5] },
    });
    const metrics = { attempt: 1, batch: 1, steps: [0], times: [0], series: [{ key: "loss", values: [1] }] };
    await logMetrics(context, { runId, metrics });
    const names = await db.sql<{ name: string }[]>`select name from metrics`;
    expect(names.map(({ name }) => name)).toEqual(["loss"]);
    expect(await db.sql`select from metric_summaries`).toHaveLength(1);
  }));

test("a long line comes in equal parts of its time, with the mean and the highest of each", () =>
  withRun(async ({ db, context, runId }) => {
    const samples = Array.from({ length: 1_000 }, (_, i) =>
      sample(10_000 + i * 10, { cpu: i === 555 ? 900 : i % 2 }),
    );
    await logSystem(context, { runId, attempt: 1, samples });
    const { cpu } = await linesOf({ db }, runId, 10);
    expect(cpu?.times).toHaveLength(10);
    expect(cpu?.times[0]).toBeCloseTo(10_495, 0);
    expect(cpu?.values.slice(0, 5)).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(cpu?.max).toEqual([1, 1, 1, 1, 1, 900, 1, 1, 1, 1]);
  }));

test("an attempt keeps a bounded number of samples: neighbours become one, and no peak is lost", () =>
  withRun(async ({ db, context, runId }) => {
    const startedAt = performance.now();
    let time = 0;
    for (let call = 0; call < 9; call++) {
      const samples = Array.from({ length: 1_000 }, () => {
        time++;
        return sample(time, { cpu: time === 1_234 ? 5_000 : 10, ...(time % 2 ? { odd: time } : {}) });
      });
      await logSystem(context, { runId, attempt: 1, samples });
    }
    // 36 s with joins that the planner had in nested loops.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    const [row] = await db.sql<{ n: number }[]>`select count(*) as n from system_samples`;
    expect(row?.n).toBeLessThanOrEqual(MAX_SAMPLES_KEPT);
    const { cpu, odd } = await linesOf({ db }, runId, MAX_SAMPLES_KEPT);
    expect(Math.max(...(cpu?.max ?? []))).toBe(5_000);
    expect(cpu?.values.filter((value) => value === 10).length).toBeGreaterThan(2_000);
    expect(odd?.times.length).toBe(row?.n);
    // What has been merged away does not come again.
    expect(await logSystem(context, { runId, attempt: 1, samples: [sample(2, { cpu: 1 })] })).toMatchObject({
      kept: 0,
    });
  }));

test("samples that are none are refused, whoever sends them", () =>
  withRun(async ({ db, context, runId }) => {
    const log = (samples: { timeMs: number; values: unknown }[]) =>
      codeOf(logSystem(context, { runId, attempt: 1, samples }));
    const names = (count: number, from = 0) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${from + i}`, 1]));
    const refused = [
      await log(Array.from({ length: 1_001 }, (_, i) => sample(i, {}))),
      await log([sample(Number.NaN, {})]),
      await log([sample(-1, {})]),
      await log([sample(1e18, {})]),
      await log([{ timeMs: 1, values: [1] }]),
      await log([sample(1, { cpu: "5" })]),
      await log([sample(1, { cpu: null })]),
      await log([sample(1, { cpu: 1e31 })]),
      await log([sample(1, { cpu: -Number.MAX_VALUE })]),
      await log([sample(1, { "a\0": 1 })]),
      await log([sample(1, { "": 1 })]),
      await log([sample(1, { ["x".repeat(101)]: 1 })]),
      await log([sample(1, names(150)), sample(2, names(150, 100))]),
    ];
    expect(new Set(refused)).toEqual(new Set(["BAD_INPUT"]));
    expect(await log([sample(1, names(200))])).toBe("none");
    // The highest that is let in can be read back, its mean as well.
    expect(await log([sample(2, { n1: 1e30 }), sample(3, { n1: -1e30 })])).toBe("none");
    expect((await linesOf({ db }, runId, 2)).n1?.max).toEqual([1e30, -1e30]);
    expect(await log([])).toBe("none");
  }));

test("samples go with the metric history, and none is kept after it", () =>
  withRun(async ({ db, context, runId }) => {
    await logSystem(context, { runId, attempt: 1, samples: [sample(1, { cpu: 1 })] });
    await describeAttempt(context, { runId, attempt: 1, facts: { host: "box" } });
    await finishRun(context, { runId, attempt: 1, state: "finished" });
    await db.sql`update runs set finished_at = now() - interval '50 days' where id = ${runId}`;
    await dropExpired(db, silent, { outputDays: null, historyDays: 5 }, { everyMs: 0 });
    expect(await linesOf({ db }, runId)).toEqual({});
    expect(await logSystem(context, { runId, attempt: 1, samples: [sample(9, { cpu: 1 })] })).toMatchObject({
      kept: 0,
    });
    expect(await readAttemptFacts(db, systemAccess(), [{ runId, attempt: 1 }])).toHaveLength(1);
  }));

test("a warning given again is the same one, and a run keeps the first ones", () =>
  withRun(async ({ db, context, other, own, runId }) => {
    const warn = (by: House["context"], from: number, count: number, code = "UNKNOWN_MACRO") =>
      warnRun(by, {
        runId,
        attempt: 1,
        warnings: Array.from({ length: count }, (_, i) => ({ code, message: `message ${from + i}` })),
      });
    await Promise.all([warn(context, 0, 12), warn(other, 0, 12), warn(own, 6, 12)]);
    await warn(context, 0, 12);
    expect(await readWarnings(db, systemAccess(), [runId])).toHaveLength(18);
    await Promise.all([warn(context, 0, 10, "OUTPUT_CUT"), warn(other, 10, 10, "OUTPUT_CUT")]);
    expect(await readWarnings(db, systemAccess(), [runId])).toHaveLength(MAX_WARNINGS);
    expect(await codeOf(warn(context, 0, 21))).toBe("BAD_INPUT");
    expect(await codeOf(warn(context, 0, 1, "SOMETHING_ELSE"))).toBe("BAD_INPUT");
    const long = { runId, attempt: 1, warnings: [{ code: "OUTPUT_CUT", message: "x".repeat(501) }] };
    expect(await codeOf(warnRun(context, long))).toBe("BAD_INPUT");
  }));

test.each([
  ["fails", "failed", { state: "pending", preemptions: 1, crashes: 0 }, "preempted"],
  ["dies by a signal", "crashed", { state: "pending", preemptions: 1, crashes: 0 }, "preempted"],
  ["falls silent", "silence", { state: "pending", preemptions: 1, crashes: 0 }, "preempted"],
  ["ends well", "finished", { state: "finished", preemptions: 0, crashes: 0 }, "finished"],
] as const)("an attempt that is marked as preempting and %s uses up no retry", (_what, how, run, attempt) =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(1, { retries: 0, quarantine_after: 1 }));
    const { runId, apiKey } = await claimOne(context, sweep);
    const own = { ...context, access: await authenticate(db, apiKey), secret: apiKey };
    const named = { attempts: [{ runId, attempt: 1 }] };
    expect(await markPreempting(own, named)).toEqual({ marked: 1 });
    expect(await markPreempting(other, named)).toEqual({ marked: 0 });
    expect(await readRuns(db)).toMatchObject([{ state: "preempting" }]);
    // It goes on, and is held, as before.
    const beat = await heartbeat(context, { agentId: sweep.agentId, ...named });
    expect(beat).toMatchObject({ commands: [], directive: "CONTINUE" });
    if (how === "silence") {
      await expireLeases(db);
      await reapNow(db);
    } else await finishRun(own, { runId, attempt: 1, state: how, exitCode: how === "finished" ? 0 : 1 });
    expect(await readRuns(db)).toMatchObject([run]);
    const [row] = await db.sql`select state from attempts where run_id = ${runId}`;
    expect(row?.state).toBe(attempt);
    // Nor does it count against the machine.
    expect(await db.sql`select from machines`).toHaveLength(0);
    expect(await markPreempting(context, named)).toEqual({ marked: 0 });
  }),
);
