import { expect, test } from "vitest";
import { type Database, openDatabase } from "@/db/client";
import { readForClaim } from "@/db/queries/claim-runs";
import { findSweepsToClose } from "@/db/queries/close-sweeps";
import { claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { createSweep } from "@/engine/create-sweep";
import { deleteRun } from "@/engine/delete-run";
import { heartbeat } from "@/engine/heartbeat";
import { registerAgent } from "@/engine/register-agent";
import { stopRun } from "@/engine/stop-run";
import {
  claimOne,
  codeOf,
  expireLeases,
  gridOf,
  readRuns,
  reapNow,
  startSweep,
  withHouse,
} from "./support/house";

/** Faults that were found in the engine, each shown by what it did. */

test("whether a target is reached is asked of an index, not of every run", () =>
  withHouse(async ({ db, context }) => {
    for (const goal of ["minimize", "maximize"] as const) {
      const metric = { name: "loss", goal, target: goal === "minimize" ? -1 : 9_999_999 };
      const { sweepId } = await startSweep(context, gridOf(3, { metric }));
      await db.sql`
        insert into runs (project_id, sweep_id, name, display_name, state, params, objective)
        select project_id, id, ${goal} || n, 'r', 'finished', '{}', random() from sweeps, generate_series(1, 20000) n
        where id = ${sweepId}`;
      // With statistics the planner has hopes of its own.
      await db.sql`analyze`;
      const look = async () => {
        let fetched = 0;
        let found: string[] = [];
        await db.sql.begin(async (tx) => {
          const count = async () => {
            const [row] = await tx<{ n: number }[]>`
              select idx_tup_fetch + seq_tup_read as n from pg_stat_xact_user_tables where relname = 'runs'`;
            return row?.n ?? 0;
          };
          const before = await count();
          found = (await findSweepsToClose(tx, [sweepId])).map((each) => each.sweepId);
          fetched = (await count()) - before;
        });
        return { found, fetched };
      };
      const before = await look();
      expect(before.found).toEqual([]);
      expect(before.fetched).toBeLessThan(10);
      await db.sql`update runs set objective = ${metric.target} where name = ${`${goal}7`}`;
      const after = await look();
      expect(after.found).toEqual([sweepId]);
      expect(after.fetched).toBeLessThan(10);
    }
  }));

test("a run that is stopped while it is given up for lost hears it when it comes back", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2, { retries: 0 }));
    const { runId, attempt } = await claimOne(context, sweep);
    await expireLeases(db);
    await reapNow(db);
    expect(await stopRun(context, { runId })).toEqual({ runId, state: "crashed" });
    const beat = { agentId: sweep.agentId, attempts: [{ runId, attempt }] };
    expect((await heartbeat(context, beat)).commands).toEqual([{ runId, attempt, command: "STOP" }]);
  }));

test("a repeated call gets its first answer, whatever has become of the sweep or run meanwhile", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const registration = { sweepId: sweep.sweepId, host: "box", clientMutationId: "r1" };
    const { agentId } = await registerAgent(context, registration);
    const { runId } = await claimOne(context, sweep);
    const stopping = { runId, clientMutationId: "s1" };
    const stopped = await stopRun(context, stopping);
    await deleteRun(context, { runId });
    expect(await stopRun(context, stopping)).toEqual(stopped);
    await controlSweep(context, { ...sweep, action: "cancel" });
    expect((await registerAgent(context, registration)).agentId).toBe(agentId);
    expect(await codeOf(registerAgent(context, { ...registration, clientMutationId: "r2" }))).toBe(
      "SWEEP_NOT_RUNNING",
    );
    const [row] = await db.sql`select count(*) as n from agents`;
    expect(row?.n).toBe(2);
  }));

test("a grid with more points than can be counted is refused when it is created", () =>
  withHouse(async ({ context }) => {
    const grid = (parameters: number) => ({
      method: "grid",
      program: "train.py",
      parameters: Object.fromEntries(
        Array.from({ length: parameters }, (_, i) => [`p${i}`, { values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }]),
      ),
    });
    await expect(createSweep(context, { json: grid(1_000) })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("10^1000"),
    });
    const { sweepId } = await createSweep(context, { json: grid(999) });
    const { agentId } = await registerAgent(context, { sweepId, host: "box" });
    expect((await claimRuns(context, { sweepId, agentId, count: 2 })).claims.length).toBe(2);
  }));

test("runs far beyond 2^53 keep names of their own", () =>
  withHouse(async ({ db, context }) => {
    const values = Array.from({ length: 10 }, (_, i) => i);
    const parameters = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, { values }]));
    const sweep = await startSweep(context, { method: "grid", program: "train.py", parameters });
    await db.sql`update sweeps set cursor = 9007199254740991`;
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    expect(claims.map(({ displayName }) => displayName.split("-").at(-1))).toEqual([
      "9007199254740992",
      "9007199254740993",
      "9007199254740994",
    ]);
  }));

