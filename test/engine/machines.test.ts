import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Tx } from "@/db/client";
import { machinesOfSweeps, noteMachines } from "@/db/queries/machines";
import { lockAttempts, settleAttempts } from "@/db/queries/settle-attempts";
import { systemAccess } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { finishRun } from "@/engine/finish-run";
import { leaveAgent } from "@/engine/leave-agent";
import { registerAgent } from "@/engine/register-agent";
import { resetMachine } from "@/engine/reset-machine";
import { stopRun } from "@/engine/stop-run";
import {
  claimOne,
  expireLeases,
  gridOf,
  type House,
  readRuns,
  readSweep,
  reapNow,
  startSweep,
  withHouse,
} from "./support/house";

type Sweep = { sweepId: string; agentId: number };

/** The sweep's next run on this agent's machine, ended so. */
async function run(context: EngineContext, sweep: Sweep, state: "finished" | "failed"): Promise<number> {
  const { runId, attempt } = await claimOne(context, sweep);
  await finishRun(context, { runId, attempt, state, exitCode: state === "failed" ? 1 : 0 });
  return runId;
}

const onAnother = async (context: EngineContext, { sweepId }: Sweep, host: string): Promise<Sweep> => ({
  sweepId,
  agentId: (await registerAgent(context, { sweepId, host })).agentId,
});

const machines = ({ db }: Pick<House, "db">, { sweepId }: Sweep) =>
  machinesOfSweeps(db, systemAccess(), [sweepId]);

