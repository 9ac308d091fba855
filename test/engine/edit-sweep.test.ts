import { expect, test } from "vitest";
import { openDomain } from "@/compute/search/domain";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { readSearch } from "@/db/queries/searches";
import { addPriorRuns } from "@/engine/add-prior-runs";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { deleteRuns } from "@/engine/delete-runs";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { logMetrics } from "@/engine/report-metrics";
import { restoreRuns } from "@/engine/restore-runs";
import { retryRuns } from "@/engine/retry-runs";
import { keepReady } from "@/engine/search/keeper";
import { previewUpdate, updateSweep } from "@/engine/update-sweep";
import { toBatch } from "../support/history";
import {
  claimOne,
  codeOf,
  expireLeases,
  gridOf,
  readRuns,
  readSweep,
  reapNow,
  startSweep,
  withHouse,
} from "./support/house";

type Sweep = { sweepId: string; agentId: number };

const valuesOf = (count: number, extra: object = {}): object =>
  gridOf(1, { parameters: { x: { values: Array.from({ length: count }, (_, i) => i) } }, ...extra });

const searchOf = (max: number, extra: object = {}): object => ({
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max }, kind: { value: "a" } },
  run_cap: 60,
  seed: 7,
  ...extra,
});

const paramsOf = ({ params }: { params: string }) => JSON.parse(params) as { x: number };

/** Runs of a sweep to their end, one after the other. */
async function train(context: EngineContext, sweep: Sweep, count: number, best = 0.4) {
  const xs: number[] = [];
  for (let i = 0; i < count; i++) {
    const { claims } = await claimRuns(context, { ...sweep, count: 1 });
    const [claim] = claims;
    if (claim === undefined) break;
    const { runId, attempt } = claim;
    const { x } = paramsOf(claim);
    await logMetrics(context, {
      runId,
      metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: (x - best) ** 2 }]]),
    });
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    xs.push(x);
  }
  return xs;
}

const pathsOf = (changes: readonly { path: string; refusal: string | null }[]) =>
  changes.map(({ path, refusal }) => `${path}${refusal === null ? "" : " (refused)"}`).sort();

test("a grid that grows under way hands out each new point exactly once, by two servers with claims under way", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, valuesOf(12));
    const had = (await claimRuns(context, { ...sweep, count: 5 })).claims.map((claim) => paramsOf(claim).x);
    expect(had).toEqual([0, 1, 2, 3, 4]);
    const claiming = async (server: EngineContext) => {
      const xs: number[] = [];
      for (let idle = 0; idle < 4; ) {
        const { claims } = await claimRuns(server, { ...sweep, count: 3 });
        xs.push(...claims.map((claim) => paramsOf(claim).x));
        idle = claims.length === 0 ? idle + 1 : 0;
      }
      return xs;
    };
    // The new values stand among the old ones too: points of the larger grid have other numbers.
    const values = [
      ...Array.from({ length: 20 }, (_, i) => i - 0.5),
      ...Array.from({ length: 12 }, (_, i) => i),
    ];
    const json = gridOf(1, { parameters: { x: { values } } });
    const [first, second, update] = await Promise.all([
      claiming(context),
      claiming(other),
      updateSweep(other, { sweepId: sweep.sweepId, json }),
    ]);
    expect(pathsOf(update.changes)).toEqual(["parameters.x"]);
    const rest = await claiming(context);
    const all = [...had, ...first, ...second, ...rest].sort((a, b) => a - b);
    expect(all).toEqual([...values].sort((a, b) => a - b));
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ runCount: 32, exhausted: true });
    const names = await db.sql<{ name: string }[]>`select display_name as name from runs`;
    expect(new Set(names.map(({ name }) => name)).size).toBe(32);
  }));

