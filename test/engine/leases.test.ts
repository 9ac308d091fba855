import { expect, test } from "vitest";
import { LEASE_MS, OUTAGE_MS, SILENCE_MS } from "@/core/time";
import { authenticate } from "@/engine/authorize";
import { beatLiveness } from "@/engine/background";
import { claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { createRun } from "@/engine/create-run";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { leaveAgent } from "@/engine/leave-agent";
import { loseAgents, reapAttempts } from "@/engine/reap-attempts";
import { logOutput } from "@/engine/report-output";
import {
  claimOne,
  codeOf,
  expireLeases,
  gridOf,
  readRuns,
  readSweep,
  reapNow,
  silent,
  startSweep,
  withHouse,
} from "./support/house";

test("an expired lease crashes the attempt and puts the run back, until its retries are used up", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1, { retries: 2 }));
    for (const attempt of [1, 2, 3]) {
      const claim = await claimOne(context, sweep);
      expect(claim.attempt).toBe(attempt);
      await expireLeases(db);
      expect(await reapNow(db)).toBe(1);
    }
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "crashed", stateReason: "lease_expired", attempt: 3, crashes: 3 }),
    ]);
    const states = await db.sql`select state, reason from attempts order by number`;
    expect([...states]).toEqual(new Array(3).fill({ state: "crashed", reason: "lease_expired" }));
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished", stateReason: "exhausted" });
  }));

test("a sweep that can't be read, or whose method can't be handed out, holds up nobody's expired leases", () =>
  withHouse(async ({ db, context, other }) => {
    const newer = await startSweep(context, gridOf(1, { retries: 1 }));
    const damaged = await startSweep(context, gridOf(2, { retries: 1 }));
    const healthy = await startSweep(context, gridOf(1, { retries: 1 }));
    for (const sweep of [newer, damaged, damaged, healthy]) await claimOne(context, sweep);
    await db.sql`update sweep_generations set config = config || '{"method": "bayes"}' where sweep_id = ${newer.sweepId}`;
    await db.sql`update sweep_generations set config = '{"method": {"$int": "x"}}' where sweep_id = ${damaged.sweepId}`;
    // The other server has read none of them yet.
    const [run] = await db.sql<{ id: number }[]>`
      select id from runs where sweep_id = ${damaged.sweepId} order by id limit 1`;
    expect(
      await finishRun(other, { runId: run?.id ?? 0, attempt: 1, state: "finished", exitCode: 0 }),
    ).toMatchObject({ state: "finished" });
    await expireLeases(other.db);
    expect(await reapNow(other.db)).toBe(3);
    expect((await readRuns(db)).map(({ state }) => state)).toEqual([
      "pending",
      "finished",
      "crashed",
      "pending",
    ]);
  }));

test("preemptions use up no retries", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1, { retries: 0 }));
    for (let i = 0; i < 5; i++) {
      const claim = await claimOne(context, sweep);
      expect(await finishRun(context, { ...claim, state: "preempted" })).toMatchObject({ state: "pending" });
    }
    await finishRun(context, { ...(await claimOne(context, sweep)), state: "crashed" });
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "crashed", crashes: 1, preemptions: 5 }),
    ]);
  }));

test("a failed run goes out again only where the sweep says retry_failed", () =>
  withHouse(async ({ context }) => {
    const plain = await startSweep(context, gridOf(1));
    const failed = { state: "failed", exitCode: 1 } as const;
    expect(await finishRun(context, { ...(await claimOne(context, plain)), ...failed })).toMatchObject({
      state: "failed",
    });
    const stubborn = await startSweep(context, gridOf(1, { retries: 1, retry_failed: true }));
    expect(await finishRun(context, { ...(await claimOne(context, stubborn)), ...failed })).toMatchObject({
      state: "pending",
    });
    expect(await finishRun(context, { ...(await claimOne(context, stubborn)), ...failed })).toMatchObject({
      state: "failed",
    });
  }));

test("a heartbeat extends leases by the database's clock", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    await expireLeases(db);
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: claims })).toMatchObject({
      commands: [],
    });
    const rows = await db.sql<{ left: number }[]>`
      select extract(epoch from lease_expires_at - clock_timestamp()) * 1000 as left from attempts`;
    for (const { left } of rows) expect(Number(left)).toBeGreaterThan(LEASE_MS - 5_000);
    expect(await reapNow(db)).toBe(0);
  }));

