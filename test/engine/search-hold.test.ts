import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import type { Database, Sql, Tx } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import {
  ensureSearch,
  holdSearch,
  lockHeldSearch,
  lockSearch,
  readReady,
  withdrawStale,
} from "@/db/queries/searches";
import { holderOf, whileHolding } from "@/engine/search/hold";
import { keepReady } from "@/engine/search/keeper";
import { warmSearch } from "@/engine/search/round";
import { claimOne, startSweep, withHouse } from "./support/house";

const json = {
  method: "bayes",
  program: "train.py",
  metric: { name: "loss", goal: "minimize" },
  parameters: { x: { distribution: "uniform", min: 0, max: 1 }, y: { values: ["a", "b"] } },
  seed: 7,
};

/** Held by a process that has no transaction open: its thread computes. */
async function isComputing(db: Database): Promise<boolean> {
  const rows = await db.sql`
    select from searches where holder is not null and not exists (
      select from pg_stat_activity where datname = current_database() and xact_start is not null
        and pid <> pg_backend_pid())`;
  return rows.length > 0;
}

/** Of a holder that computes as long as nothing lies ready; a round that was missed is followed by another. */
async function untilComputing(db: Database): Promise<void> {
  do {
    await db.sql`update suggestions set state = 'withdrawn' where state = 'ready'`;
    await pause(5);
  } while (!(await isComputing(db)));
}

/** A holder in another process, frozen while it computes. */
async function withFrozenHolder(
  db: Database,
  url: string,
  sweepId: string,
  body: (holder: ChildProcess) => Promise<void>,
): Promise<void> {
  const script = join(import.meta.dirname, "../support/searching-process.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, url, sweepId], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  try {
    for (;;) {
      await untilComputing(db);
      child.kill("SIGSTOP");
      if (await isComputing(db)) break;
      child.kill("SIGCONT");
    }
    await body(child);
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

async function readReasons(db: Database): Promise<string[]> {
  const rows = await db.sql<{ reason: string }[]>`
    select reason from suggestions where state = 'taken' order by taken_at`;
  return rows.map(({ reason }) => reason);
}

test.skipIf(process.env.BESOM_CI === "brief")(
  "a search whose holder was killed is taken over within the patience of a claim",
  () =>
    withHouse(async ({ db, url, other }) => {
      const sweep = await startSweep(other, json);
      await warmSearch(other.db);
      await withFrozenHolder(db, url, sweep.sweepId, async (holder) => {
        holder.kill("SIGKILL");
        // What is left of a lease of 2 s leaves most of the claim's patience to a slow machine.
        await pause(1_500);
        await claimOne(other, sweep);
        expect(await readReasons(db)).toEqual(["design"]);
      });
    }),
);

test.skipIf(process.env.BESOM_CI === "brief")(
  "a holder that was frozen, and wakes up when another has taken over, writes nothing",
  () =>
    withHouse(async ({ db, url, other }) => {
      const sweep = await startSweep(other, json);
      await warmSearch(other.db);
      await withFrozenHolder(db, url, sweep.sweepId, async (holder) => {
        if (holder.stdout === null) throw new Error("the process has no output");
        let rounds = 0;
        createInterface({ input: holder.stdout }).on("line", () => rounds++);
        await pause(2_100);
        for (let i = 0; i < 3; i++) await claimOne(other, sweep);
        const before = await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 });
        const roundsBefore = rounds;
        holder.kill("SIGCONT");
        // The round in which it was frozen is over, whatever it came to.
        while (rounds === roundsBefore) await pause(5);
        expect((await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 })).slice(0, before.length)).toEqual(
          before,
        );
        expect(await readReasons(db)).toEqual(["design", "design", "design"]);
        // What it computes from now on continues the log that the other one wrote.
        await untilComputing(db);
      });
      const stored = await readGeneration(db.sql, { sweepId: sweep.sweepId, generation: 1 });
      if (stored === undefined) throw new Error("no generation");
      const problem = { config: deserializeConfig(stored.config), seed: stored.seed };
      const log = await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 });
      expect(replay(methodOf("bayes"), problem, log)).toMatchObject({ differences: [] });
    }),
);

