import { beforeAll, describe, expect, test } from "vitest";
import {
  CancelSweep,
  ClaimRun,
  CreateSweep,
  FinishRun,
  Heartbeat,
  LeaveAgent,
  LogMetrics,
  LogOutput,
  PauseSweep,
  RegisterAgent,
  ResumeSweep,
  StopSweep,
  UpdateSweep,
} from "@/graphql/operations";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { claim, createSweep, gridOf, registerAgent, withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const mutate = async (name: string, input: Record<string, unknown>, fields: string) => {
  const upper = name[0]?.toUpperCase() + name.slice(1);
  const data = await ask<
    Record<string, Record<string, unknown> & { error: { code: string; details: unknown } | null }>
  >(
    server,
    `mutation($input: ${upper}Input!) { ${name}(input: $input) { ${fields} clientMutationId error { code message details } } }`,
    { input },
  );
  const payload = data[name];
  if (payload === undefined) throw new Error(`${name} gave no payload`);
  return payload;
};

describe("createSweep", () => {
  test("stores a sweep and says what the parser noticed", async () => {
    const { createSweep } = await ask(server, CreateSweep, {
      input: {
        source: `${gridOf(3)}\nrepaets: 3\n`,
        project: "digits",
        name: "first",
        clientMutationId: "c1",
      },
    });
    expect(createSweep.error).toBeNull();
    expect(createSweep.sweep).toMatchObject({ name: "first", state: "pending", size: "3" });
    expect(createSweep.sweep?.path).toMatch(/^[^/]+\/digits\/[a-z0-9]{8}$/);
    expect(createSweep.sweep?.agentCommand).toBe(`npx besom agent ${createSweep.sweep?.path}`);
    expect(createSweep.sweep?.workerCommand).toMatch(
      new RegExp(`^npx --yes http://\\S+/besom-agent\\.tgz#\\d\\S+ agent ${createSweep.sweep?.path}$`),
    );
    expect(createSweep.sweep?.url).toBe(
      `${server.url}/${createSweep.sweep?.path.replace("digits/", "digits/sweeps/")}`,
    );
  });

  test("gives the first answer again for the same clientMutationId, and refuses another input under it", async () => {
    const input = { source: gridOf(3), clientMutationId: "again" };
    const first = await mutate("createSweep", input, "sweep { id }");
    const second = await mutate("createSweep", input, "sweep { id }");
    expect(second).toEqual(first);
    expect(first.clientMutationId).toBe("again");
    const other = await mutate("createSweep", { ...input, source: gridOf(4) }, "sweep { id }");
    expect(other).toMatchObject({ sweep: null, error: { code: "IDEMPOTENCY_MISMATCH" } });
  });

  test.each([
    ["a file that can't be read", { source: "method: [" }, "CONFIG_INVALID"],
    ["neither source nor json", {}, "BAD_INPUT"],
    ["a project that can't be named so", { source: gridOf(1), project: "a/b" }, "BAD_INPUT"],
    ["an entity that is a path of the server", { source: gridOf(1), entity: "graphql" }, "NAME_RESERVED"],
    ["an unknown entity", { source: gridOf(1), entity: "nobody" }, "NOT_FOUND"],
  ])("refuses %s", async (_what, input, code) => {
    expect(await mutate("createSweep", input, "sweep { id } warnings { code }")).toMatchObject({
      sweep: null,
      warnings: [],
      error: { code },
    });
  });

  test("takes a JSON value too", async () => {
    const json = { method: "grid", parameters: { x: { values: [1, 2] } } };
    expect(await mutate("createSweep", { json }, "sweep { size config }")).toMatchObject({
      sweep: { size: "2" },
    });
  });
});

describe("updateSweep", () => {
  test("gives another file while there are no runs", async () => {
    const sweepId = await createSweep(server, gridOf(2));
    const { updateSweep } = await ask(server, UpdateSweep, { input: { sweepId, source: gridOf(5) } });
    expect(updateSweep).toMatchObject({ error: null, sweep: { id: sweepId, size: "5" } });
  });

  test("refuses a file that its runs don't belong to", async () => {
    const { sweepId } = await withRuns(server, 2);
    const { updateSweep } = await ask(server, UpdateSweep, { input: { sweepId, source: gridOf(1) } });
    expect(updateSweep.sweep).toBeNull();
    expect(updateSweep.error?.code).toBe("ILLEGAL_MOVE");
  });
});

describe("controls", () => {
  test("pause, resume, stop and cancel move a sweep, by id or by path", async () => {
    const sweepId = await createSweep(server);
    const at = async (document: typeof PauseSweep, id = sweepId) =>
      (await ask(server, document, { input: { sweepId: id } })).control;
    expect(await at(PauseSweep)).toMatchObject({ error: null, sweep: { state: "paused" } });
    const { sweep } = await ask<{ sweep: { path: string } }>(server, `{ sweep(id: "${sweepId}") { path } }`);
    expect((await at(ResumeSweep, sweep.path)).sweep?.state).toBe("running");
    expect((await at(StopSweep)).sweep).toMatchObject({ state: "finished", stateReason: "stopped" });
    expect((await at(ResumeSweep)).sweep?.state).toBe("running");
    expect((await at(CancelSweep)).sweep).toMatchObject({ state: "canceled", allowedActions: [] });
    expect((await at(ResumeSweep)).error?.code).toBe("ILLEGAL_MOVE");
  });

  test("an unknown sweep is NOT_FOUND, an id that is none BAD_INPUT", async () => {
    expect((await ask(server, PauseSweep, { input: { sweepId: "aaaaaaaa" } })).control.error?.code).toBe(
      "NOT_FOUND",
    );
    expect((await ask(server, PauseSweep, { input: { sweepId: "what?" } })).control.error?.code).toBe(
      "BAD_INPUT",
    );
  });
});

describe("the life of a run", () => {
  test("register, claim, beat, log, print, finish", async () => {
    const sweepId = await createSweep(server, gridOf(1));
    const { registerAgent } = await ask(server, RegisterAgent, {
      input: { sweepId, host: "h", pid: 7, slots: 2 },
    });
    expect(registerAgent).toMatchObject({
      error: null,
      heartbeatMs: 5000,
      sweep: { id: sweepId, program: "train.py", command: null, project: { name: "test" } },
    });
    const agentId = registerAgent.agent?.id ?? "";
    const { claimRun } = await ask(server, ClaimRun, {
      input: { sweepId, agentId, count: 3, clientMutationId: "k" },
    });
    expect(claimRun).toMatchObject({ directive: "RUN", error: null });
    const [held] = claimRun.claims;
    if (held === undefined) throw new Error("nothing claimed");
    expect(held).toMatchObject({ attempt: 1, resumed: false, params: '{"x":0}' });
    expect(claimRun.claims).toHaveLength(1);
    const repeated = await ask(server, ClaimRun, {
      input: { sweepId, agentId, count: 3, clientMutationId: "k" },
    });
    expect(repeated.claimRun.claims[0]).toMatchObject({ runId: held.runId, apiKey: held.apiKey });

    const { runId, attempt } = held;
    const child = { url: server.url, key: held.apiKey };
    const beat = await ask(server, Heartbeat, { input: { agentId, attempts: [{ runId, attempt }] } });
    expect(beat.heartbeat).toEqual({ commands: [], directive: "CONTINUE", leaseMs: 20000, error: null });
    const batch = {
      attempt,
      batch: 1,
      steps: [0, 1],
      times: [1, 2],
      series: [{ key: "loss", values: [0.5, "NaN"] }],
    };
    expect((await ask(child, LogMetrics, { input: { runId, batch } })).logMetrics.error).toBeNull();
    expect(
      (
        await ask(child, LogOutput, {
          input: { runId, attempt, batch: 1, lines: [{ stream: "stdout", time: 1, text: "hello\n" }] },
        })
      ).logOutput.error,
    ).toBeNull();
    const finish = { runId, attempt, state: "finished" as const, exitCode: 0 };
    expect((await ask(server, FinishRun, { input: finish })).finishRun).toEqual({
      runId,
      state: "finished",
      error: null,
    });

    const { run } = await ask<{ run: Record<string, unknown> }>(
      server,
      `query($id: ID!) { run(id: $id) {
        state objective objectiveStep exitCode ordinal url agent { host pid } attempts { number state }
        summary { name count nonFinite last }
        history(keys: ["loss"]) { keys exact series { key total points { steps times values } buckets { start } } }
        output(first: 5) { nodes { stream text } pageInfo { hasNextPage } }
      } }`,
      { id: runId },
    );
    expect(run).toMatchObject({
      state: "finished",
      objective: 0.5,
      objectiveStep: 0,
      exitCode: 0,
      ordinal: 1,
      agent: { host: "h", pid: 7 },
      attempts: [{ number: 1, state: "finished" }],
      summary: [{ name: "loss", count: 1, nonFinite: 1, last: 0.5 }],
      history: {
        keys: ["loss"],
        exact: true,
        series: [
          {
            key: "loss",
            total: 2,
            points: { steps: [0, 1], times: [1, 2], values: [0.5, "NaN"] },
            buckets: null,
          },
        ],
      },
      output: { nodes: [{ stream: "stdout", text: "hello\n" }], pageInfo: { hasNextPage: false } },
    });
  });

  test("failures of agents' verbs are data", async () => {
    const { sweepId, agentId, claims } = await withRuns(server, 1);
    const [held] = claims;
    if (held === undefined) throw new Error("nothing claimed");
    const { runId } = held;
    const other = await createSweep(server);
    const codes = {
      unknownAgent: (await ask(server, ClaimRun, { input: { sweepId, agentId: "999999" } })).claimRun,
      otherSweep: (await ask(server, ClaimRun, { input: { sweepId: other, agentId } })).claimRun,
      noNumber: (await ask(server, ClaimRun, { input: { sweepId, agentId: "x" } })).claimRun,
      tooMany: (await ask(server, ClaimRun, { input: { sweepId, agentId, count: 100_000 } })).claimRun,
      unknownAttempt: (await ask(server, FinishRun, { input: { runId, attempt: 7, state: "finished" } }))
        .finishRun,
      unknownRun: (
        await ask(server, FinishRun, { input: { runId: "999999", attempt: 1, state: "finished" } })
      ).finishRun,
      foreignBeat: (await ask(server, Heartbeat, { input: { agentId: "999999", attempts: [] } })).heartbeat,
      gap: (
        await ask(server, LogMetrics, {
          input: { runId, batch: { attempt: 1, batch: 9, steps: [], times: [], series: [] } },
        })
      ).logMetrics,
      bad: (await ask(server, LogMetrics, { input: { runId, batch: { attempt: 1 } as never } })).logMetrics,
    };
    expect(Object.fromEntries(Object.entries(codes).map(([name, { error }]) => [name, error?.code]))).toEqual(
      {
        unknownAgent: "AGENT_UNKNOWN",
        otherSweep: "AGENT_UNKNOWN",
        noNumber: "BAD_INPUT",
        tooMany: "BAD_INPUT",
        unknownAttempt: "NOT_FOUND",
        unknownRun: "NOT_FOUND",
        foreignBeat: "AGENT_UNKNOWN",
        gap: "BATCH_OUT_OF_ORDER",
        bad: "BAD_INPUT",
      },
    );
  });

  test("a run's own key speaks for that run and nothing else", async () => {
    const { sweepId, agentId, claims } = await withRuns(server, 2);
    const [mine, other] = claims;
    if (mine === undefined || other === undefined) throw new Error("nothing claimed");
    const child = { url: server.url, key: mine.apiKey };
    const batch = { attempt: 1, batch: 1, steps: [0], times: [0], series: [{ key: "a", values: [1] }] };
    expect(
      (await ask(child, LogMetrics, { input: { runId: mine.runId, batch } })).logMetrics.error,
    ).toBeNull();
    expect(
      (await ask(child, LogMetrics, { input: { runId: other.runId, batch } })).logMetrics.error?.code,
    ).toBe("FORBIDDEN");
    expect((await ask(child, ClaimRun, { input: { sweepId, agentId } })).claimRun.error?.code).toBe(
      "FORBIDDEN",
    );
    expect((await ask(child, PauseSweep, { input: { sweepId } })).control.error?.code).toBe("FORBIDDEN");
    const seen = await ask<Record<string, unknown>>(
      child,
      `query($mine: ID!, $other: ID!, $sweep: ID!) { mine: run(id: $mine) { id } other: run(id: $other) { id } sweep(id: $sweep) { id } viewer { id } }`,
      { mine: mine.runId, other: other.runId, sweep: sweepId },
    );
    expect(seen).toEqual({ mine: { id: mine.runId }, other: null, sweep: null, viewer: null });
  });

  test("an agent that leaves gives back what it holds", async () => {
    const { sweepId, agentId, claims } = await withRuns(server, 1);
    expect((await ask(server, LeaveAgent, { input: { agentId } })).leaveAgent.error).toBeNull();
    const next = await registerAgent(server, sweepId);
    expect(await claim(server, sweepId, next)).toMatchObject([
      { runId: claims[0]?.runId, attempt: 2, resumed: true },
    ]);
  });

  test("stopRun tells the holder, deleteRun takes the run out of the lists", async () => {
    const { sweepId, agentId, claims } = await withRuns(server, 2);
    const [first, second] = claims;
    expect(await mutate("stopRun", { runId: first?.runId }, "run { stopRequested }")).toMatchObject({
      error: null,
      run: { stopRequested: "stop" },
    });
    const { heartbeat } = await ask(server, Heartbeat, {
      input: { agentId, attempts: [{ runId: first?.runId ?? "", attempt: 1 }] },
    });
    expect(heartbeat.commands).toEqual([{ runId: first?.runId, attempt: 1, command: "STOP" }]);
    expect((await mutate("deleteRun", { runId: second?.runId }, "runId run { id }")).error).toBeNull();
    const { sweep } = await ask<{ sweep: { runs: { nodes: { id: string }[]; totalCount: number } } }>(
      server,
      `{ sweep(id: "${sweepId}") { runs { totalCount nodes { id } } } }`,
    );
    const listed = sweep.runs.nodes.map(({ id }) => id);
    expect(listed).toContain(first?.runId);
    expect(listed).not.toContain(second?.runId);
  });

  test("enqueueRun puts a run of the caller's choice into a sweep's queue, as it was written", async () => {
    const sweepId = await createSweep(server, gridOf(2));
    const { run } = await mutate(
      "enqueueRun",
      { sweepId, params: '{"x":7.0}', displayName: "asked" },
      "run { displayName state params sweep { id } }",
    );
    expect(run).toEqual({
      displayName: "asked",
      state: "pending",
      params: '{"x": 7.0}',
      sweep: { id: sweepId },
    });
    const refused = await mutate("enqueueRun", { sweepId, params: "7" }, "run { id }");
    expect(refused).toMatchObject({ run: null, error: { code: "BAD_INPUT" } });
  });

  test("createRun starts a run outside any sweep with a key of its own", async () => {
    const made = await mutate(
      "createRun",
      { project: "loose", name: "by hand", params: '{"lr": 1.0}' },
      "attempt apiKey run { id name params sweep { id } }",
    );
    expect(made).toMatchObject({
      error: null,
      attempt: 1,
      run: { name: "by hand", params: '{"lr": 1.0}', sweep: null },
    });
    const taken = await mutate("createRun", { project: "loose", name: "by hand" }, "attempt");
    expect(taken).toMatchObject({ attempt: null, error: { code: "NAME_TAKEN" } });
  });
});

describe("API keys", () => {
  test("are shown once, work until they are revoked, and are listed without themselves", async () => {
    const made = await mutate("createApiKey", { name: "laptop" }, "key keyId");
    const key = String(made.key);
    expect((await send({ url: server.url, key }, "{ viewer { name } }")).status).toBe(200);
    const { apiKeys } = await ask<{ apiKeys: { id: string; name: string; prefix: string }[] }>(
      server,
      "{ apiKeys { id name prefix } }",
    );
    expect(apiKeys[0]).toEqual({ id: made.keyId, name: "laptop", prefix: key.slice(0, 10) });
    expect((await mutate("revokeApiKey", { keyId: made.keyId }, "keyId")).error).toBeNull();
    expect((await send({ url: server.url, key }, "{ viewer { name } }")).status).toBe(401);
    expect((await mutate("revokeApiKey", { keyId: "424242" }, "keyId")).error?.code).toBe("NOT_FOUND");
  });
});
