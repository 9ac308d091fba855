import { expect, test } from "vitest";
import { fromLogged } from "@/compute/search/logged-event";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { finishRun } from "@/engine/finish-run";
import { registerAgent } from "@/engine/register-agent";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { closeSearch } from "@/engine/search/round";
import { stopRun } from "@/engine/stop-run";
import { updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import { claimOne, readSweep, startSweep, withHouse } from "./support/house";

/** Two reals, an integer and a category: an endless space with its best point at x = 0.3, n = 4. */
const space = {
  x: { distribution: "uniform", min: 0, max: 1 },
  lr: { distribution: "log_uniform_values", min: 1e-5, max: 1e-1 },
  n: { min: 1, max: 9 },
  kind: { values: ["a", "b", "c"] },
};
const bayesOf = (extra: object = {}): object => ({
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: space,
  seed: 7,
  // All of these tests' runs fail at once, and none of them for their machine's sake.
  quarantine_after: false,
  ...extra,
});

const lossOf = (params: string): number => {
  const { x, n, kind } = JSON.parse(params);
  return (x - 0.3) ** 2 + (n - 4) ** 2 / 100 + (kind === "b" ? 0 : 0.1);
};

async function train(context: EngineContext, claim: Claim): Promise<void> {
  const { runId, attempt } = claim;
  await logMetrics(context, {
    runId,
    metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: lossOf(claim.params) }]]),
  });
  await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
}

/** With the first proposals ready: a thread takes a second or two to start. */
async function startWarm(context: EngineContext, json: object) {
  const sweep = await startSweep(context, json);
  await keepReady(context, sweep.sweepId);
  return sweep;
}

interface Suggested {
  number: number;
  reason: string;
  observed: number;
  mean: number | null;
  state: string;
}
const readSuggestions = (db: Database): Promise<Suggested[]> =>
  db.sql<Suggested[]>`select number, reason, observed, mean, state from suggestions order by number`;

async function readEvents(db: Database, sweepId: string) {
  return (await readLog(db.sql, { sweepId, from: 0 })).map(fromLogged);
}

/** Every proposal again, from the log. */
async function replayed(db: Database, sweepId: string, method = "bayes") {
  const generation = await readGeneration(db.sql, { sweepId, generation: 1 });
  if (generation === undefined) throw new Error("no generation");
  const { config, seed } = generation;
  const events = await readLog(db.sql, { sweepId, from: 0 });
  return replay(methodOf(method), { config: deserializeConfig(config), seed }, events);
}

test("a sweep with method bayes hands out what its search proposed, first a design and then a model's choices", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startWarm(context, bayesOf({ run_cap: 14 }));
    const losses: number[] = [];
    for (let i = 0; i < 14; i++) {
      const claim = await claimOne(context, sweep);
      losses.push(lossOf(claim.params));
      await train(context, claim);
    }
    const taken = (await readSuggestions(db)).filter(({ state }) => state === "taken");
    expect(taken).toHaveLength(14);
    expect(taken.slice(0, 5).map(({ reason }) => reason)).toEqual(new Array(5).fill("design"));
    expect(taken.at(-1)).toMatchObject({ reason: "model", mean: expect.any(Number) });
    // With so few results a model's choice is as fresh as can be: it knew every run that had ended.
    const chosen = taken.flatMap(({ reason, observed }, i) => (reason === "model" ? [[observed, i]] : []));
    expect(chosen.every(([observed, i]) => observed === i)).toBe(true);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "run_cap" });
    expect(Math.min(...losses)).toBeLessThan(0.05);
    await keepReady(context, sweep.sweepId);
    expect((await readEvents(db, sweep.sweepId)).filter(({ type }) => type === "observed")).toHaveLength(14);
    expect(await replayed(db, sweep.sweepId)).toEqual({ proposals: expect.any(Number), differences: [] });
  }));

test("64 claims at once through two servers get 64 different proposals, and the log derives all of them again", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, bayesOf());
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        Array.from({ length: 64 }, (_, i) => claimRuns(i % 2 ? context : other, { ...sweep, count: 1 })),
      );
      const claims = answers.flatMap((answer) => answer.claims);
      expect(claims).toHaveLength(64);
      await Promise.all(claims.map((claim, i) => train(i % 2 ? other : context, claim)));
    }
    const points = await db.sql<{ points: number; runs: number }[]>`
      select count(distinct point_hash)::int as points, count(*)::int as runs from runs`;
    expect(points[0]).toEqual({ points: 128, runs: 128 });
    expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
  }));