test("what a sweep with runs can't become is refused with one reason each, and nothing changes", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4, { run_cap: 3 }));
    await claimRuns(context, { ...sweep, count: 2 });
    const { sweepId } = sweep;
    const json = {
      method: "grid",
      program: "other.py",
      metric: { name: "accuracy", goal: "maximize" },
      parameters: { x: { values: [0, 1, 9] }, fixed: { value: 2.5 }, fresh: { values: [1, 2] } },
      run_cap: 1,
      seed: 8,
    };
    const { changes, allowed } = await previewUpdate(context, { sweepId, json });
    expect(allowed).toBe(false);
    expect(pathsOf(changes)).toEqual(
      ["program", "metric", "parameters.x", "parameters.fixed", "parameters.fresh", "run_cap", "seed"]
        .map((path) => `${path} (refused)`)
        .sort(),
    );
    const refused = await updateSweep(context, { sweepId, json }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "ILLEGAL_MOVE", details: { refused: { length: 7 } } });
    expect(String(refused)).toContain("2 runs are handed out already");
    expect(String(refused)).toContain("start a new sweep");
    const rows = await db.sql`select from sweep_generations`;
    expect(rows).toHaveLength(1);
    // Fine are: more values, another cap, the constant among others.
    const fine = {
      ...gridOf(6, { run_cap: 2 }),
      parameters: { x: { values: [0, 1, 2, 3, 4, 5] }, fixed: { values: [1.5, 2.5] } },
    };
    expect(await previewUpdate(context, { sweepId, json: fine })).toMatchObject({
      allowed: true,
      sizeBefore: "4",
      sizeAfter: "12",
    });
  }));

test("the same text again changes nothing; another comment is a new text of the same sweep", () =>
  withHouse(async ({ context }) => {
    const { sweepId, ...agent } = await startSweep(context, gridOf(3));
    await claimOne(context, { sweepId, ...agent });
    const source =
      "method: grid\nprogram: train.py\nmetric: {name: loss, goal: minimize}\nparameters:\n  x: {values: [0, 1, 2]}\n  fixed: {value: 1.5}\n";
    expect(await updateSweep(context, { sweepId, source })).toMatchObject({ generation: 2, changes: [] });
    expect(await updateSweep(context, { sweepId, source })).toMatchObject({ generation: 2, changes: [] });
    const commented = await updateSweep(context, { sweepId, source: `# why\n${source}` });
    expect(commented).toMatchObject({ generation: 3, changes: [] });
    expect((await claimOne(context, { sweepId, ...agent })).params).toContain("1");
  }));

test("a finished sweep with a larger run_cap stays finished until it is resumed; a canceled one takes nothing", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(6, { run_cap: 2 }));
    await train(context, sweep, 3);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "run_cap" });
    const { changes } = await updateSweep(context, {
      sweepId: sweep.sweepId,
      json: gridOf(6, { run_cap: 4 }),
    });
    expect(changes).toEqual([expect.objectContaining({ path: "run_cap", before: "2", after: "4" })]);
    expect(changes[0]?.effect).toContain("resume");
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
    await controlSweep(context, { sweepId: sweep.sweepId, action: "resume" });
    expect(await train(context, sweep, 9)).toEqual([2, 3]);
    const again = await startSweep(context, gridOf(6));
    await claimOne(context, again);
    await controlSweep(context, { sweepId: again.sweepId, action: "cancel" });
    expect(await codeOf(updateSweep(context, { sweepId: again.sweepId, json: gridOf(9) }))).toBe(
      "ILLEGAL_MOVE",
    );
  }));

test("a lower run_cap and a target that is met already end the sweep; the change is written down", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(6));
    await train(context, sweep, 2);
    await updateSweep(context, { sweepId: sweep.sweepId, json: gridOf(6, { run_cap: 2 }) });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "run_cap" });
    const other = await startSweep(context, gridOf(6));
    await train(context, other, 2);
    const metric = { name: "loss", goal: "minimize", target: 0.3 };
    await updateSweep(context, { sweepId: other.sweepId, json: gridOf(6, { metric }) });
    expect(await readSweep(db, other.sweepId)).toMatchObject({ state: "finished", stateReason: "target" });
    const audited = await db.sql<{ details: object }[]>`
      select details from audit_events where action = 'sweep.update' order by id`;
    expect(audited.map(({ details }) => details)).toEqual([
      { generation: 2, changes: [{ path: "run_cap", before: null, after: "2" }] },
      { generation: 2, changes: [{ path: "target of loss", before: null, after: "0.3" }] },
    ]);
  }));