/** Until when a search is held, in ms since 1970. */
async function readLease(sql: Sql | Tx, sweepId: string): Promise<number> {
  const rows = await sql<{ until: number }[]>`
    select 1000 * extract(epoch from holder_until)::float8 as until from searches where sweep_id = ${sweepId}`;
  return rows[0]?.until ?? Number.NaN;
}

/** Returns when a lease has been renewed, and ends this much later than it did. */
async function untilRenewed(sql: Sql | Tx, sweepId: string, byMs: number): Promise<void> {
  const before = await readLease(sql, sweepId);
  while (!((await readLease(sql, sweepId)) >= before + byMs)) await pause(20);
}

const stealFrom = (db: Database, sweepId: string) =>
  holdSearch(db.sql, { sweepId, holder: "thief", leaseMs: 60_000 });

test.skipIf(process.env.BESOM_CI === "brief")(
  "a round that takes longer than a lease keeps its hold, and gives it back at its end",
  () =>
    withHouse(async ({ db, other }) => {
      const { sweepId } = await startSweep(other, json);
      await ensureSearch(db.sql, { sweepId, generation: 1 });
      const held = await whileHolding(other.db, sweepId, async ({ generation }) => {
        await untilRenewed(db.sql, sweepId, 2_500);
        expect(await stealFrom(db, sweepId)).toBeUndefined();
        return db.sql.begin((tx) => lockHeldSearch(tx, { sweepId, holder: holderOf(other.db), generation }));
      });
      expect(held).toMatchObject({ sweepId });
      expect(await stealFrom(db, sweepId)).toMatchObject({ sweepId });
      expect(await whileHolding(other.db, sweepId, async () => "held")).toBeUndefined();
    }),
);

test.skipIf(process.env.BESOM_CI === "brief")(
  "a search whose row is locked for long costs a server none of its other holds",
  () =>
    withHouse(async ({ db, other }) => {
      const [locked, free] = [await startSweep(other, json), await startSweep(other, json)];
      for (const { sweepId } of [locked, free]) await ensureSearch(db.sql, { sweepId, generation: 1 });
      await whileHolding(other.db, locked.sweepId, () =>
        whileHolding(other.db, free.sweepId, () =>
          db.sql.begin(async (tx) => {
            await lockSearch(tx, locked.sweepId);
            const before = await readLease(tx, locked.sweepId);
            await untilRenewed(tx, free.sweepId, 2_500);
            expect(await readLease(tx, locked.sweepId)).toBe(before);
          }),
        ),
      );
    }),
);

test("a hold that can't be given back ends with its lease: what was done under it counts", () =>
  withHouse(async ({ db, other }) => {
    const { sweepId } = await startSweep(other, json);
    await ensureSearch(db.sql, { sweepId, generation: 1 });
    await db.sql`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$`;
    await db.sql`
      create trigger refuse before update on searches for each row when (new.holder is null) execute function refuse()`;
    expect(await whileHolding(other.db, sweepId, async () => "done")).toBe("done");
    const failing = whileHolding(other.db, sweepId, () => Promise.reject(new Error("the work failed")));
    await expect(failing).rejects.toThrow("the work failed");
    expect(await stealFrom(db, sweepId)).toBeUndefined();
    await pause(2_100);
    expect(await stealFrom(db, sweepId)).toMatchObject({ sweepId });
  }));

test("a claim takes what lies ready while the holder has the search's row, and neither waits for a row that the other has", () =>
  withHouse(async ({ db, other }) => {
    const sweep = await startSweep(other, json);
    const { sweepId } = sweep;
    await keepReady(other, sweepId);
    await db.sql.begin(async (holder) => {
      await lockSearch(holder, sweepId);
      await claimOne(other, sweep);
    });
    expect(await readReasons(db)).toEqual(["design"]);
    const stale = { sweepId, generation: 2, results: 0 };
    const left = await db.sql.begin(async (claim) => {
      const ready = await readReady(claim, sweepId, 8);
      const { withdrawn } = await other.db.sql.begin((holder) => withdrawStale(holder, stale));
      expect(withdrawn).toEqual([]);
      return ready.map(({ number }) => number);
    });
    expect(left).toHaveLength(1);
    await db.sql.begin(async (holder) => {
      expect((await withdrawStale(holder, stale)).withdrawn).toEqual(left);
      expect(await other.db.sql.begin((claim) => readReady(claim, sweepId, 8))).toEqual([]);
    });
  }));
