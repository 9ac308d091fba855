import { expect, test, vi } from "vitest";
import { fromLogged } from "@/compute/search/logged-event";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { winnersOfSweeps } from "@/db/queries/winners";
import { systemAccess } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { createSweep } from "@/engine/create-sweep";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { registerAgent } from "@/engine/register-agent";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import { claimOne, codeOf, gridOf, startSweep, withHouse } from "./support/house";

const fileOf = (extra: object = {}): object => ({
  method: "random",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max: 1 }, fixed: { value: 3 } },
  seed: 7,
  ...extra,
});

type Sweep = { sweepId: string; agentId: number };

/** Runs of a sweep to their end. @returns their names and parameters */
async function train(context: EngineContext, sweep: Sweep, count: number) {
  const runs: { name: string; runId: number; params: { x: number } }[] = [];
  for (let i = 0; i < count; i++) {
    const { claims } = await claimRuns(context, { ...sweep, count: 1 });
    const [claim] = claims;
    if (claim === undefined) break;
    const { runId, attempt, name } = claim;
    const params = JSON.parse(claim.params);
    const loss = (params.x - 0.4) ** 2;
    const metrics = toBatch({ attempt, batch: 1 }, [
      [0, { loss: loss + 1, size: 9 }],
      [1, { loss, size: 5 }],
    ]);
    await logMetrics(context, { runId, metrics });
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    runs.push({ name, runId, params });
  }
  return runs;
}

const namesOf = (runs: readonly { name: string }[]): string[] => runs.map(({ name }) => name);

async function begin(context: EngineContext, json: object, priorRuns: readonly string[]) {
  const { sweepId, warnings } = await createSweep(context, { json, project: "digits", priorRuns });
  const { agentId } = await registerAgent(context, { sweepId, host: "box" });
  return { sweep: { sweepId, agentId }, warnings };
}

async function replayed(db: Database, sweepId: string) {
  const generation = await readGeneration(db.sql, { sweepId, generation: 1 });
  const events = await readLog(db.sql, { sweepId, from: 0 });
  const problem = { config: deserializeConfig(generation?.config ?? ""), seed: generation?.seed ?? "" };
  return { ...replay(methodOf("bayes"), problem, events), events: events.map(fromLogged) };
}

test("a search begins with what prior runs came to: no design, a model's choice at once, and a replay derives the same", () =>
  withHouse(async ({ db, context }) => {
    const before = await train(context, await startSweep(context, fileOf()), 8);
    const { sweep, warnings } = await begin(context, fileOf({ method: "bayes" }), namesOf(before));
    expect(warnings).toEqual([]);
    await keepReady(context, sweep.sweepId);
    // Between the creation and the first proposal a run was deleted: the search is as it was told.
    await deleteRun(context, { runId: before[7]?.runId as number });
    const runs = await train(context, sweep, 6);
    const { events, differences, proposals } = await replayed(db, sweep.sweepId);
    expect(differences).toEqual([]);
    expect(proposals).toBeGreaterThanOrEqual(6);
    expect(events.slice(0, 8)).toEqual(
      before.map(({ params }, i) => ({
        type: "prior",
        number: -1 - i,
        params: expect.objectContaining({ x: expect.anything() }),
        objectives: [(params.x - 0.4) ** 2],
      })),
    );
    const suggestions = await db.sql<{ reason: string; observed: number }[]>`
      select reason, observed from suggestions where sweep_id = ${sweep.sweepId} and number >= 0 order by number`;
    expect(suggestions[0]).toEqual({ reason: "model", observed: 8 });
    expect(suggestions.some(({ reason }) => reason === "design")).toBe(false);
    expect(Math.min(...runs.map(({ params }) => Math.abs(params.x - 0.4)))).toBeLessThan(0.02);
    // The winner may be a run of before; its number leads to it.
    // While a sweep hands out, the best run is judged a twentieth of the time: up to 5 s apart.
    const winner = await vi.waitFor(
      async () => {
        await keepReady(context, sweep.sweepId);
        const [found] = await winnersOfSweeps(db, systemAccess(), [sweep.sweepId]);
        expect(found?.results).toBe(14);
        return found;
      },
      { timeout: 15_000, interval: 250 },
    );
    const ids = [...before, ...runs].map(({ runId }) => runId);
    expect(ids).toContain(winner?.luckiest.runId);
  }));

