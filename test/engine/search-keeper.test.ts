import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { logMetrics } from "@/engine/report-metrics";
import { keepReady, openKeeper } from "@/engine/search/keeper";
import { toBatch } from "../support/history";
import { claimOne, startSweep, withHouse } from "./support/house";

const json = {
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max: 1 } },
  seed: 7,
};

/** Changes with each round: a search is held for it and given back. Undefined while one takes place. */
async function readTrace(db: Database): Promise<string | undefined> {
  const rows = await db.sql<
    { trace: string }[]
  >`select xmin::text as trace from searches where holder is null`;
  return rows[0]?.trace;
}

/** Nobody holds the search, and nobody has for a while. */
async function readStill(db: Database): Promise<string> {
  for (let before = await readTrace(db); ; ) {
    await pause(200);
    const now = await readTrace(db);
    if (now !== undefined && now === before) return now;
    before = now;
  }
}

async function untilChanged(db: Database, from: string): Promise<void> {
  for (;;) {
    const now = await readTrace(db);
    if (now !== undefined && now !== from) return;
    await pause(20);
  }
}

test("a search is looked at when a run ends, and not whenever one gets better", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, json);
    const keeper = openKeeper(context);
    await keeper.lookRound();
    const { runId, attempt } = await claimOne(context, sweep);
    const before = await readStill(db);
    for (let batch = 1; batch <= 3; batch++)
      await logMetrics(context, { runId, metrics: toBatch({ attempt, batch }, [[batch, { loss: -batch }]]) });
    expect(await readStill(db)).toEqual(before);
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    await untilChanged(db, before);
    await keeper.close();
  }));

test("a server that stops in the middle of a round gives its search back", () =>
  withHouse(async ({ db, context }) => {
    const { sweepId } = await startSweep(context, json);
    const keeper = openKeeper(context);
    const round = keepReady(context, sweepId);
    const isHeld = async () => (await db.sql`select from searches where holder is not null`).length > 0;
    while (!(await isHeld()));
    await keeper.close();
    expect(await isHeld()).toBe(false);
    await round;
  }));

test("a run that ends long after its sweep was stopped has its result told to the search", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, json);
    const keeper = openKeeper(context);
    const { runId, attempt } = await claimOne(context, sweep);
    await keeper.lookRound();
    await controlSweep(context, { sweepId: sweep.sweepId, action: "stop" });
    await db.sql`update sweeps set finished_at = now() - interval '1 hour' where finished_at is not null`;
    await db.sql`update agents set state = 'gone'`;
    await keeper.lookRound();
    await logMetrics(other, { runId, metrics: toBatch({ attempt, batch: 1 }, [[1, { loss: 0.5 }]]) });
    await finishRun(other, { runId, attempt, state: "finished", exitCode: 0 });
    await keeper.lookRound();
    await readStill(db);
    const told = await db.sql<
      { kind: string }[]
    >`select kind from search_events order by position desc limit 1`;
    expect(told).toEqual([{ kind: "observed" }]);
    await keeper.close();
  }));

const CONNECTIONS = 8;

/** Transactions of this database so far. A connection tells its own within ten seconds, or when it is asked to. */
async function countTransactions(db: Database): Promise<number> {
  const tell = () => db.sql`select pg_stat_force_next_flush(), pg_sleep(0.2)`;
  await Promise.all(Array.from({ length: CONNECTIONS }, tell));
  const rows = await db.sql<{ count: number }[]>`
    select xact_commit::int as count from pg_stat_database where datname = current_database()`;
  return rows[0]?.count ?? 0;
}

test("searches at rest cost one statement in all, however many they are", () =>
  withHouse(async ({ db, context }) => {
    const keeper = openKeeper(context);
    for (let i = 0; i < 30; i++) {
      const sweep = await startSweep(context, { ...json, seed: i });
      await keepReady(context, sweep.sweepId);
      if (i % 2) await claimOne(context, sweep);
    }
    await keeper.lookRound();
    const before = await countTransactions(db);
    for (let i = 0; i < 5; i++) await keeper.lookRound();
    // Counting has transactions of its own, nine. One each for the searches would be 150.
    expect((await countTransactions(db)) - before).toBeLessThan(5 + 30);
    await keeper.close();
  }));

test("a look round finds what nobody told this server of: results at another server, and what a dead one left", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, json);
    const keeper = openKeeper(context);
    const proposed = async () => (await db.sql`select from search_events where kind = 'proposed'`).length;
    await keeper.lookRound();
    await readStill(db);
    const first = await proposed();
    expect(first).toBeGreaterThan(0);
    const { runId, attempt } = await claimOne(other, sweep);
    await finishRun(other, { runId, attempt, state: "failed", exitCode: 1 });
    await keeper.lookRound();
    await readStill(db);
    // Whose fault it was nobody knows yet.
    expect((await db.sql`select from search_events where kind = 'lost'`).length).toBe(1);
    expect(await proposed()).toBeGreaterThan(first);
    await keeper.close();
  }));