test("a run given up too early is revived by its own heartbeat, also from the queue, also out of retries", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(2, { retries: 0 }));
    const patient = await startSweep(context, gridOf(1, { retries: 5 }));
    const lost = await claimOne(context, sweep);
    const queued = await claimOne(context, patient);
    await expireLeases(db);
    expect(await reapNow(db)).toBe(2);
    expect((await readRuns(db)).map(({ state }) => state)).toEqual(["crashed", "pending"]);
    expect(await heartbeat(other, { agentId: sweep.agentId, attempts: [lost] })).toMatchObject({
      commands: [],
    });
    expect(await heartbeat(other, { agentId: patient.agentId, attempts: [queued] })).toMatchObject({
      commands: [],
    });
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "running", stateReason: null, attempt: 1, crashes: 0 }),
      expect.objectContaining({ state: "running", stateReason: null, attempt: 1, crashes: 0 }),
    ]);
    expect(await finishRun(context, { ...queued, state: "finished" })).toMatchObject({ state: "finished" });
    expect(await finishRun(context, { ...lost, state: "finished" })).toMatchObject({ state: "finished" });
  }));

test("an attempt that was taken over is stale: its beats and its finish are refused, the new one is untouched", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(1));
    const old = await claimOne(context, sweep);
    await expireLeases(db);
    await reapNow(db);
    const now = await claimOne(other, sweep);
    expect(now).toMatchObject({ runId: old.runId, attempt: 2 });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: [old, now] })).toMatchObject({
      commands: [{ runId: old.runId, attempt: 1, command: "STALE" }],
    });
    expect(await codeOf(finishRun(context, { ...old, state: "finished" }))).toBe("STALE_ATTEMPT");
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "running", attempt: 2, crashes: 1 }),
    ]);
    expect(await finishRun(context, { ...now, state: "finished" })).toMatchObject({ state: "finished" });
  }));

test("the key of an attempt is its fence: it speaks for that attempt of that run and nothing else", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const [mine, foreign] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    const child = { ...context, access: await authenticate(db, mine.apiKey), secret: mine.apiKey };
    expect(await heartbeat(child, { attempts: [mine] })).toMatchObject({ commands: [] });
    expect(await codeOf(heartbeat(child, { attempts: [foreign] }))).toBe("FORBIDDEN");
    expect(await codeOf(heartbeat(child, { agentId: sweep.agentId, attempts: [mine] }))).toBe("FORBIDDEN");
    expect(await codeOf(finishRun(child, { ...foreign, state: "finished" }))).toBe("FORBIDDEN");
    expect(await codeOf(finishRun(child, { ...mine, attempt: 2, state: "finished" }))).toBe("FORBIDDEN");
    expect(await codeOf(controlSweep(child, { ...sweep, action: "cancel" }))).toBe("FORBIDDEN");
    expect(await finishRun(child, { ...mine, state: "finished" })).toMatchObject({ state: "finished" });
  }));

test("a finish that arrives after the lease ran out counts while nobody has taken over", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const claim = await claimOne(context, sweep);
    await expireLeases(db);
    await reapNow(db);
    expect(await finishRun(context, { ...claim, state: "finished", exitCode: 0 })).toMatchObject({
      state: "finished",
    });
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "finished", attempt: 1, crashes: 0 }),
    ]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ state: "finished" });
  }));

test("a claim and a late heartbeat at the same moment: one of the two has the run, never both", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(30, { retries: 100 }));
    const { claims } = await claimRuns(context, { ...sweep, count: 30 });
    await expireLeases(db);
    expect(await reapNow(db)).toBe(30);
    const [beats, answers] = await Promise.all([
      Promise.all(claims.map((claim) => heartbeat(context, { agentId: sweep.agentId, attempts: [claim] }))),
      Promise.all(claims.map(() => claimRuns(other, { ...sweep, count: 1 }))),
    ]);
    const revived = claims.filter((_, i) => beats[i]?.commands.length === 0).map(({ runId }) => runId);
    const taken = answers.flatMap((answer) => answer.claims).map(({ runId }) => runId);
    expect(new Set([...revived, ...taken]).size).toBe(revived.length + taken.length);
    const live = await db.sql`select run_id from attempts where ended_at is null`;
    expect(live.map(({ run_id }) => run_id).sort()).toEqual([...revived, ...taken].sort());
    const stray =
      await db.sql`select from runs where state = 'running' and id <> all(${[...revived, ...taken]}::bigint[])`;
    expect(stray).toHaveLength(0);
  }));

