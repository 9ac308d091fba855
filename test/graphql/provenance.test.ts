import { beforeAll, expect, test } from "vitest";
import {
  ClaimRun,
  DescribeAttempt,
  DrainAgent,
  FinishRun,
  Heartbeat,
  LogSystem,
  RegisterAgent,
  ResetMachine,
  WarnRun,
} from "@/graphql/operations";
import { addPerson } from "../support/people";
import { ask, sharedServer, type TestServer } from "../support/server";
import { createSweep, gridOf } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const RUN = `query($id: ID!) { run(id: $id) {
  system(samples: 2) { key times values max } warnings { code message attempt }
  attempts { number slot device facts diff }
} }`;

test("what is known of a run beside its metrics is there for whoever may see it, its own key included", async () => {
  const sweepId = await createSweep(server, `${gridOf(4)}log_pattern: '(?P<loss>[0-9.]+)'\n`);
  const input = { sweepId, host: "node1", slots: 2, gpus: ["0: A100", "1: A100"], cwd: "/work" };
  const { registerAgent } = await ask(server, RegisterAgent, { input });
  expect(registerAgent.sweep?.logPattern).toEqual(["(?P<loss>[0-9.]+)"]);
  const agentId = registerAgent.agent?.id ?? "";
  const { claimRun } = await ask(server, ClaimRun, { input: { sweepId, agentId } });
  expect(claimRun.quarantined).toBe(false);
  const [claim] = claimRun.claims;
  if (claim === undefined) throw new Error("no claim");
  const { runId, attempt } = claim;
  await ask(server, Heartbeat, {
    input: {
      agentId,
      attempts: [{ runId, attempt }],
      started: [{ runId, attempt, pid: 7, command: ["python"], slot: 1, device: "1" }],
    },
  });
  const own = { url: server.url, key: claim.apiKey };
  const facts = { argv: ["python", "train.py"], git: { dirty: true } };
  await ask(own, DescribeAttempt, { input: { runId, attempt, facts, diff: "+x" } });
  const samples = [1, 2, 3, 4].map((timeMs) => ({ timeMs: timeMs * 1_000, values: { cpu: timeMs * 10 } }));
  await ask(own, LogSystem, { input: { runId, attempt, samples } });
  await ask(own, WarnRun, {
    input: { runId, attempt, warnings: [{ code: "OUTPUT_CUT", message: "it printed much" }] },
  });
  const seen = {
    run: {
      system: [{ key: "cpu", times: [1_500, 3_500], values: [15, 35], max: [20, 40] }],
      warnings: [{ code: "OUTPUT_CUT", message: "it printed much", attempt: 1 }],
      attempts: [{ number: 1, slot: 1, device: "1", facts, diff: "+x" }],
    },
  };
  expect(await ask(server, RUN, { id: runId })).toEqual(seen);
  expect(await ask(own, RUN, { id: runId })).toEqual(seen);
  const diffs = `query($id: ID!) { run(id: $id) { first: attempts(number: 1) { diff } second: attempts(number: 2) { diff } } }`;
  expect(await ask(own, diffs, { id: runId })).toEqual({ run: { first: [{ diff: "+x" }], second: [] } });
  const alien = await addPerson(server, "alien");
  expect(await ask({ url: server.url, key: alien.key }, RUN, { id: runId })).toEqual({ run: null });

  await ask(server, DrainAgent, { input: { agentId } });
  const agent = await ask(
    server,
    `query($id: ID!) { agent(id: $id) { gpus cwd wish quarantined slotsInUse { slot device run { id } } } }`,
    { id: agentId },
  );
  const slotsInUse = [{ slot: 1, device: "1", run: { id: runId } }];
  expect(agent).toEqual({
    agent: { gpus: input.gpus, cwd: "/work", wish: "DRAIN", quarantined: false, slotsInUse },
  });
});

test("a machine in quarantine is told to its agents, shown with its sweep, and lifted", async () => {
  const sweepId = await createSweep(server, `${gridOf(9)}quarantine_after: 2\n`);
  const { registerAgent } = await ask(server, RegisterAgent, { input: { sweepId, host: "broken" } });
  const agentId = registerAgent.agent?.id ?? "";
  const claim = async () => (await ask(server, ClaimRun, { input: { sweepId, agentId } })).claimRun;
  const machines = () =>
    ask(
      server,
      `query($id: ID!) { sweep(id: $id) { machines { host failuresInARow quarantinedAt reason } agents { quarantined } } }`,
      { id: sweepId },
    );
  for (let i = 1; i <= 2; i++) {
    const [run] = (await claim()).claims;
    const input = { runId: run?.runId ?? "", attempt: 1, state: "failed" as const, exitCode: 1 };
    const { finishRun } = await ask(server, FinishRun, { input });
    expect(finishRun).toMatchObject({ state: i === 2 ? "pending" : "failed", error: null });
    expect(await machines()).toMatchObject({
      sweep: { machines: [{ host: "broken", failuresInARow: i }], agents: [{ quarantined: i === 2 }] },
    });
  }
  expect(await claim()).toMatchObject({
    directive: "EXIT",
    quarantined: true,
    claims: [],
    reason: expect.stringContaining("--reset"),
  });
  const { resetMachine } = await ask(server, ResetMachine, { input: { sweepId, host: "broken" } });
  expect(resetMachine).toEqual({ lifted: true, error: null });
  expect(await machines()).toMatchObject({ sweep: { machines: [], agents: [{ quarantined: false }] } });
  expect(await claim()).toMatchObject({ directive: "RUN", claims: [{ attempt: 2 }] });
});
