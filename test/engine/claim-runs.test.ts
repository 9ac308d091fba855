import { expect, test } from "vitest";
import { authenticate } from "@/engine/authorize";
import { type Claim, claimRuns } from "@/engine/claim-runs";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { registerAgent } from "@/engine/register-agent";
import { claimOne, codeOf, gridOf, readRuns, readSweep, startSweep, withHouse } from "./support/house";

const paramsOf = (claims: readonly Claim[]) => claims.map(({ params }) => params);

test("64 claims at once through two servers give each point of a grid exactly once", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(60));
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        claimRuns(i % 2 ? context : other, { sweepId, agentId, count: 1 }),
      ),
    );
    const claims = answers.flatMap((answer) => answer.claims);
    expect(claims).toHaveLength(60);
    expect(new Set(paramsOf(claims)).size).toBe(60);
    expect(answers.filter(({ directive }) => directive === "WAIT")).toHaveLength(4);
    expect(await heartbeat(context, { agentId, attempts: claims })).toEqual({
      commands: [],
      directive: "CONTINUE",
      leaseMs: 20_000,
    });
    const ends = await Promise.all(
      claims.map(({ runId, attempt }) =>
        finishRun(other, { runId, attempt, state: "finished", exitCode: 0 }),
      ),
    );
    expect(ends.every(({ state }) => state === "finished")).toBe(true);
    expect(await readSweep(db, sweepId)).toEqual({
      state: "finished",
      stateReason: "exhausted",
      runCount: 60,
      cursor: "60",
      exhausted: true,
    });
    expect((await claimRuns(context, { sweepId, agentId, count: 1 })).directive).toBe("EXIT");
  }));

test("claims of several runs each share a grid without overlap, and the last gets what is left", () =>
  withHouse(async ({ context, other }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(100, { repeats: 3 }));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        claimRuns(i % 2 ? context : other, { sweepId, agentId, count: 17 }),
      ),
    );
    const claims = answers.flatMap((answer) => answer.claims);
    expect(claims).toHaveLength(300);
    const times = new Map<string, number>();
    for (const params of paramsOf(claims)) times.set(params, (times.get(params) ?? 0) + 1);
    expect([...times.values()]).toEqual(new Array(100).fill(3));
  }));

test("the same request sent many times at once, to two servers, has one effect and one answer", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId, agentId } = await startSweep(context, gridOf(50));
    const input = { sweepId, agentId, count: 2, clientMutationId: "claim-1" };
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) => claimRuns(i % 2 ? context : other, input)),
    );
    expect(await readRuns(db)).toHaveLength(2);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    // and an hour later, from a third server that remembers nothing
    expect(await claimRuns(other, input)).toEqual(answers[0]);
    expect(await readSweep(db, sweepId)).toMatchObject({ runCount: 2, cursor: "2" });
  }));

test("another input under a used clientMutationId is refused, and the ids of two callers don't meet", () =>
  withHouse(async ({ context, other, db }) => {
    const sweep = await startSweep(context, gridOf(9));
    await claimRuns(context, { ...sweep, count: 1, clientMutationId: "m" });
    expect(await codeOf(claimRuns(other, { ...sweep, count: 2, clientMutationId: "m" }))).toBe(
      "IDEMPOTENCY_MISMATCH",
    );
    const both = await Promise.allSettled([
      claimRuns(context, { ...sweep, count: 1, clientMutationId: "n" }),
      claimRuns(context, { ...sweep, count: 2, clientMutationId: "n" }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    const { createApiKey } = await import("@/engine/api-keys");
    const { key } = await createApiKey(context, { name: "second" });
    if (key === null) throw new Error("no key");
    const second = { ...context, access: await authenticate(db, key), secret: key };
    const { claims } = await claimRuns(second, { ...sweep, count: 1, clientMutationId: "m" });
    expect(claims).toHaveLength(1);
    expect(await readRuns(db)).toHaveLength(3);
  }));

test("no secret is stored: run keys are derived again for a repeated claim, and only their hashes are kept", () =>
  withHouse(async ({ db, context, key }) => {
    const sweep = await startSweep(context, gridOf(5));
    const input = { ...sweep, count: 3, clientMutationId: "c" };
    const first = await claimRuns(context, input);
    expect((await claimRuns(context, input)).claims.map(({ apiKey }) => apiKey)).toEqual(
      first.claims.map(({ apiKey }) => apiKey),
    );
    const [dump] = await db.sql<{ text: string }[]>`
      select concat((select jsonb_agg(t) from idempotency_answers t), (select jsonb_agg(t) from attempts t),
        (select jsonb_agg(t) from runs t), (select jsonb_agg(t) from api_keys t)) as text`;
    expect(dump?.text).toContain("claimRuns");
    expect(dump?.text).not.toContain(key);
    for (const { apiKey } of first.claims) expect(dump?.text).not.toContain(apiKey);
  }));

test("run_cap counts runs and holds when many claim at once", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId, agentId } = await startSweep(context, {
      method: "random",
      program: "train.py",
      run_cap: 25,
      seed: 7,
      quarantine_after: false,
      parameters: { lr: { min: 0.001, max: 0.1 } },
    });
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        claimRuns(i % 2 ? context : other, { sweepId, agentId, count: 1 }),
      ),
    );
    const claims = answers.flatMap((answer) => answer.claims);
    expect(claims).toHaveLength(25);
    expect(new Set(paramsOf(claims)).size).toBe(25);
    for (const { runId, attempt } of claims)
      await finishRun(context, { runId, attempt, state: "failed", exitCode: 1 });
    expect(await readSweep(db, sweepId)).toMatchObject({
      state: "finished",
      stateReason: "run_cap",
      runCount: 25,
    });
  }));