test("two servers reap at once: each attempt ends once", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(450));
    await claimRuns(context, { ...sweep, count: 450 });
    await expireLeases(db);
    const reaped = await Promise.all([reapNow(db), reapNow(other.db), reapNow(db), reapNow(other.db)]);
    // A round that meets only rows which another holds locked leaves them to the other.
    expect(reaped.reduce((total, one) => total + one, 0)).toBe(450);
    expect((await readRuns(db)).every(({ state, crashes }) => state === "pending" && crashes === 1)).toBe(
      true,
    );
  }));

test("an outage kills nobody: no lease is reaped before the service has been up for a whole lease", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    await claimRuns(context, { ...sweep, count: 3 });
    await expireLeases(db);
    const reap = (graceMs: number) =>
      reapAttempts(db, silent, { silenceMs: SILENCE_MS, outageMs: OUTAGE_MS, graceMs });
    // nobody has ever said that the service is up
    expect(await reap(0)).toBe(0);
    // the service is up, for less than a lease
    await beatLiveness(db);
    expect(await reapAttempts(db, silent)).toBe(0);
    // the last server's beat is older than an outage: whoever reaps now has just woken up
    await db.sql`update liveness set last_beat_at = clock_timestamp() - interval '6 seconds'`;
    expect(await reap(0)).toBe(0);
    // up_since of before the database itself started (it was restarted between two beats)
    await db.sql`update liveness set last_beat_at = clock_timestamp(), up_since = pg_postmaster_start_time() - interval '1 minute'`;
    expect(await reap(0)).toBe(0);
    // that beat notices, and the clock of the grace starts anew
    await beatLiveness(db);
    const [row] = await db.sql<{ fresh: boolean }[]>`
      select up_since > clock_timestamp() - interval '5 seconds' as fresh from liveness`;
    expect(row?.fresh).toBe(true);
    expect(await reap(3_600_000)).toBe(0);
    expect(await reap(0)).toBe(3);
  }));

test("a gap in the beats starts the grace anew; steady beats leave it alone", () =>
  withHouse(async ({ db, other }) => {
    const upSince = async () => (await db.sql`select up_since from liveness`)[0]?.up_since as Date;
    await beatLiveness(db);
    const first = await upSince();
    await beatLiveness(other.db);
    expect(await upSince()).toEqual(first);
    await db.sql`update liveness set last_beat_at = clock_timestamp() - interval '6 seconds'`;
    await beatLiveness(other.db);
    expect((await upSince()).getTime()).toBeGreaterThan(first.getTime());
  }));

test("a run without an agent has no lease, but is crashed after a long silence and revived by a sign of life", () =>
  withHouse(async ({ db, context }) => {
    const run = await createRun(context, { project: "byhand", params: '{"lr": 1.0}' });
    await reapNow(db);
    expect(await readRuns(db)).toEqual([expect.objectContaining({ state: "running" })]);
    await db.sql`update attempts set last_contact_at = clock_timestamp() - interval '1 hour'`;
    const reap = () => reapAttempts(db, silent, { silenceMs: 0, outageMs: OUTAGE_MS, graceMs: 0 });
    expect(await reap()).toBe(1);
    expect(await readRuns(db)).toEqual([
      expect.objectContaining({ state: "crashed", stateReason: "silent" }),
    ]);
    const child = { ...context, access: await authenticate(db, run.apiKey), secret: run.apiKey };
    expect(await heartbeat(child, { attempts: [run] })).toMatchObject({ commands: [] });
    expect(await readRuns(db)).toEqual([expect.objectContaining({ state: "running", crashes: 0 })]);
    // Printing is one too, without a heartbeat and without metrics.
    await db.sql`update attempts set last_contact_at = clock_timestamp() - interval '1 hour'`;
    expect(await reap()).toBe(1);
    const lines = [{ stream: "stdout", time: 0, text: "still here\n" }];
    await logOutput(child, { ...run, batch: 1, lines });
    expect(await readRuns(db)).toEqual([expect.objectContaining({ state: "running", crashes: 0 })]);
    expect(await finishRun(child, { ...run, state: "finished" })).toMatchObject({ state: "finished" });
  }));