test("when no proposal comes in time a claim gets a space-filling point, and the search is told of it", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startWarm(context, bayesOf());
    // Two lie ready for the first agent: its own, and one for whoever comes next.
    for (let i = 0; i < 2; i++) await train(context, await claimOne(context, sweep));
    await closeSearch(db);
    const began = performance.now();
    const claim = await claimOne(context, sweep);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    expect((await readSuggestions(db))[0]).toMatchObject({ number: -1, reason: "fallback", state: "taken" });
    await train(context, claim);
    await db.sql`delete from suggestions where state = 'ready'`;
    const second = await claimOne({ ...context }, sweep);
    expect(second.params).not.toBe(claim.params);
  }));

test("a finite space is handed out to its last point, each once, and the sweep ends", () =>
  withHouse(async ({ db, context, other }) => {
    const parameters = { a: { values: [1, 2, 3] }, b: { values: ["x", "y"] }, fixed: { value: 5 } };
    const sweep = await startSweep(context, bayesOf({ parameters }));
    const seen = new Set<string>();
    for (;;) {
      const { claims, directive } = await claimRuns(seen.size % 2 ? context : other, { ...sweep, count: 1 });
      if (directive === "EXIT") break;
      for (const claim of claims) {
        seen.add(claim.params);
        const { runId, attempt } = claim;
        await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: 1 }]]) });
        await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
      }
    }
    expect(seen.size).toBe(6);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: 6 });
  }));

test("failed, lost and stopped runs are told apart", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startWarm(context, bayesOf({ retries: 0 }));
    const ends = ["finished", "failed", "crashed", "killed"] as const;
    for (const state of ends) {
      const { runId, attempt } = await claimOne(context, sweep);
      const reason = state === "crashed" ? "signal" : undefined;
      await finishRun(context, { runId, attempt, state, exitCode: state === "finished" ? 0 : 1, reason });
    }
    await keepReady(context, sweep.sweepId);
    const outcomes = (await readEvents(db, sweep.sweepId)).filter(
      ({ type }) => type !== "proposed" && type !== "withdrawn",
    );
    expect(outcomes.map(({ type }) => type)).toEqual(["observed", "failed", "failed", "lost"]);
    expect(outcomes[0]).toMatchObject({ objectives: [Number.NaN] });
  }));

test.each([
  [
    "best",
    [
      { count: 2, value: 0.5 },
      { count: 5, value: 0.4 },
    ],
  ],
  [
    "latest",
    [
      { count: 2, value: 0.5, reached: { best: [0.5], last: [0.5] } },
      { count: 3, value: 0.5, reached: { best: [0.5], last: [0.7] } },
      { count: 5, value: 0.4, reached: { best: [0.4], last: [0.6] } },
    ],
  ],
])(
  "a file that imputes runs under way by their %s value has its search told of each new one, once",
  (rule, expected) =>
    withHouse(async ({ db, context }) => {
      const metric = { name: "loss", goal: "minimize", impute_while_running: rule };
      const sweep = await startWarm(context, bayesOf({ metric }));
      const { runId, attempt } = await claimOne(context, sweep);
      const log = (batch: number, losses: readonly number[]) =>
        logMetrics(context, {
          runId,
          metrics: toBatch(
            { attempt, batch },
            losses.map((loss, i) => [10 * batch + i, { loss }]),
          ),
        });
      await log(1, [0.9, 0.5]);
      await keepReady(context, sweep.sweepId);
      await keepReady(context, sweep.sweepId);
      await log(2, [0.7]);
      await keepReady(context, sweep.sweepId);
      await log(3, [0.4, 0.6]);
      await keepReady(context, sweep.sweepId);
      const told = (await readEvents(db, sweep.sweepId)).filter(({ type }) => type === "intermediate");
      expect(told).toEqual(expected.map((each) => ({ type: "intermediate", number: 0, ...each })));
      await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
      await claimOne(context, sweep);
      expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
    }),
);