test("runs of a sweep are canceled, and its queue is emptied, in the order of their ids, so that nobody deadlocks", () =>
  withHouse(async ({ db, url, context }) => {
    const sweep = await startSweep(context, gridOf(4, { retries: 1 }));
    const { claims } = await claimRuns(context, { ...sweep, count: 4 });
    const ids = claims.map(({ runId }) => runId);
    const [first = 0, second = 0] = ids;
    // A plan that walks the other indexes: they give the higher ids first, by the change cursor and by when they were queued.
    await db.sql`drop index runs_sweep_idx`;
    await db.sql`insert into runs (project_id, name, display_name, state, params)
      select id, 'other' || n, 'r', 'finished', '{}' from projects, generate_series(1, 5000) n`;
    await db.sql`analyze`;
    for (const plan of ["hashjoin", "mergejoin", "bitmapscan"])
      await db.sql.unsafe(`alter database ${new URL(url).pathname.slice(1)} set enable_${plan} = off`);
    const unluckyDb = openDatabase(url, { max: 2 });
    const unlucky = { ...context, db: unluckyDb };
    for (const runId of [...ids].reverse())
      await db.sql`update attempts set changed_xid = pg_current_xact_id() where run_id = ${runId}`;
    await expectInOrder(db, first, second, () => controlSweep(unlucky, { ...sweep, action: "cancel" }));

    const queue = await startSweep(context, gridOf(4, { retries: 1 }));
    const lost = (await claimRuns(context, { ...queue, count: 4 })).claims.map(({ runId }) => runId);
    await expireLeases(db, lost);
    await reapNow(db);
    for (const runId of [...lost].reverse())
      await db.sql`update runs set queued_at = clock_timestamp(), changed_xid = pg_current_xact_id() where id = ${runId}`;
    const [one = 0, two = 0] = lost;
    await expectInOrder(db, one, two, () => controlSweep(unlucky, { ...queue, action: "stop" }));
    for (const runId of [...lost].reverse())
      await db.sql`update runs set changed_xid = pg_current_xact_id() where id = ${runId}`;
    await expectInOrder(db, one, two, () => controlSweep(unlucky, { ...queue, action: "resume" }));
    await unluckyDb.close();
  }));

/** While we hold the lower run, whoever waits for it must not hold the higher one. */
async function expectInOrder(db: Database, lower: number, higher: number, call: () => Promise<unknown>) {
  let calling: Promise<unknown> | undefined;
  await db.sql.begin(async (tx) => {
    await tx`select from runs where id = ${lower} for no key update`;
    calling = call();
    const waiting = () => db.sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await waiting()).length === 0);
    await tx`select from runs where id = ${higher} for no key update nowait`;
  });
  await calling;
}

test("a claim reads of its queue no more parameters than fit into its answer, and none that the point tells", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const { sweepId } = sweep;
    const big = JSON.stringify({ text: "x".repeat(1_000_000) });
    await db.sql`
      insert into runs (project_id, sweep_id, name, display_name, state, params, queued_at)
      select project_id, id, 'given' || n, 'g' || n, 'pending', ${big}::text::jsonb, clock_timestamp()
      from sweeps, generate_series(1, 20) n where id = ${sweepId}`;
    const asked = { sweepId, count: 20, leaseMs: 1, agentIds: [], mutations: [], maxBytes: 3_000_000 };
    const reading = await db.sql.begin((tx) => readForClaim(tx, asked));
    expect([reading.queued.length, reading.more]).toEqual([3, true]);

    // All of them go out in several claims, before anything new.
    const names: string[] = [];
    for (let i = 0; i < 20 && names.length < 22; i++) {
      const { claims } = await claimRuns(context, { ...sweep, count: 22 });
      names.push(...claims.map(({ displayName }) => displayName));
    }
    expect(names.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => `g${i + 1}`));
    expect(names.length).toBe(22);

    // Back in the queue: what comes from the grid is made from its point.
    await expireLeases(db);
    await db.sql`update sweeps set state = 'running'`;
    await db.sql`update runs set state = 'pending', queued_at = now() where point_index is not null`;
    const again = await db.sql.begin((tx) => readForClaim(tx, asked));
    expect(again.queued.map(({ params }) => params)).toEqual([null, null]);
    expect((await readRuns(db)).filter(({ state }) => state === "pending").length).toBe(2);
  }));

test("the first beats of an agent tell which process an attempt became, and only of its own attempts", () =>
  withHouse(async ({ db, context }) => {
    const mine = await startSweep(context, gridOf(2));
    const foreign = await startSweep(context, gridOf(2));
    const [a, b] = [await claimOne(context, mine), await claimOne(context, foreign)];
    const process = { pid: 77, command: ["python", "train.py", "x".repeat(50_000), "--x=1"] };
    const started = [a, b].map(({ runId, attempt }) => ({ runId, attempt, ...process }));
    await heartbeat(context, { agentId: mine.agentId, attempts: [a], started });
    const rows = await db.sql`select host, pid, command from attempts order by run_id`;
    expect(rows).toEqual([
      { host: "box", pid: 77, command: ["python", "train.py", "…"] },
      { host: null, pid: null, command: null },
    ]);
    const bad = [{ ...a, pid: 0, command: [] }];
    expect(await codeOf(heartbeat(context, { agentId: mine.agentId, attempts: [a], started: bad }))).toBe(
      "BAD_INPUT",
    );
  }));
