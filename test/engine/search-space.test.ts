import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { lockSweep } from "@/db/queries/close-sweeps";
import { ensureSearch, forgetSearch } from "@/db/queries/searches";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { createSweep } from "@/engine/create-sweep";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { registerAgent } from "@/engine/register-agent";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady } from "@/engine/search/keeper";
import { closeSearch } from "@/engine/search/round";
import { toBatch } from "../support/history";
import { claimOne, expireLeases, readSweep, reapNow, withHouse } from "./support/house";

/** Finite spaces that a search runs through, with agents side by side and runs that end without a result. */

interface Started {
  readonly sweepId: string;
  readonly agentId: number;
}

async function startFinite(
  context: EngineContext,
  points: number,
  { slots, ...extra }: { slots: number; retries?: number },
): Promise<Started> {
  const { sweepId } = await createSweep(context, {
    project: "digits",
    json: {
      method: "bayes",
      program: "train.py",
      metric: { name: "loss", goal: "minimize" },
      parameters: { x: { values: Array.from({ length: points }, (_, i) => i) } },
      seed: 7,
      ...extra,
    },
  });
  const { agentId } = await registerAgent(context, { sweepId, host: "box", slots });
  await keepReady(context, sweepId);
  return { sweepId, agentId };
}

/** Has all slots at work, and the one that began first end first; a round of the search between any two steps. */
async function runThrough(
  context: EngineContext,
  sweep: Started,
  slots: number,
  end: (claim: Claim, nth: number) => Promise<unknown>,
): Promise<string[]> {
  const open: Claim[] = [];
  const params: string[] = [];
  for (let steps = 0; steps < 100; steps++) {
    const { claims, directive } = await claimRuns(context, { ...sweep, count: 1 });
    await keepReady(context, sweep.sweepId);
    if (directive === "EXIT") return params;
    open.push(...claims);
    params.push(...claims.map((claim) => claim.params));
    const first = open.length === slots || claims.length === 0 ? open.shift() : undefined;
    if (first) await end(first, params.length - open.length - 1);
  }
  throw new Error(`the sweep goes on after ${params.length} runs`);
}

async function train(context: EngineContext, { runId, attempt }: Claim, loss: number): Promise<void> {
  await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss }]]) });
  await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
}

async function waitForLock(db: Database): Promise<void> {
  for (;;) {
    const waiting = await db.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
    await pause(5);
  }
}

const countWithdrawn = async (db: Database): Promise<number> =>
  (await db.sql`select from suggestions where state = 'withdrawn'`).length;

test.skipIf(process.env.BESOM_CI === "brief")(
  "four runs side by side come through a finite space to its last point, though proposals grow old on the way",
  () =>
    withHouse(async ({ db, context }) => {
      const sweep = await startFinite(context, 12, { slots: 4 });
      const params = await runThrough(context, sweep, 4, (claim, nth) => train(context, claim, nth));
      expect(await countWithdrawn(db)).toBeGreaterThan(0);
      expect(new Set(params).size).toBe(12);
      expect(params).toHaveLength(12);
      expect(await readSweep(db, sweep.sweepId)).toMatchObject({
        state: "finished",
        stateReason: "exhausted",
      });
    }),
);

test("a run that ended without a result keeps its point: the search goes on to the others, and the sweep ends", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startFinite(context, 5, { slots: 1, retries: 0 });
    const params = await runThrough(context, sweep, 1, (claim, nth) =>
      nth % 2 === 0
        ? finishRun(context, { runId: claim.runId, attempt: claim.attempt, state: "killed", exitCode: 1 })
        : train(context, claim, nth),
    );
    expect(new Set(params).size).toBe(5);
    expect(params).toHaveLength(5);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
    const lost = await db.sql`select details from search_events where kind = 'lost'`;
    expect(lost).toEqual(new Array(3).fill({ details: { keepsPoint: true } }));
  }));

