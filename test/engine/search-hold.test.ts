import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { methodOf } from "@/compute/search/methods";
import { replay } from "@/compute/search/replay";
import { deserializeConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { readGeneration } from "@/db/queries/facts";
import { readLog } from "@/db/queries/search-log";
import { ensureSearch, holdSearch, lockHeldSearch } from "@/db/queries/searches";
import { holderOf, whileHolding } from "@/engine/search/hold";
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
      // In case its first round was missed: it computes as long as nothing lies ready.
      await db.sql`update suggestions set state = 'withdrawn' where state = 'ready'`;
      await pause(5);
      if (!(await isComputing(db))) continue;
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

test("a search whose holder was killed is taken over within the patience of a claim", () =>
  withHouse(async ({ db, url, other }) => {
    const sweep = await startSweep(other, json);
    await warmSearch(other.db);
    await withFrozenHolder(db, url, sweep.sweepId, async (holder) => {
      holder.kill("SIGKILL");
      await pause(500);
      const began = performance.now();
      await claimOne(other, sweep);
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(await readReasons(db)).toEqual(["design"]);
    });
  }));

test("a holder that was frozen, and wakes up when another has taken over, writes nothing", () =>
  withHouse(async ({ db, url, other }) => {
    const sweep = await startSweep(other, json);
    await warmSearch(other.db);
    await withFrozenHolder(db, url, sweep.sweepId, async (holder) => {
      if (holder.stdout === null) throw new Error("the process has no output");
      const rounds = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
      await pause(2_100);
      for (let i = 0; i < 3; i++) await claimOne(other, sweep);
      const before = await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 });
      holder.kill("SIGCONT");
      for await (const round of rounds) if (round === "elsewhere") break;
      expect((await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 })).slice(0, before.length)).toEqual(
        before,
      );
      expect(await readReasons(db)).toEqual(["design", "design", "design"]);
      // What it computes from now on continues the log that the other one wrote.
      await db.sql`update suggestions set state = 'withdrawn' where state = 'ready'`;
      while (!(await isComputing(db))) await pause(5);
    });
    const stored = await readGeneration(db.sql, { sweepId: sweep.sweepId, generation: 1 });
    if (stored === undefined) throw new Error("no generation");
    const problem = { config: deserializeConfig(stored.config), seed: stored.seed };
    const log = await readLog(db.sql, { sweepId: sweep.sweepId, from: 0 });
    expect(replay(methodOf("bayes"), problem, log)).toMatchObject({ differences: [] });
  }));

test("a round that takes longer than a lease keeps its hold, and gives it back at its end", () =>
  withHouse(async ({ db, other }) => {
    const { sweepId } = await startSweep(other, json);
    await ensureSearch(db.sql, { sweepId, generation: 1 });
    const steal = () => holdSearch(db.sql, { sweepId, holder: "thief", leaseMs: 1_000 });
    const held = await whileHolding(other.db, sweepId, async ({ generation }) => {
      const end = performance.now() + 3_000;
      while (performance.now() < end) {
        expect(await steal()).toBeUndefined();
        await pause(50);
      }
      return db.sql.begin((tx) => lockHeldSearch(tx, { sweepId, holder: holderOf(other.db), generation }));
    });
    expect(held).toMatchObject({ sweepId });
    expect(await steal()).toMatchObject({ sweepId });
    expect(await whileHolding(other.db, sweepId, async () => "held")).toBeUndefined();
  }));