test("a heartbeat that names another agent's attempts hears no more than that they are not its own", () =>
  withHouse(async ({ db, context }) => {
    const mine = await startSweep(context, gridOf(2));
    const foreign = await startSweep(context, gridOf(2));
    const claim = await claimOne(context, foreign);
    const attempts = [{ runId: claim.runId, attempt: 1 }];
    const [before] = await db.sql`select lease_expires_at from attempts`;
    await db.sql`update runs set stop_requested = 'cancel'`;
    expect((await heartbeat(context, { agentId: mine.agentId, attempts })).commands).toEqual([
      { runId: claim.runId, attempt: 1, command: "STALE" },
    ]);
    expect((await db.sql`select lease_expires_at from attempts`)[0]).toEqual(before);
    expect((await heartbeat(context, { agentId: foreign.agentId, attempts })).commands).toEqual([
      { runId: claim.runId, attempt: 1, command: "CANCEL" },
    ]);
  }));

test("an agent that leaves gives back what it holds, and hears EXIT if it asks again", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(5));
    const { claims } = await claimRuns(context, { ...sweep, count: 3 });
    const [first] = claims;
    if (first === undefined) throw new Error("nothing claimed");
    await finishRun(context, { ...first, state: "finished" });
    expect(await leaveAgent(context, sweep)).toEqual({ agentId: sweep.agentId, requeued: 2 });
    expect(
      (await readRuns(db)).map(({ state, preemptions, crashes }) => [state, preemptions, crashes]),
    ).toEqual([
      ["finished", 0, 0],
      ["pending", 1, 0],
      ["pending", 1, 0],
    ]);
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "EXIT" });
    expect(await heartbeat(context, { agentId: sweep.agentId, attempts: claims })).toMatchObject({
      directive: "EXIT",
    });
    expect((await readRuns(db)).filter(({ state }) => state === "running")).toEqual([]);
  }));

test("an agent that misses its beats is lost, and alive again with the next one", () =>
  withHouse(async ({ db, context }) => {
    const { agentId } = await startSweep(context, gridOf(2));
    const state = async () => (await db.sql`select state from agents`)[0]?.state;
    const rules = { silenceMs: SILENCE_MS, outageMs: OUTAGE_MS, graceMs: 0 };
    await beatLiveness(db);
    expect(await loseAgents(db, silent, rules)).toBe(0);
    await db.sql`update agents set last_heartbeat_at = clock_timestamp() - interval '30 seconds'`;
    expect(await loseAgents(db, silent)).toBe(0); // the service is not up for long enough
    expect(await loseAgents(db, silent, rules)).toBe(1);
    expect(await state()).toBe("lost");
    await heartbeat(context, { agentId, attempts: [] });
    expect(await state()).toBe("alive");
  }));

test("heartbeats are refused with a code that says why", () =>
  withHouse(async ({ context }) => {
    const { agentId } = await startSweep(context, gridOf(2));
    expect(await codeOf(heartbeat(context, { agentId: 12_345, attempts: [] }))).toBe("AGENT_UNKNOWN");
    expect(await codeOf(heartbeat(context, { attempts: [{ runId: 77, attempt: 1 }] }))).toBe("NOT_FOUND");
    const many = Array.from({ length: 1_001 }, (_, i) => ({ runId: i + 1, attempt: 1 }));
    expect(await codeOf(heartbeat(context, { agentId, attempts: many }))).toBe("BAD_INPUT");
    expect(await heartbeat(context, { agentId, attempts: [{ runId: 77, attempt: 1 }] })).toMatchObject({
      commands: [{ runId: 77, attempt: 1, command: "STALE" }],
    });
  }));

test("a heartbeat that waits for the reaper's lock gets its run back instead of an order to stop", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const { runId } = await claimOne(context, sweep);
    let beat: ReturnType<typeof heartbeat> | undefined;
    await db.sql.begin(async (tx) => {
      await tx`update runs set state = 'pending', queued_at = now(), crashes = 1 where id = ${runId}`;
      await tx`update attempts set state = 'crashed', reason = 'lease_expired', ended_at = now() where run_id = ${runId}`;
      beat = heartbeat(context, { agentId: sweep.agentId, attempts: [{ runId, attempt: 1 }] });
      for (let waiting = 0; waiting === 0; ) {
        const [row] = await db.sql<{ n: number }[]>`
          select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        waiting = row?.n ?? 0;
      }
    });
    expect((await beat)?.commands).toEqual([]);
    const [run] = await db.sql`select state, crashes from runs where id = ${runId}`;
    expect(run).toEqual({ state: "running", crashes: 0 });
  }));
