import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { LEASE_MS } from "@/core/time";
import { awaitNews, dismissWaiting, waitingAgents } from "@/engine/await-news";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { deleteRun } from "@/engine/delete-run";
import { emitChange } from "@/engine/events";
import { finishRun } from "@/engine/finish-run";
import { type HeartbeatAnswer, heartbeat, MAX_WAIT_MS } from "@/engine/heartbeat";
import { registerAgent } from "@/engine/register-agent";
import { stopRun } from "@/engine/stop-run";
import { wishAgent } from "@/engine/wish-agent";
import { openLine } from "@/graphql/http/line";
import { claimOne, codeOf, gridOf, startSweep, withHouse } from "./support/house";

/** A beat that waits, and how long it did. */
async function timed(beat: Promise<HeartbeatAnswer>): Promise<HeartbeatAnswer & { ms: number }> {
  const startedAt = performance.now();
  const answer = await beat;
  return { ...answer, ms: performance.now() - startedAt };
}

async function untilWaiting({ db }: EngineContext, count: number): Promise<void> {
  while (waitingAgents(db) < count) await pause(5);
  // It is counted before its own beat is through.
  await pause(50);
}

/** What would be answered to a caller that has gone away. */
async function hungUp(): Promise<ServerResponse> {
  const http = createServer().listen(0, "127.0.0.1");
  await once(http, "listening");
  const caller = new AbortController();
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  fetch(url, { signal: caller.signal }).catch(() => {});
  const [, response] = await once(http, "request");
  caller.abort();
  await once(response, "close");
  http.close();
  return response;
}

test("a heartbeat that waits hears of a stop at once, whichever server it was asked for at, and whether it named the run or not", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(context, gridOf(4));
    const [named, unnamed] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    for (const { runId, attempt } of [unnamed, named]) {
      const beat = timed(
        heartbeat(context, {
          agentId: sweep.agentId,
          attempts: [{ runId: named.runId, attempt: 1 }],
          waitMs: MAX_WAIT_MS,
        }),
      );
      await untilWaiting(context, 1);
      await stopRun(other, { runId });
      const { commands, ms } = await beat;
      expect(commands).toContainEqual({ runId, attempt, command: "STOP" });
      expect(ms).toBeLessThan(1_500);
      await finishRun(context, { runId, attempt, state: "killed" });
    }
  }));

test("it is answered when its time is over, with what is left of the leases that it extended when it came", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const { runId, attempt } = await claimOne(context, sweep);
    await db.sql`update attempts set lease_expires_at = clock_timestamp() + interval '1 second'`;
    const beat = timed(
      heartbeat(context, { agentId: sweep.agentId, attempts: [{ runId, attempt }], waitMs: 300 }),
    );
    await untilWaiting(context, 1);
    const [row] = await db.sql<{ left: number }[]>`
      select extract(epoch from lease_expires_at - clock_timestamp())::float8 as left from attempts`;
    expect(row?.left).toBeGreaterThan(19);
    const { commands, directive, leaseMs, ms } = await beat;
    expect({ commands, directive }).toEqual({ commands: [], directive: "CONTINUE" });
    expect(ms).toBeGreaterThan(290);
    expect(leaseMs).toBeLessThanOrEqual(LEASE_MS - 290);
    expect(waitingAgents(db)).toBe(0);
    const tooLong = { agentId: sweep.agentId, attempts: [], waitMs: MAX_WAIT_MS + 1 };
    expect(await codeOf(heartbeat(context, tooLong))).toBe("BAD_INPUT");
  }));

test("what an agent was told is no news: it is told again at the pace of beats, and anything else breaks through", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(context, gridOf(2));
    const { runId, attempt } = await claimOne(context, sweep);
    const beat = (waitMs: number) =>
      timed(heartbeat(context, { agentId: sweep.agentId, attempts: [{ runId, attempt }], waitMs }));
    const first = beat(MAX_WAIT_MS);
    await untilWaiting(context, 1);
    await wishAgent(other, { agentId: sweep.agentId, wish: "drain" });
    expect(await first).toMatchObject({ directive: "DRAIN", commands: [] });
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({
      directive: "EXIT",
      claims: [],
      reason: expect.stringContaining("asked agent"),
    });
    const again = await beat(400);
    expect(again).toMatchObject({ directive: "DRAIN" });
    expect(again.ms).toBeGreaterThan(390);
    const third = beat(MAX_WAIT_MS);
    await untilWaiting(context, 1);
    await wishAgent(other, { agentId: sweep.agentId, wish: "stop" });
    expect(await third).toMatchObject({ directive: "STOP" });
    // A stop is not weakened.
    await wishAgent(other, { agentId: sweep.agentId, wish: "drain" });
    expect(await beat(0)).toMatchObject({ directive: "STOP" });
    await controlSweep(other, { sweepId: sweep.sweepId, action: "cancel" });
    expect(await beat(MAX_WAIT_MS)).toMatchObject({
      directive: "EXIT",
      commands: [{ runId, attempt, command: "CANCEL" }],
    });
  }));