test("retries and early stopping hold from now on, also for runs that came before the change", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(8, { retries: 0 }));
    const [a, b, c, d] = (await claimRuns(context, { ...sweep, count: 4 })).claims;
    if (!a || !b || !c || !d) throw new Error("fewer than four");
    await finishRun(context, { ...a, state: "crashed" });
    const stop = { type: "median", min_runs: 1, grace: 0, every: 1 };
    await updateSweep(context, {
      sweepId: sweep.sweepId,
      json: gridOf(8, { retries: 3, early_terminate: stop }),
    });
    await finishRun(context, { ...b, state: "crashed" });
    expect((await readRuns(db)).map(({ state }) => state)).toEqual([
      "crashed",
      "pending",
      "running",
      "running",
    ]);
    const log = (claim: typeof c, loss: number) =>
      logMetrics(context, {
        runId: claim.runId,
        metrics: toBatch({ attempt: claim.attempt, batch: 1 }, [
          [0, { loss }],
          [1, { loss }],
        ]),
      });
    expect(await log(c, 1)).toMatchObject({ command: null });
    expect(await log(d, 9)).toMatchObject({ command: "STOP" });
  }));

test("a search goes on with all it knows in a larger space, and what it proposes there is derived again byte for byte", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, searchOf(0.2));
    await keepReady(context, sweep.sweepId);
    const before = await train(context, sweep, 14);
    expect(Math.max(...before)).toBeLessThanOrEqual(0.2);
    const open = await claimOne(context, sweep);
    const json = searchOf(1, {
      parameters: { x: { distribution: "uniform", min: 0, max: 1 }, kind: { values: ["a", "b"] } },
    });
    const { changes } = await updateSweep(other, { sweepId: sweep.sweepId, json });
    expect(pathsOf(changes)).toEqual(["parameters.kind", "parameters.x"]);
    // A run of before ends after the change: the search hears of it all the same.
    await logMetrics(context, {
      runId: open.runId,
      metrics: toBatch({ attempt: 1, batch: 1 }, [[0, { loss: (paramsOf(open).x - 0.4) ** 2 }]]),
    });
    await finishRun(context, { runId: open.runId, attempt: 1, state: "finished", exitCode: 0 });
    await keepReady(context, sweep.sweepId);
    const after = await train(context, sweep, 12);
    expect(after.some((x) => x > 0.2)).toBe(true);
    expect(Math.min(...after.map((x) => Math.abs(x - 0.4)))).toBeLessThan(0.05);
    const reasons = await db.sql<{ reason: string; observed: number }[]>`
      select reason, observed from suggestions where sweep_id = ${sweep.sweepId} and generation = 2 and number >= 0
      order by number`;
    expect(reasons[0]).toMatchObject({ reason: "model" });
    expect(reasons[0]?.observed).toBeGreaterThanOrEqual(14);
    await keepReady(context, sweep.sweepId);
    expect(await replayed(db, sweep.sweepId)).toEqual({ differences: [], proposals: expect.any(Number) });
  }));

async function replayed(db: Database, sweepId: string) {
  const found = await readSearch(db.sql, sweepId);
  const generation = await readGeneration(db.sql, { sweepId, generation: found?.generation ?? 0 });
  const events = await readLog(db.sql, { sweepId, from: 0 });
  const config = deserializeConfig(generation?.config ?? "");
  expect(openDomain(config).dimensions.length).toBe(2);
  const problem = { config, seed: generation?.seed ?? "" };
  return replay(
    methodOf(found?.picked ?? ""),
    problem,
    events,
    undefined,
    (number) => number >= (found?.first ?? 0),
  );
}