test("a random sweep draws the same configurations for the same seed, whoever asks", () =>
  withHouse(async ({ context, other }) => {
    const json = {
      method: "random",
      program: "t.py",
      seed: 11,
      parameters: { lr: { min: 0.25, max: 0.75 }, n: { values: [1, 2.0] } },
    };
    const [a, b] = [await startSweep(context, json), await startSweep(context, json)];
    const [x, y] = await Promise.all([
      claimRuns(context, { ...a, count: 20 }),
      claimRuns(other, { ...b, count: 20 }),
    ]);
    expect(paramsOf(x.claims)).toEqual(paramsOf(y.claims));
  }));

test("points that have a run already are left out, without losing or repeating another", () =>
  withHouse(async ({ db, context, other }) => {
    const sweep = await startSweep(context, gridOf(40));
    const { claims: early } = await claimRuns(context, { ...sweep, count: 25 });
    // As an edit of the sweep does: the hand-out starts over while runs exist.
    await db.sql`update sweeps set cursor = 0, run_count = 0 where id = ${sweep.sweepId}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => claimRuns(i % 2 ? context : other, { ...sweep, count: 1 })),
    );
    const late = answers.flatMap(({ claims }) => claims);
    expect(late).toHaveLength(15);
    expect(new Set(paramsOf([...early, ...late])).size).toBe(40);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({ cursor: "40", exhausted: true });
  }));

test("a grid of more points than 2^64 hands out its last ones and ends", () =>
  withHouse(async ({ db, context }) => {
    const values = Array.from({ length: 1_000 }, (_, i) => i);
    const parameters = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`p${i}`, { values }]));
    const sweep = await startSweep(context, { method: "grid", program: "t.py", parameters });
    await db.sql`update sweeps set cursor = ${"999999999999999999999998"}::numeric where id = ${sweep.sweepId}`;
    const { claims } = await claimRuns(context, { ...sweep, count: 5 });
    expect(claims.map(({ params }) => JSON.parse(params).p7)).toEqual([998, 999]);
    expect(await readSweep(db, sweep.sweepId)).toMatchObject({
      cursor: "1000000000000000000000000",
      exhausted: true,
    });
  }));

test("a requeued run goes out before anything new, with its parameters in the order they had", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, {
      method: "grid",
      program: "t.py",
      parameters: { bb: { values: [1, 2] }, a: { value: 1.0 }, c: { value: { zebra: 1, ant: [1, 2.5] } } },
    });
    const first = await claimOne(context, sweep);
    await finishRun(context, { ...first, state: "preempted" });
    const again = await claimOne(context, sweep);
    expect(again).toMatchObject({
      runId: first.runId,
      name: first.name,
      attempt: 2,
      resumed: true,
      params: first.params,
    });
    expect(again.apiKey).not.toBe(first.apiKey);
    expect((await claimOne(context, sweep)).runId).not.toBe(first.runId);
  }));

test("what a claim is told when there is no run: wait, paused, exit", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(2));
    await controlSweep(context, { ...sweep, action: "pause" });
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({
      directive: "PAUSED",
      claims: [],
    });
    await controlSweep(context, { ...sweep, action: "resume" });
    await claimRuns(context, { ...sweep, count: 9 });
    const waiting = await claimRuns(context, { ...sweep, count: 1 });
    expect(waiting).toMatchObject({ directive: "WAIT", claims: [] });
    expect(waiting.retryAfterMs).toBeGreaterThan(0);
    await controlSweep(context, { ...sweep, action: "stop" });
    expect(await claimRuns(context, { ...sweep, count: 1 })).toMatchObject({ directive: "EXIT", claims: [] });
  }));

test("a claim that got nothing is not remembered: the same id gets a run once there is one", () =>
  withHouse(async ({ context }) => {
    const sweep = await startSweep(context, gridOf(1));
    const input = { ...sweep, count: 1, clientMutationId: "poll" };
    const held = await claimOne(context, sweep);
    expect(await claimRuns(context, input)).toMatchObject({ directive: "WAIT" });
    await finishRun(context, { ...held, state: "preempted" });
    expect(await claimRuns(context, input)).toMatchObject({ directive: "RUN" });
  }));

test("claims are refused with a code that says why", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(3));
    const stranger = await startSweep(context, gridOf(3));
    const claim = await claimOne(context, sweep);
    const runKey = { ...context, access: await authenticate(db, claim.apiKey), secret: claim.apiKey };
    const session = { ...context, secret: undefined };
    const code = (input: object, as = context) => codeOf(claimRuns(as, { ...sweep, count: 1, ...input }));
    expect(await code({ count: 0 })).toBe("BAD_INPUT");
    expect(await code({ count: 1_001 })).toBe("BAD_INPUT");
    expect(await code({ count: 1.5 })).toBe("BAD_INPUT");
    expect(await code({ sweepId: "../../etc" })).toBe("BAD_INPUT");
    expect(await code({ clientMutationId: "x".repeat(201) })).toBe("BAD_INPUT");
    expect(await code({ agentId: 9_999 })).toBe("AGENT_UNKNOWN");
    expect(await code({ agentId: stranger.agentId })).toBe("AGENT_UNKNOWN");
    expect(await code({}, runKey)).toBe("FORBIDDEN");
    expect(await code({}, session)).toBe("UNAUTHENTICATED");
    await controlSweep(context, { ...sweep, action: "cancel" });
    expect(await codeOf(registerAgent(context, { ...sweep, host: "late" }))).toBe("SWEEP_NOT_RUNNING");
  }));