test("a fallback of a search with prior runs is numbered behind them, and what they had is not had again", () =>
  withHouse(async ({ db, context }) => {
    const parameters = { x: { values: [0, 1, 2, 3, 4, 5] } };
    const before = await train(context, await startSweep(context, fileOf({ method: "grid", parameters })), 4);
    const { sweep } = await begin(context, fileOf({ method: "bayes", parameters }), namesOf(before));
    const claim = async () => JSON.parse((await claimOne({ ...context }, sweep)).params) as { x: number };
    const had = [await claim(), await claim()].map(({ x }) => x).sort();
    expect(had).toEqual([4, 5]);
    expect((await claimRuns(context, { ...sweep, count: 1 })).claims).toEqual([]);
    const numbers = await db.sql<{ number: number }[]>`
      select number from suggestions where sweep_id = ${sweep.sweepId} and number < 0`;
    for (const { number } of numbers) expect(number).toBeLessThan(-4);
  }));

test.each(["grid", "random", "sobol"])("method %s does not run again what a prior run had", (method) =>
  withHouse(async ({ context, other }) => {
    const parameters = { x: { values: [0, 1, 2, 3, 4, 5, 6, 7] } };
    const before = await train(context, await startSweep(context, fileOf({ method: "grid", parameters })), 3);
    const { sweep } = await begin(
      context,
      fileOf({ method, parameters, metric: undefined }),
      namesOf(before),
    );
    const runs = [...(await train(context, sweep, 2)), ...(await train(other, sweep, 9))];
    const points = [...before, ...runs].map(({ params }) => params.x);
    expect(points.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }),
);

test("repeats of a point that prior runs had are counted: two of three are left out", () =>
  withHouse(async ({ context }) => {
    const repeated = gridOf(2, { repeats: 2 });
    const before = await train(context, await startSweep(context, repeated), 4);
    const zeros = before.filter(({ params }) => params.x === 0);
    expect(zeros).toHaveLength(2);
    const { sweep } = await begin(context, gridOf(2, { repeats: 3 }), namesOf(zeros));
    const runs = await train(context, sweep, 9);
    expect(runs.map(({ params }) => params.x).sort()).toEqual([0, 1, 1, 1]);
  }));

test("a run that does not fit is left out with a warning that says why", () =>
  withHouse(async ({ db, context }) => {
    const first = await startSweep(context, fileOf());
    const [good, dead, mute] = await train(context, first, 3);
    const claim = await claimOne(context, first);
    await finishRun(context, { runId: claim.runId, attempt: claim.attempt, state: "failed", exitCode: 1 });
    const wide = fileOf({
      parameters: { x: { distribution: "uniform", min: 5, max: 6 }, fixed: { value: 3 } },
    });
    const [far] = await train(context, await startSweep(context, wide), 1);
    const [bare] = await train(context, await startSweep(context, gridOf(1)), 1);
    await db.sql`update runs set state = 'killed' where id = ${dead?.runId as number}`;
    await db.sql`delete from metric_summaries where run_id = ${mute?.runId as number}`;
    const asked = [good, dead, mute, far, bare].flatMap((run) => run?.name ?? []);
    const { sweep, warnings } = await begin(context, fileOf({ method: "bayes" }), [...asked, claim.name]);
    expect(warnings.map(({ code }) => code)).toEqual(new Array(5).fill("PRIOR_RUN_LEFT_OUT"));
    const wayOut = "an update of the sweep won't ask for it again, a new sweep can (--prior-run)";
    const outside = `(${far?.params.x}) is outside of the space; ${wayOut}`;
    expect(warnings.map(({ message }) => message)).toEqual([
      `prior run ${dead?.name} is left out: it was killed`,
      `prior run ${mute?.name} is left out: it logged no loss; ${wayOut}`,
      `prior run ${far?.name} is left out: its x ${outside}`,
      expect.stringContaining(`prior run ${bare?.name} is left out: its`),
      `prior run ${claim.name} is left out: it has failed`,
    ]);
    const kept = await db.sql`select run_id from prior_runs where sweep_id = ${sweep.sweepId}`;
    expect(kept.map((row) => row.run_id)).toEqual([good?.runId]);
  }));

test("another file for a sweep without runs is asked anew which of its prior runs fit", () =>
  withHouse(async ({ db, context }) => {
    const before = await train(context, await startSweep(context, fileOf()), 5);
    const { sweep } = await begin(context, fileOf({ method: "bayes" }), namesOf(before));
    const { sweepId } = sweep;
    await keepReady(context, sweepId);
    const count = async () => (await db.sql`select priors from sweeps where id = ${sweepId}`)[0]?.priors;
    expect(await count()).toBe(5);
    const half = { x: { distribution: "uniform", min: 0, max: 0.5 }, fixed: { value: 3 } };
    const fits = before.filter(({ params }) => params.x <= 0.5).length;
    const json = fileOf({
      method: "bayes",
      parameters: half,
      metrics: [{ name: "loss" }, { name: "size" }],
      metric: undefined,
    });
    const { warnings } = await updateSweep(context, { sweepId, json });
    expect(warnings).toHaveLength(5 - fits);
    expect(await count()).toBe(fits);
    await keepReady(context, sweepId);
    const events = (await readLog(db.sql, { sweepId, from: 0 })).map(fromLogged);
    const priors = events.flatMap((event) => (event.type === "prior" ? [event.objectives] : []));
    expect(priors).toEqual(before.flatMap(({ params: { x } }) => (x <= 0.5 ? [[(x - 0.4) ** 2, 5]] : [])));

    const gone = before.find(({ params }) => params.x <= 0.5)?.runId as number;
    await db.sql`update runs set deleted_at = now() where id = ${gone}`;
    const again = await updateSweep(context, { sweepId, json });
    expect(again.warnings.map(({ message }) => message)).toEqual([
      `prior run ${gone} is left out: it was deleted`,
    ]);
    expect(await count()).toBe(fits - 1);
  }));

test("prior runs are named once, by name or id, and each mistake has an error of its own", () =>
  withHouse(async ({ db, context }) => {
    const first = await startSweep(context, fileOf());
    const [run] = await train(context, first, 1);
    const running = await claimOne(context, first);
    const elsewhere = await createSweep(context, { json: fileOf(), project: "letters" });
    const agent = await registerAgent(context, { sweepId: elsewhere.sweepId, host: "box" });
    const [stranger] = await train(context, { sweepId: elsewhere.sweepId, agentId: agent.agentId }, 1);
    const create = (priorRuns: readonly string[], extra: object = {}) =>
      createSweep(context, { json: fileOf({ method: "bayes" }), project: "digits", priorRuns, ...extra });
    expect(await codeOf(create(["nobody"]))).toBe("NOT_FOUND");
    expect(await codeOf(create([stranger?.name as string]))).toBe("NOT_FOUND");
    expect(await codeOf(create([String(stranger?.runId)]))).toBe("NOT_FOUND");
    expect(await codeOf(create([running.name]))).toBe("ILLEGAL_MOVE");
    expect(await codeOf(create(["a/b"]))).toBe("BAD_INPUT");
    expect(await codeOf(create(new Array(1_001).fill("x")))).toBe("INPUT_TOO_LARGE");
    const sweeps = async () => (await db.sql`select count(*)::int as n from sweeps`)[0]?.n;
    expect(await sweeps()).toBe(2);

    const twice = [run?.name as string, String(run?.runId)];
    const clientMutationId = "mine";
    const [one, again] = [
      await create(twice, { clientMutationId }),
      await create(twice, { clientMutationId }),
    ];
    expect(again).toEqual(one);
    const stored = await db.sql`select number, run_id from prior_runs`;
    expect([...stored]).toEqual([{ number: -1, run_id: run?.runId }]);
    expect(await codeOf(create([], { clientMutationId }))).toBe("IDEMPOTENCY_MISMATCH");
  }));
