import { expect, test } from "vitest";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { leaveAgent } from "@/engine/leave-agent";
import { registerAgent } from "@/engine/register-agent";
import { updateSweep } from "@/engine/update-sweep";
import { claimOne, gridOf, readRuns, readSweep, startSweep, withHouse } from "./support/house";

/*
 * A server that alone hands out a sweep answers claims in one statement from what it remembers of the sweep's row. These
 * tests change the row behind its back, after it has had the three groups that make it sure of being alone.
 */
async function warmUp(context: EngineContext, sweep: { sweepId: string; agentId: number }): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (let i = 0; i < 4; i++) claims.push(await claimOne(context, sweep));
  return claims;
}

test("one server alone hands out a whole grid, each point once, with a lease by the database's clock", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(200));
    const answers = await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i % 40));
        return claimRuns(context, { ...sweep, count: 1 + (i % 3) });
      }),
    );
    const claims = answers.flatMap((answer) => answer.claims);
    expect(claims).toHaveLength(200);
    expect(new Set(claims.map(({ params }) => params)).size).toBe(200);
    expect(new Set(claims.map(({ displayName }) => displayName)).size).toBe(200);
    const rows = await db.sql<{ id: number; at: Date }[]>`
      select run_id as id, lease_expires_at as at from attempts where lease_expires_at > now() + interval '5 seconds'`;
    const leases = new Map(rows.map(({ id, at }) => [id, at.getTime()]));
    for (const { runId, leaseExpiresAt } of claims) expect(leases.get(runId)).toBe(leaseExpiresAt.getTime());
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      runCount: 200,
      cursor: "200",
      exhausted: true,
    });
  }));

test("it notices that another server has handed out runs", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(40));
    const claims = await warmUp(context, sweep);
    claims.push(await claimOne(other, sweep), await claimOne(context, sweep));
    for (let i = 0; i < 20; i++) {
      claims.push(
        ...(await Promise.all([claimOne(context, sweep), claimOne(i < 10 ? other : context, sweep)])),
      );
      if (claims.length >= 39) break;
    }
    expect(new Set(claims.map(({ params }) => params)).size).toBe(claims.length);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      runCount: claims.length,
      cursor: String(claims.length),
    });
  }));

test("it notices a run that came back to the queue, a pause, another name and an agent that left", () =>
  withHouse(async ({ context, other }) => {
    const sweep = await startSweep(context, gridOf(100));
    const [first] = await warmUp(context, sweep);
    if (first === undefined) throw new Error("nothing claimed");
    await finishRun(other, { ...first, state: "preempted" });
    expect(await claimOne(context, sweep)).toMatchObject({ runId: first.runId, attempt: 2 });
    await warmUp(context, sweep);
    await controlSweep(other, { ...sweep, action: "pause" });
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "PAUSED" });
    await controlSweep(other, { ...sweep, action: "resume" });
    await warmUp(context, sweep);
    await updateSweep(other, { ...sweep, name: "renamed" });
    expect((await claimOne(context, sweep)).displayName).toMatch(/^renamed-/);
    const { agentId } = await registerAgent(context, { sweepId: sweep.sweepId, host: "second" });
    await warmUp(context, { ...sweep, agentId });
    await leaveAgent(other, { agentId });
    expect(await claimRuns(context, { ...sweep, agentId, count: 1 })).toMatchObject({ directive: "EXIT" });
  }));

test("a request repeated on the short way has one effect and one answer", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(100));
    await warmUp(context, sweep);
    const input = { ...sweep, count: 2, clientMutationId: "again" };
    const first = await claimRuns(context, input);
    expect(first.claims).toHaveLength(2);
    expect(await claimRuns(context, input)).toEqual(first);
    expect(await Promise.all([claimRuns(other, input), claimRuns(context, input)])).toEqual([first, first]);
    await expect(claimRuns(context, { ...input, count: 3 })).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
    });
    expect(await readRuns(db)).toHaveLength(6);
  }));

test("run_cap and the last point are reached exactly", () =>
  withHouse(async ({ db, context }) => {
    const capped = await startSweep(context, gridOf(100, { run_cap: 7 }));
    const small = await startSweep(context, gridOf(7));
    for (const sweep of [capped, small]) {
      let handedOut = 0;
      for (let i = 0; i < 10; i++)
        handedOut += (await claimRuns(context, { ...sweep, count: 1 })).claims.length;
      expect(handedOut).toBe(7);
      expect(await readSweep(db, sweep.sweepId)).toMatchObject({ runCount: 7, cursor: "7", exhausted: true });
    }
  }));