test("runs of before are told to a search under way: it knows their results and nobody runs their points again", () =>
  withHouse(async ({ db, context }) => {
    const first = await startSweep(context, searchOf(1, { method: "random", run_cap: 8 }));
    const before = await train(context, first, 8);
    const sweep = await startSweep(context, searchOf(1));
    await train(context, sweep, 3);
    const all = await db.sql<{ id: number; sweepId: string }[]>`
      select id, sweep_id as "sweepId" from runs order by id`;
    const ids = all.map(({ id }) => String(id));
    const own = all.find(({ sweepId }) => sweepId === sweep.sweepId);
    const answer = await addPriorRuns(context, {
      sweepId: sweep.sweepId,
      runs: [...ids.slice(0, 8), String(own?.id)],
    });
    expect(answer.told).toHaveLength(8);
    expect(answer.warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining("is a run of this sweep"),
    ]);
    const again = await addPriorRuns(context, { sweepId: sweep.sweepId, runs: ids.slice(0, 8) });
    expect(again.told).toEqual([]);
    await keepReady(context, sweep.sweepId);
    const next = await train(context, sweep, 4);
    expect(next.every((x) => !before.includes(x))).toBe(true);
    const rows = await db.sql<{ observed: number }[]>`
      select observed from suggestions where sweep_id = ${sweep.sweepId} and number >= 0 order by number desc limit 1`;
    expect(rows[0]?.observed).toBeGreaterThanOrEqual(11);
    const { changes } = await updateSweep(context, {
      sweepId: sweep.sweepId,
      json: searchOf(1, { run_cap: 70 }),
    });
    expect(pathsOf(changes)).toEqual(["run_cap"]);
    expect(await train(context, sweep, 1)).toHaveLength(1);
  }));

test("runs of before leave their points to nobody in a grid under way, whichever server hands it out", () =>
  withHouse(async ({ db, context, other }) => {
    const first = await startSweep(context, gridOf(6));
    await train(context, first, 6);
    const sweep = await startSweep(context, gridOf(9));
    const had = [paramsOf(await claimOne(context, sweep)).x, paramsOf(await claimOne(context, sweep)).x];
    const ids = await db.sql<{ id: number }[]>`select id from runs where sweep_id = ${first.sweepId}`;
    await addPriorRuns(other, { sweepId: sweep.sweepId, runs: ids.map(({ id }) => String(id)) });
    const { claims } = await claimRuns(context, { ...sweep, count: 9 });
    expect([...had, ...claims.map((claim) => paramsOf(claim).x)]).toEqual([0, 1, 6, 7, 8]);
  }));

test("failed runs go out once more as what they were, ahead of anything new; a finished sweep runs again", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(3));
    const claims = (await claimRuns(context, { ...sweep, count: 3 })).claims;
    const [good, bad, worse] = claims;
    if (!good || !bad || !worse) throw new Error("fewer than three");
    await finishRun(context, { ...good, state: "finished", exitCode: 0 });
    await finishRun(context, { ...bad, state: "failed", exitCode: 3 });
    await finishRun(context, { ...worse, state: "killed" });
    await claimRuns(context, { ...sweep, count: 1 });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
    expect(await codeOf(retryRuns(context, { runIds: [good.runId, bad.runId] }))).toBe("ILLEGAL_MOVE");
    const asked = { sweepId: sweep.sweepId, clientMutationId: "again" };
    const answer = { runIds: [bad.runId], left: 0, resumed: [sweep.sweepId] };
    expect(await retryRuns(context, asked)).toEqual(answer);
    expect(await retryRuns(context, asked)).toEqual(answer);
    expect(await retryRuns(other, { runIds: [bad.runId] })).toMatchObject({ runIds: [] });
    const again = await claimOne(context, sweep);
    expect(again).toMatchObject({ runId: bad.runId, attempt: 2, params: bad.params, resumed: true });
    await finishRun(context, { ...again, state: "finished", exitCode: 0 });
    await claimRuns(context, { ...sweep, count: 1 });
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", runCount: 3 });
    const every = { sweepId: sweep.sweepId, filter: { field: "state", op: "eq", value: "killed" } };
    expect(await retryRuns(context, every)).toMatchObject({ runIds: [worse.runId] });
    await controlSweep(context, { sweepId: sweep.sweepId, action: "cancel" });
    expect(await codeOf(retryRuns(context, { runIds: [worse.runId] }))).toBe("ILLEGAL_MOVE");
  }));