test("a run that failed at once is lost to its search until it is known whose fault that was: its machine's, and it comes again, or its own", () =>
  withHouse(async ({ db, context }) => {
    const broken = await startWarm(context, bayesOf({ quarantine_after: 2 }));
    const sound = {
      ...broken,
      ...(await registerAgent(context, { sweepId: broken.sweepId, host: "sound" })),
    };
    const fail = async (sweep: typeof broken) => {
      const { runId, attempt } = await claimOne(context, sweep);
      await finishRun(context, { runId, attempt, state: "failed", exitCode: 1 });
      await keepReady(context, sweep.sweepId);
    };
    const told = async () =>
      (await readUnsuccessful(db, broken.sweepId)).map(({ type, number }) => `${type} ${number}`);
    await fail(broken);
    expect(await told()).toEqual(["lost 0"]);
    await train(context, await claimOne(context, broken));
    await keepReady(context, broken.sweepId);
    expect(await told()).toEqual(["lost 0", "failed 0", "observed 1"]);
    await fail(broken);
    await fail(broken);
    // The machine's fault: both go out again, and are found again.
    expect(await told()).toEqual(["lost 0", "failed 0", "observed 1", "lost 2"]);
    await train(context, await claimOne(context, sound));
    // Stopped with a result: it says as much as any other run that was.
    const { runId, attempt, params } = await claimOne(context, sound);
    const metrics = toBatch({ attempt, batch: 1 }, [[0, { loss: lossOf(params) }]]);
    await logMetrics(context, { runId, metrics });
    await stopRun(context, { runId });
    await finishRun(context, { runId, attempt, state: "killed" });
    await keepReady(context, broken.sweepId);
    expect((await told()).slice(4)).toEqual(["observed 2", "pruned 3"]);
    await claimOne(context, sound);
    expect(await replayed(db, broken.sweepId)).toMatchObject({ differences: [] });
  }));

/** Events of runs that came to an end without a result, in the order of their ends. */
const readUnsuccessful = async (db: Database, sweepId: string) =>
  (await readEvents(db, sweepId)).filter(
    ({ type }) => type === "failed" || type === "lost" || type === "observed" || type === "pruned",
  );

test.each(["worst", "best", "latest"])(
  "with impute: %s a search is told what its failed runs had reached where it asks, and the model counts with it",
  (impute) =>
    withHouse(async ({ db, context }) => {
      const metric = { name: "loss", goal: "minimize", impute };
      const sweep = await startWarm(context, bayesOf({ retries: 0, metric }));
      const end = async (state: "finished" | "failed" | "crashed", losses: number[], reason?: string) => {
        const { runId, attempt } = await claimOne(context, sweep);
        const steps = losses.map((loss, i): [number, { loss: number }] => [i, { loss }]);
        if (steps.length > 0)
          await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, steps) });
        await finishRun(context, { runId, attempt, state, exitCode: state === "finished" ? 0 : 1, reason });
        await keepReady(context, sweep.sweepId);
      };
      await end("finished", [0.5]);
      await end("finished", [0.8]);
      await end("failed", [0.2, 0.9]);
      await end("crashed", [0.3, 0.7], "signal");
      await end("failed", []);
      await end("crashed", [0.1], "power_cut");
      const reached = (best: number, last: number) =>
        impute === "worst" ? {} : { reached: { best: [best], last: [last] } };
      expect(await readUnsuccessful(db, sweep.sweepId)).toEqual([
        { type: "observed", number: 0, objectives: [0.5] },
        { type: "observed", number: 1, objectives: [0.8] },
        { type: "failed", number: 2, ...reached(0.2, 0.9) },
        { type: "failed", number: 3, ...reached(0.3, 0.7) },
        { type: "failed", number: 4 },
        { type: "lost", number: 5, keepsPoint: true },
      ]);
      await claimOne(context, sweep);
      expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
    }),
);