test("a run under way that is deleted gives its point back, even when all were handed out and the sweep has no more", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startFinite(context, 5, { slots: 6 });
    const claims: Claim[] = [];
    for (let i = 0; i < 5; i++) claims.push(...(await claimRuns(context, { ...sweep, count: 1 })).claims);
    while (!(await readSweep(db, sweep.sweepId)).exhausted)
      expect((await claimRuns(other, { ...sweep, count: 1 })).claims).toEqual([]);
    const [deleted, ...rest] = claims;
    for (const claim of rest) await train(context, claim, 1);
    await deleteRun(other, { runId: deleted?.runId ?? 0 });
    const again = await claimOne(other, sweep);
    expect(again.params).toBe(deleted?.params);
    await train(other, again, 2);
    while ((await claimRuns(context, { ...sweep, count: 1 })).directive !== "EXIT") await pause(20);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      state: "finished",
      stateReason: "exhausted",
      runCount: 5,
    });
  }));

test("a run that was given up and deleted keeps its point, and its sweep ends all the same", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startFinite(context, 3, { slots: 1, retries: 0 });
    const params = await runThrough(context, sweep, 1, async (claim, nth) => {
      if (nth !== 1) return train(context, claim, nth);
      await expireLeases(db);
      await reapNow(db);
      await keepReady(context, sweep.sweepId);
      await deleteRun(context, { runId: claim.runId });
    });
    expect(await db.sql`select details from search_events where kind = 'lost'`).toEqual([
      { details: { keepsPoint: true } },
    ]);
    expect(new Set(params).size).toBe(3);
    expect(params).toHaveLength(3);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
  }));

test("a run that was given up and goes on after all has its result told to the search", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startFinite(context, 8, { slots: 1, retries: 0 });
    const { claims } = await claimRuns(context, { ...sweep, count: 1 });
    const [claim] = claims;
    if (claim === undefined) throw new Error("no run to claim");
    await expireLeases(db);
    await reapNow(db);
    await keepReady(context, sweep.sweepId);
    const readKinds = async () =>
      (await db.sql`select kind from search_events where number = 0 order by position`).map(
        ({ kind }) => kind,
      );
    expect(await readKinds()).toEqual(["proposed", "lost"]);
    await keepReady(context, sweep.sweepId);
    await train(context, claim, 1);
    await keepReady(context, sweep.sweepId);
    await keepReady(context, sweep.sweepId);
    expect(await readKinds()).toEqual(["proposed", "lost", "observed"]);
    expect((await db.sql`select results from searches`)[0]).toEqual({ results: 1 });
  }));

test.skipIf(process.env.BESOM_CI === "brief")(
  "where nothing is computed any more, space-filling points go through a small space to its last point",
  () =>
    withHouse(async ({ db, context }) => {
      const sweep = await startFinite(context, 3, { slots: 3 });
      await closeSearch(db);
      await db.sql`delete from suggestions`;
      const params = new Set<string>();
      for (let i = 0; i < 3; i++)
        for (const claim of (await claimRuns(context, { ...sweep, count: 1 })).claims)
          params.add(claim.params);
      expect(params.size).toBe(3);
    }),
);

test("a search that is opened while another configuration is put in force is not opened for the old one", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId } = await startFinite(context, 5, { slots: 1 });
    const readGenerations = () => db.sql`select generation from searches where sweep_id = ${sweepId}`;
    await db.sql.begin((tx) => forgetSearch(tx, sweepId));
    let opened: Promise<void> | undefined;
    await db.sql.begin(async (tx) => {
      await lockSweep(tx, sweepId);
      await tx`update sweeps set generation = 2 where id = ${sweepId}`;
      opened = ensureSearch(other.db.sql, { sweepId, generation: 1 });
      await waitForLock(db);
    });
    await opened;
    expect(await readGenerations()).toEqual([]);
    await ensureSearch(db.sql, { sweepId, generation: 2 });
    expect(await readGenerations()).toEqual([{ generation: 2 }]);
  }));