describe("a machine on which runs fail at once, one after another", () => {
  test("gets no more, and the runs of the streak go to others, each once", () =>
    withHouse(async ({ db, context, other }) => {
      const broken = await startSweep(context, gridOf(6, { quarantine_after: 3 }));
      const sound = await onAnother(other, broken, "sound");
      await run(context, broken, "finished");
      const failed: number[] = [];
      for (const server of [context, other, context]) failed.push(await run(server, broken, "failed"));
      const refused = await claimRuns(other, { ...broken, count: 2 });
      expect(refused).toMatchObject({ claims: [], directive: "EXIT", quarantined: true });
      expect(refused.reason).toMatch(
        /machine box is in quarantine .* 3 runs in a row failed within 60 s.*besom agent \w+ --reset/,
      );
      expect(await machines({ db }, broken)).toEqual([
        {
          sweepId: broken.sweepId,
          host: "box",
          failuresInARow: 3,
          quarantinedAt: expect.any(Date),
          reason: "3 runs in a row failed within 60 s of the start",
        },
      ]);
      const returned = (await readRuns(db)).filter(({ state }) => state === "pending");
      expect(returned.map(({ id }) => id)).toEqual(failed);
      expect(
        returned.every(({ stateReason, crashes }) => stateReason === "machine_quarantined" && crashes === 0),
      ).toBe(true);

      // Elsewhere they fail as well, and are not returned again: now it is their own doing.
      for (let i = 0; i < 3; i++) await run(i % 2 ? context : other, sound, "failed");
      expect((await machines({ db }, broken)).map(({ host }) => host).sort()).toEqual(["box", "sound"]);
      expect((await readRuns(db)).filter(({ id }) => failed.includes(id)).map(({ state }) => state)).toEqual(
        new Array(3).fill("failed"),
      );
      expect(await readSweep(db, broken.sweepId)).toMatchObject({ state: "running", runCount: 4 });
    }));

  test("is counted anew by any run that ends otherwise, and not by one that was preempted", () =>
    withHouse(async ({ db, context }) => {
      const sweep = await startSweep(context, gridOf(20, { quarantine_after: 3, retries: 0 }));
      const counts = async () => (await machines({ db }, sweep)).map((one) => one.failuresInARow);
      await run(context, sweep, "failed");
      await run(context, sweep, "failed");
      expect(await counts()).toEqual([2]);
      await run(context, sweep, "finished");
      expect(await counts()).toEqual([]);

      // Slowly.
      await run(context, sweep, "failed");
      const slow = await claimOne(context, sweep);
      await db.sql`update attempts set started_at = clock_timestamp() - interval '61 seconds' where run_id = ${slow.runId}`;
      await finishRun(context, { runId: slow.runId, attempt: 1, state: "failed" });
      expect(await counts()).toEqual([]);

      // Killed, and lost.
      await run(context, sweep, "failed");
      const killed = await claimOne(context, sweep);
      await stopRun(context, { runId: killed.runId });
      await finishRun(context, { runId: killed.runId, attempt: 1, state: "failed" });
      expect(await counts()).toEqual([]);
      await run(context, sweep, "failed");
      await claimOne(context, sweep);
      await expireLeases(db);
      await reapNow(db);
      expect(await counts()).toEqual([]);

      // Handed back: that says nothing of the machine.
      await run(context, sweep, "failed");
      const leaving = await onAnother(context, sweep, "box");
      await claimOne(context, leaving);
      await leaveAgent(context, leaving);
      expect(await counts()).toEqual([1]);
    }));

  test("is counted in the order of the ends, also where they are written together and from two servers", () =>
    withHouse(async ({ db, context, other }) => {
      const sweep = await startSweep(context, gridOf(60, { quarantine_after: 1_000 }));
      const { claims } = await claimRuns(context, { ...sweep, count: 60 });
      const end = (server: EngineContext, from: number, states: ("finished" | "failed")[]) =>
        Promise.all(
          states.map((state, i) =>
            finishRun(server, { runId: claims[from + i]?.runId ?? 0, attempt: 1, state }),
          ),
        );
      await end(context, 0, ["failed", "failed", "finished", "failed", "failed", "failed"]);
      expect(await machines({ db }, sweep)).toMatchObject([{ failuresInARow: 3, quarantinedAt: null }]);
      await end(context, 6, ["finished", "failed"]);
      expect(await machines({ db }, sweep)).toMatchObject([{ failuresInARow: 1 }]);
      const many = new Array(20).fill("failed");
      await Promise.all([end(context, 8, many), end(other, 28, many)]);
      expect(await machines({ db }, sweep)).toMatchObject([{ failuresInARow: 41 }]);
    }));

  test("returns what it still had under way when that fails too, and gets runs again once somebody has lifted it", () =>
    withHouse(async ({ db, context, other }) => {
      const sweep = await startSweep(context, gridOf(5, { quarantine_after: 1 }));
      const { claims } = await claimRuns(context, { ...sweep, count: 2 });
      for (const { runId } of claims)
        await finishRun(context, { runId, attempt: 1, state: "failed", exitCode: 1 });
      expect((await readRuns(db)).map(({ state }) => state)).toEqual(["pending", "pending"]);
      expect(await machines({ db }, sweep)).toMatchObject([
        { failuresInARow: 2, reason: "1 run failed within 60 s of the start" },
      ]);
      const input = { sweepId: sweep.sweepId, host: "box" };
      expect(await resetMachine(other, input)).toMatchObject({ lifted: true });
      expect(await resetMachine(other, input)).toMatchObject({ lifted: false });
      expect(await resetMachine(other, { ...input, host: "nobody" })).toMatchObject({ lifted: false });
      expect(await machines({ db }, sweep)).toEqual([]);
      expect(await claimOne(context, sweep)).toMatchObject({ attempt: 2, resumed: true });
    }));

  test("loses no run of the streak when the last failures come to two servers at the same moment", () =>
    withHouse(async ({ db, context, other }) => {
      const { sweepId, agentId } = await startSweep(context, gridOf(2, { quarantine_after: 2 }));
      const { claims } = await claimRuns(context, { sweepId, agentId, count: 2 });
      const [slower = 0, faster = 0] = claims.map(({ runId }) => runId);
      let second: Promise<unknown> | undefined;
      // What one server has written and not committed: the other's count waits for it.
      await db.sql.begin(async (begun) => {
        const tx = begun as unknown as Tx;
        const run = { runId: faster, attempt: 1, crashes: 0, preemptions: 0, detail: null, exitCode: 1 };
        const failed = { attemptState: "failed", runState: "failed" } as const;
        await lockAttempts(tx, [run]);
        await settleAttempts(tx, [{ ...run, ...failed, attemptReason: "exit_code", runReason: "exit_code" }]);
        await noteMachines(tx, [{ sweepId, host: "box", reset: false, failed: [faster], most: 2 }]);
        second = finishRun(other, { runId: slower, attempt: 1, state: "failed" });
        while ((await other.db.sql`select from pg_locks where not granted`).length === 0) await pause(5);
      });
      expect(await second).toMatchObject({ state: "pending" });
      expect((await readRuns(db)).map(({ state }) => state)).toEqual(["pending", "pending"]);
    }));

  test("is told to whoever ends its last run: that one is back in the queue, however often it is asked", () =>
    withHouse(async ({ context, other }) => {
      const sweep = await startSweep(context, gridOf(4, { quarantine_after: 2 }));
      const { claims } = await claimRuns(context, { ...sweep, count: 3 });
      const [first = 0, second = 0, third = 0] = claims.map(({ runId }) => runId);
      const fail = (server: EngineContext, runId: number) =>
        finishRun(server, { runId, attempt: 1, state: "failed", clientMutationId: `end-${runId}` });
      expect(await fail(context, first)).toEqual({ runId: first, state: "failed" });
      for (const server of [context, context, other])
        expect(await fail(server, second)).toEqual({ runId: second, state: "pending" });
      expect(await Promise.all([fail(other, third), fail(other, third)])).toEqual(
        new Array(2).fill({ runId: third, state: "pending" }),
      );
      expect(await fail(other, first)).toEqual({ runId: first, state: "failed" });
    }));

  test("gets no run back that has failed elsewhere since then", () =>
    withHouse(async ({ db, context }) => {
      const file = gridOf(9, { quarantine_after: 2, retry_failed: true, retries: 1 });
      const broken = await startSweep(context, file);
      const sound = await onAnother(context, broken, "sound");
      const retried = await run(context, broken, "failed");
      expect(await run(context, sound, "failed")).toBe(retried);
      await run(context, broken, "failed");
      expect(await machines({ db }, broken)).toMatchObject([
        { host: "box", quarantinedAt: expect.any(Date) },
        { host: "sound", quarantinedAt: null },
      ]);
      expect((await readRuns(db)).map(({ state }) => state)).toEqual(["failed", "pending"]);
    }));

  test("is noticed by the server that hands out runs ahead, when another one has counted", () =>
    withHouse(async ({ context, other }) => {
      const sweep = await startSweep(context, gridOf(1_000, { quarantine_after: 2 }));
      // Twice, so that this server knows the sweep's row and claims in a single statement.
      const first = await claimRuns(context, { ...sweep, count: 1 });
      const second = await claimRuns(context, { ...sweep, count: 1 });
      for (const { runId } of [...first.claims, ...second.claims])
        await finishRun(other, { runId, attempt: 1, state: "failed" });
      expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ quarantined: true });
      const elsewhere = await onAnother(context, sweep, "sound");
      expect(
        (await claimRuns(context, { ...elsewhere, count: 3 })).claims.map(({ attempt }) => attempt),
      ).toEqual([2, 2, 1]);
    }));

  test("is none of a file that says false, and costs nothing where nothing fails", () =>
    withHouse(async ({ db, context }) => {
      const never = await startSweep(context, gridOf(10, { quarantine_after: false }));
      for (let i = 0; i < 7; i++) await run(context, never, "failed");
      await run(context, never, "finished");
      expect(await db.sql`select from machines`).toHaveLength(0);
      expect(await claimRuns(context, { ...never, count: 1 })).toMatchObject({ directive: "RUN" });
    }));
});