test("of several metrics a search is told each one's best and last value, of runs that failed and of those that finished without one of them", () =>
  withHouse(async ({ db, context }) => {
    const metrics = [
      { name: "loss", impute: "best" },
      { name: "acc", goal: "maximize", impute_while_running: "latest" },
    ];
    const sweep = await startWarm(context, bayesOf({ retries: 0, metric: undefined, metrics }));
    const steps = [
      { loss: 0.5, acc: 0.9 },
      { loss: 0.7, acc: 0.8 },
    ];
    const end = async (state: "finished" | "failed", values: Record<string, number>[]) => {
      const { runId, attempt } = await claimOne(context, sweep);
      const batch = values.map((each, i): [number, Record<string, number>] => [i, each]);
      await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, batch) });
      await keepReady(context, sweep.sweepId);
      await finishRun(context, { runId, attempt, state, exitCode: 0 });
      await keepReady(context, sweep.sweepId);
    };
    await end("failed", steps);
    await end("finished", [{ loss: 0.5 }, { loss: 0.7 }]);
    await end("finished", steps);
    const both = { best: [0.5, 0.9], last: [0.7, 0.8] };
    const first = { best: [0.5, Number.NaN], last: [0.7, Number.NaN] };
    const told = (await readEvents(db, sweep.sweepId)).filter(
      ({ type }) => type === "intermediate" || type === "failed" || type === "observed",
    );
    // A run that has a result says nothing else; a round may come between its last value and its end, or not.
    expect(told.filter(({ type }) => type !== "intermediate")).toEqual([
      { type: "failed", number: 0, reached: both },
      { type: "observed", number: 1, objectives: [0.5, Number.NaN], reached: first },
      { type: "observed", number: 2, objectives: [0.5, 0.9] },
    ]);
    expect(told.filter(({ type }) => type === "intermediate")).toEqual([
      { type: "intermediate", number: 0, count: 2, value: 0.5, reached: both },
      { type: "intermediate", number: 1, count: 2, value: 0.5, reached: first },
      { type: "intermediate", number: 2, count: 2, value: 0.5, reached: both },
    ]);
    expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
  }));

test("a model's choice that has grown too old is withdrawn and never handed out; what no model chose does not age", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startWarm(context, bayesOf());
    const readyOnes = async () => (await readSuggestions(db)).filter(({ state }) => state === "ready");
    const first = await claimOne(context, sweep);
    await keepReady(context, sweep.sweepId);
    const [design] = await readyOnes();
    expect(design?.reason).toBe("design");
    await train(context, first);
    await keepReady(context, sweep.sweepId);
    expect(await readyOnes()).toEqual([design]);

    for (let i = 0; i < 7; i++) await train(context, await claimOne(context, sweep));
    const running = await claimOne(context, sweep);
    await keepReady(context, sweep.sweepId);
    const [old] = await readyOnes();
    expect(old).toMatchObject({ reason: "model", observed: 8 });
    await train(context, running);
    await claimOne(context, sweep);
    const after = await readSuggestions(db);
    expect(after.find(({ number }) => number === old?.number)?.state).toBe("withdrawn");
    expect(after.filter(({ reason, observed }) => reason === "model" && observed === 9)).not.toEqual([]);
    expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
  }));

test("where many runs are under way a choice that misses fewer than a quarter of their results is handed out until there is a fresh one", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startWarm(context, bayesOf());
    const claims: Claim[] = [];
    const claimUpTo = async (count: number) => {
      while (claims.length < count) claims.push(await claimOne(context, sweep));
    };
    const trainSome = async (count: number) => {
      for (const claim of claims.splice(0, count)) await train(context, claim);
    };
    const age = (interval: string) =>
      db.sql`update suggestions set created_at = clock_timestamp() - ${interval}::interval where state = 'ready'`;
    const readyOnes = async () => (await readSuggestions(db)).filter(({ state }) => state === "ready");
    const takenLast = async () => (await readSuggestions(db)).filter(({ state }) => state === "taken").at(-1);
    await claimUpTo(8);
    await trainSome(8);
    await claimUpTo(16);
    await keepReady(context, sweep.sweepId);
    await trainSome(3);
    await age("4 seconds");
    await claimOne(context, sweep);
    expect(await takenLast()).toMatchObject({ reason: "model", observed: 8 });

    await age("-60 seconds"); // fresh, however slow the machine is
    await keepReady(context, sweep.sweepId);
    expect((await readyOnes()).map(({ observed }) => observed)).toContain(8);
    await age("4 seconds");
    await keepReady(context, sweep.sweepId);
    expect((await readyOnes()).map(({ observed }) => observed)).not.toContain(8);
    await claimOne(context, sweep);
    expect(await takenLast()).toMatchObject({ reason: "model", observed: 11 });
    expect(await replayed(db, sweep.sweepId)).toMatchObject({ differences: [] });
  }));

test("a new configuration before the first run begins a new search", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, bayesOf());
    await keepReady(context, sweep.sweepId);
    await updateSweep(context, {
      sweepId: sweep.sweepId,
      json: bayesOf({ parameters: { y: { distribution: "uniform", min: 5, max: 6 } } }),
    });
    const claim = await claimOne(context, sweep);
    expect(JSON.parse(claim.params).y).toBeGreaterThanOrEqual(5);
    expect(await readEvents(db, sweep.sweepId)).toHaveLength(
      (await readSuggestions(db)).filter(({ number }) => number >= 0).length,
    );
  }));