test("what a retried run comes to, its search hears, whatever it was told before", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, searchOf(1));
    await train(context, sweep, 4);
    const bad = await claimOne(context, sweep);
    await finishRun(context, { ...bad, state: "failed", exitCode: 1 });
    await keepReady(context, sweep.sweepId);
    // It failed at once, which may be its machine's fault: another one ends there first.
    await train(context, sweep, 1);
    await keepReady(context, sweep.sweepId);
    const results = async () =>
      (
        await db.sql<{ kind: string }[]>`
        select kind from search_events where sweep_id = ${sweep.sweepId} and kind in ('observed', 'failed')
        order by position`
      ).map(({ kind }) => kind);
    expect((await results()).filter((kind) => kind === "failed")).toHaveLength(1);
    await retryRuns(context, { runIds: [bad.runId] });
    const again = await claimOne(context, sweep);
    expect(again.runId).toBe(bad.runId);
    await logMetrics(context, {
      runId: again.runId,
      metrics: toBatch({ attempt: again.attempt, batch: 1 }, [[0, { loss: 0.01 }]]),
    });
    await finishRun(context, { ...again, state: "finished", exitCode: 0 });
    await keepReady(context, sweep.sweepId);
    expect((await results()).at(-1)).toBe("observed");
    expect(await results()).toHaveLength(7);
  }));

test("a run that is deleted after its sweep was edited leaves its point to another one, as before the edit", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, valuesOf(4));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    await updateSweep(context, { sweepId: sweep.sweepId, json: valuesOf(4, { retries: 1 }) });
    const [first] = claims;
    await deleteRuns(context, { runIds: [first?.runId ?? 0] });
    const rest = (await claimRuns(context, { ...sweep, count: 9 })).claims;
    expect(rest.map((claim) => paramsOf(claim).x)).toEqual([0, 3]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ runCount: 4, exhausted: true });
  }));

test("a sweep all of whose runs are deleted had runs: another kind of file is refused, since they may come back", () =>
  withHouse(async ({ context }) => {
    const ofKinds = (count: number) => ({ ...valuesOf(count), method: "random" });
    const sweep = await startSweep(context, ofKinds(4));
    const { sweepId } = sweep;
    const { claims } = await claimRuns(context, { ...sweep, count: 2 });
    await updateSweep(context, { sweepId, json: ofKinds(5) });
    const runIds = claims.map(({ runId }) => runId);
    await deleteRuns(context, { runIds });
    expect(await codeOf(updateSweep(context, { sweepId, json: gridOf(2) }))).toBe("ILLEGAL_MOVE");
    expect(await restoreRuns(context, { runIds })).toEqual({ runIds });
  }));

test("a lost run that is told to go out again, and whose process comes back first, has not crashed less than never", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1, { retries: 0 }));
    const { runId, attempt } = await claimOne(context, sweep);
    await expireLeases(db);
    await reapNow(db);
    expect(await readRuns(db)).toMatchObject([{ state: "crashed", crashes: 1 }]);
    await retryRuns(context, { runIds: [runId] });
    await heartbeat(context, { agentId: sweep.agentId, attempts: [{ runId, attempt }] });
    expect(await readRuns(db)).toMatchObject([{ state: "running", crashes: 0 }]);
  }));

test("a list of 20,000 values grows in a moment, and of what is shown and written down only the beginning is kept", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, valuesOf(20_000));
    const { sweepId } = sweep;
    await claimRuns(context, { ...sweep, count: 1 });
    const words = ["é😀".repeat(2_000)];
    const values = [...Array.from({ length: 20_010 }, (_, i) => i), ...words];
    const began = performance.now();
    const { changes } = await updateSweep(context, {
      sweepId,
      json: gridOf(1, { parameters: { x: { values } } }),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(changes.map(({ after }) => after?.length)).toEqual([2_001]);
    const [event] = await db.sql<{ bytes: number }[]>`
      select octet_length(details::text) as bytes from audit_events where action = 'sweep.update'`;
    expect(event?.bytes).toBeLessThan(10_000);
    const { changes: refused } = await previewUpdate(context, { sweepId, json: valuesOf(5) });
    expect(refused[0]?.refusal).toContain("and 19986 others, which would be gone");
  }));