test("a run that is deleted meanwhile is STALE to the agent that named it; one that it has finished itself is nothing", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(context, gridOf(3));
    const [gone, done] = [await claimOne(context, sweep), await claimOne(context, sweep)];
    const attempts = [gone, done].map(({ runId, attempt }) => ({ runId, attempt }));
    const beat = timed(heartbeat(context, { agentId: sweep.agentId, attempts, waitMs: MAX_WAIT_MS }));
    await untilWaiting(context, 1);
    await finishRun(context, { runId: done.runId, attempt: 1, state: "finished" });
    await pause(300);
    expect(waitingAgents(context.db)).toBe(1);
    await deleteRun(other, { runId: gone.runId });
    expect((await beat).commands).toEqual([{ runId: gone.runId, attempt: 1, command: "STALE" }]);
  }));

test("what is said while a heartbeat is still being taken is heard as soon as it waits", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(1));
    const waiting = awaitNews(db, { sweepId, agentId, attempts: [] });
    await wishAgent(other, { agentId, wish: "stop" });
    // Longer than the rest between two questions, shorter than a poll.
    await pause(500);
    const startedAt = performance.now();
    const news = await waiting.news({ waitMs: 5_000, isNew: () => true, line: undefined });
    waiting.leave();
    expect(news).toMatchObject({ agentId, wish: "stop" });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }));

test("who has hung up before waits not at all", () =>
  withHouse(async ({ db, context }) => {
    const { agentId } = await startSweep(context, gridOf(1));
    const response = await hungUp();
    const line = openLine(response);
    const beat = await timed(heartbeat({ ...context, line }, { agentId, attempts: [], waitMs: MAX_WAIT_MS }));
    expect(beat.ms).toBeLessThan(1_000);
    expect(waitingAgents(db)).toBe(0);
  }));

test("who hangs up waits no more, and a server that is about to stop keeps nobody", () =>
  withHouse(async ({ db, context }) => {
    const { agentId } = await startSweep(context, gridOf(1));
    let hangUp = () => {};
    const line = {
      waitedMs: 0,
      onGone(listener: () => void) {
        hangUp = listener;
        return () => {
          hangUp = () => {};
        };
      },
    };
    const beat = heartbeat({ ...context, line }, { agentId, attempts: [], waitMs: MAX_WAIT_MS });
    await untilWaiting(context, 1);
    hangUp();
    await beat;
    expect(line.waitedMs).toBeGreaterThan(40);
    expect(waitingAgents(db)).toBe(0);

    const last = timed(heartbeat(context, { agentId, attempts: [], waitMs: MAX_WAIT_MS }));
    await untilWaiting(context, 1);
    dismissWaiting(db);
    expect((await last).ms).toBeLessThan(1_000);
    const afterwards = await timed(heartbeat(context, { agentId, attempts: [], waitMs: MAX_WAIT_MS }));
    expect(afterwards.ms).toBeGreaterThan(240);
    expect(afterwards.ms).toBeLessThan(1_000);
  }));

test("200 agents that wait cost one statement each 250 ms while their sweep changes, and one each 2 s at rest", () =>
  withHouse(async ({ context }) => {
    let asked = 0;
    const sql = new Proxy(context.db.sql, {
      apply(target, self, args: [TemplateStringsArray, ...unknown[]]) {
        if (args[0].raw?.[0]?.includes("with gone as")) asked++;
        return Reflect.apply(target as never, self, args);
      },
    });
    const counted: EngineContext = { ...context, db: { ...context.db, sql } };
    const { sweepId } = await startSweep(context, gridOf(1));
    const agents = await Promise.all(
      Array.from({ length: 200 }, (_, i) => registerAgent(context, { sweepId, host: `box-${i}` })),
    );
    const beats = agents.map(({ agentId }) => heartbeat(counted, { agentId, attempts: [], waitMs: 15_000 }));
    await untilWaiting(counted, 200);
    await pause(500);
    asked = 0;
    const connections = await context.db.sql`
      select from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()`;
    expect(connections).toHaveLength(0);
    for (let i = 0; i < 50; i++) {
      emitChange(1, sweepId, null, "run");
      await pause(20);
    }
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThanOrEqual(8);
    dismissWaiting(counted.db);
    await Promise.all(beats);
  }));
