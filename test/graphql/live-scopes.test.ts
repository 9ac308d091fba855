import { describe, expect, test } from "vitest";
import { CreateRun, FinishRun, Heartbeat, LeaveAgent, LogOutput } from "@/graphql/operations";
import { ask, openSocket, send, sharedServer, subscribe, type TestServer } from "../support/server";
import { claim, createSweep, gridOf, registerAgent, withRuns } from "../support/sweeps";

const started = sharedServer();

interface ProjectChanged {
  projectChanged: {
    cursor: string;
    reset: boolean;
    project: { name: string };
    sweeps: { id: string; counts: { running: number } }[];
    runs: { id: string; state: string }[];
    removed: string[];
  };
}
const PROJECT = `subscription($id: ID!, $cursor: String) { projectChanged(projectId: $id, cursor: $cursor) {
  cursor reset project { name } sweeps { id counts { running } } runs { id state } removed } }`;

interface AgentsChanged {
  agentsChanged: { agents: { id: string; state: string; lastHeartbeatAt: string; runsDone: number }[] };
}
const AGENTS = `subscription($id: ID!) { agentsChanged(sweepId: $id) {
  agents { id state lastHeartbeatAt runsDone } } }`;

interface RunChanged {
  runChanged: { id: string; state: string; stopRequested: string | null };
}
const RUN = "subscription($id: ID!) { runChanged(runId: $id) { id state stopRequested } }";

interface OutputLogged {
  outputLogged: {
    cursor: string;
    reset: boolean;
    pieces: { attempt: number; stream: string; text: string }[];
  };
}
const OUTPUT = `subscription($id: ID!, $attempt: Int, $cursor: String) {
  outputLogged(runId: $id, attempt: $attempt, cursor: $cursor) { cursor reset pieces { attempt stream text } } }`;

async function projectId(server: TestServer, name: string): Promise<string> {
  const { project } = await ask<{ project: { id: string } }>(
    server,
    `{ project(name: ${JSON.stringify(name)}) { id } }`,
  );
  return project.id;
}

async function createRun(server: TestServer, project: string): Promise<string> {
  const { createRun } = await ask(server, CreateRun, { input: { project } });
  return createRun.run?.id ?? "";
}

const print = async (server: { url: string; key: string }, runId: string, batch: number, text: string) => {
  const input = { runId, attempt: 1, batch, lines: [{ stream: "stdout", time: 1, text }] };
  const { logOutput } = await ask(server, LogOutput, { input } as never);
  expect(logOutput.error).toBeNull();
};

describe("projectChanged", () => {
  test("brings the project at once, then its sweeps with their numbers and its runs outside sweeps", async () => {
    const server = started();
    const first = await createSweep(server, gridOf(3), "watched");
    const id = await projectId(server, "watched");
    const client = openSocket(server);
    const project = subscribe<ProjectChanged>(client, PROJECT, { id });
    expect((await project.next()).projectChanged).toMatchObject({
      reset: false,
      project: { name: "watched" },
      sweeps: [],
      runs: [],
    });
    const second = await createSweep(server, gridOf(3), "watched");
    await project.until(({ projectChanged }) => projectChanged.sweeps.some((sweep) => sweep.id === second));
    await claim(server, first, await registerAgent(server, first), 2);
    await project.until(({ projectChanged }) =>
      projectChanged.sweeps.some((sweep) => sweep.id === first && sweep.counts.running === 2),
    );
    const runId = await createRun(server, "watched");
    await project.until(({ projectChanged }) => projectChanged.runs.some((run) => run.id === runId));
    await ask(server, `mutation { deleteRun(input: {runId: "${runId}"}) { error { code } } }`);
    await project.until(({ projectChanged }) => projectChanged.removed.includes(runId));
    await client.dispose();
  });

  test("a cursor brings what was missed in between, of this project alone", async () => {
    const server = started();
    await createSweep(server, gridOf(1), "missed");
    await createSweep(server, gridOf(1), "other");
    const id = await projectId(server, "missed");
    const client = openSocket(server);
    const before = subscribe<ProjectChanged>(client, PROJECT, { id });
    const { cursor } = (await before.next()).projectChanged;
    before.end();
    const sweepId = await createSweep(server, gridOf(1), "missed");
    await createSweep(server, gridOf(1), "other");
    const runId = await createRun(server, "missed");
    await createRun(server, "other");
    const after = subscribe<ProjectChanged>(client, PROJECT, { id, cursor });
    const { sweeps, runs } = (await after.next()).projectChanged;
    expect({ sweeps: sweeps.map((sweep) => sweep.id), runs: runs.map((run) => run.id) }).toEqual({
      sweeps: [sweepId],
      runs: [runId],
    });
    await client.dispose();
  });
});

describe("agentsChanged", () => {
  test("brings all agents at once, then those that come, are heard of, end a run and leave", async () => {
    const server = started();
    const sweepId = await createSweep(server);
    const here = await registerAgent(server, sweepId);
    const client = openSocket(server);
    const agents = subscribe<AgentsChanged>(client, AGENTS, { id: sweepId });
    const all = (await agents.next()).agentsChanged.agents;
    expect(all.map(({ id, state }) => ({ id, state }))).toEqual([{ id: here, state: "alive" }]);

    const later = await registerAgent(server, sweepId);
    const of = (
      id: string,
      condition: (agent: AgentsChanged["agentsChanged"]["agents"][number]) => boolean,
    ) =>
      agents.until(({ agentsChanged }) =>
        agentsChanged.agents.some((agent) => agent.id === id && condition(agent)),
      );
    await of(later, ({ state }) => state === "alive");
    // A heartbeat stamps no change: the poll finds it.
    await ask(server, Heartbeat, { input: { agentId: here, attempts: [] } });
    await of(here, ({ lastHeartbeatAt }) => lastHeartbeatAt > (all[0]?.lastHeartbeatAt ?? ""));
    const [held] = await claim(server, sweepId, here, 1);
    await ask(server, FinishRun, { input: { runId: held?.runId ?? "", attempt: 1, state: "finished" } });
    await of(here, ({ runsDone }) => runsDone === 1);
    await ask(server, LeaveAgent, { input: { agentId: later } });
    await of(later, ({ state }) => state === "exited");
    await client.dispose();
  });
});

describe("runChanged", () => {
  test("follows a run outside a sweep, and one in a sweep that is claimed with others", async () => {
    const server = started();
    const loose = await createRun(server, "runs");
    const { sweepId, claims } = await withRuns(server, 1);
    const held = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const a = subscribe<RunChanged>(client, RUN, { id: loose });
    const b = subscribe<RunChanged>(client, RUN, { id: held });
    expect((await a.next()).runChanged).toMatchObject({ id: loose, state: "running" });
    expect((await b.next()).runChanged).toMatchObject({ id: held, state: "running" });
    await ask(server, FinishRun, { input: { runId: loose, attempt: 1, state: "failed", exitCode: 3 } });
    await a.until(({ runChanged }) => runChanged.state === "failed");
    // Told of the sweep alone, since it happens to all of its runs.
    await ask(server, `mutation { cancelSweep(input: {sweepId: "${sweepId}"}) { error { code } } }`);
    await b.until(({ runChanged }) => runChanged.stopRequested === "cancel");
    await client.dispose();
  });

  test("a run's own key follows its run, sees nothing around it, and no other run", async () => {
    const server = started();
    const { claims } = await withRuns(server, 2);
    const [own, other] = claims;
    if (own === undefined || other === undefined) throw new Error("two runs expected");
    const client = openSocket({ url: server.url, key: own.apiKey });
    const run = subscribe<{ runChanged: { id: string; project: unknown; sweep: unknown } }>(
      client,
      "subscription($id: ID!) { runChanged(runId: $id) { id project { id } sweep { id } } }",
      { id: own.runId },
    );
    expect((await run.next()).runChanged).toEqual({ id: own.runId, project: null, sweep: null });
    await expect(subscribe(client, RUN, { id: other.runId }).next()).rejects.toThrow("FORBIDDEN");
    await client.dispose();
  });
});

describe("outputLogged", () => {
  test("brings lines as they come, and with a cursor those that were missed, each once", async () => {
    const server = started();
    const { claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    await print(server, runId, 1, "before\n");
    const client = openSocket(server);
    const output = subscribe<OutputLogged>(client, OUTPUT, { id: runId });
    const first = (await output.next()).outputLogged;
    expect(first).toMatchObject({ reset: false, pieces: [] });
    await print(server, runId, 2, "one\n");
    const { cursor, pieces } = (await output.next()).outputLogged;
    expect(pieces).toEqual([{ attempt: 1, stream: "stdout", text: "one\n" }]);
    output.end();
    for (let batch = 3; batch <= 6; batch++) await print(server, runId, batch, `${batch}\n`);
    const again = subscribe<OutputLogged>(client, OUTPUT, { id: runId, attempt: 1, cursor });
    let text = "";
    await again.until(({ outputLogged }) => {
      for (const piece of outputLogged.pieces) text += piece.text;
      return text.includes("6");
    });
    expect(text).toBe("3\n4\n5\n6\n");
    await client.dispose();
  });

  test("goes on with the next attempt, unless one was named", async () => {
    const server = started();
    const source = `${gridOf(1)}\nretries: 1\n`;
    const { sweepId, agentId, claims } = await withRuns(server, 1, source);
    const runId = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const follows = subscribe<OutputLogged>(client, OUTPUT, { id: runId });
    const firstOnly = subscribe<OutputLogged>(client, OUTPUT, { id: runId, attempt: 1 });
    await Promise.all([follows.next(), firstOnly.next()]);
    await print(server, runId, 1, "first\n");
    await ask(server, FinishRun, { input: { runId, attempt: 1, state: "crashed" } } as never);
    await claim(server, sweepId, agentId, 1);
    const input = { runId, attempt: 2, batch: 1, lines: [{ stream: "stderr", time: 1, text: "second\n" }] };
    await ask(server, LogOutput, { input } as never);
    const seen: string[] = [];
    await follows.until(({ outputLogged }) => {
      for (const { attempt, text } of outputLogged.pieces) seen.push(`${attempt} ${text}`);
      return seen.length === 2;
    });
    expect(seen).toEqual(["1 first\n", "2 second\n"]);
    expect((await firstOnly.next()).outputLogged.pieces).toMatchObject([{ attempt: 1 }]);
    const late = { runId, attempt: 1, batch: 2, lines: [{ stream: "stdout", time: 1, text: "late\n" }] };
    await ask(server, LogOutput, { input: late } as never);
    expect((await firstOnly.next()).outputLogged.pieces).toMatchObject([{ attempt: 1, text: "late\n" }]);
    await client.dispose();
  });

  test("more than is worth sending is a reset, after which lines come again", async () => {
    const server = started();
    const { claims } = await withRuns(server, 1);
    const runId = claims[0]?.runId ?? "";
    const client = openSocket(server);
    const before = subscribe<OutputLogged>(client, OUTPUT, { id: runId });
    const { cursor } = (await before.next()).outputLogged;
    before.end();
    const line = `${"x".repeat(999)}\n`;
    await print(server, runId, 1, line.repeat(1_200));
    const after = subscribe<OutputLogged>(client, OUTPUT, { id: runId, cursor });
    expect((await after.next()).outputLogged).toMatchObject({ reset: true, pieces: [] });
    await print(server, runId, 2, "small\n");
    expect((await after.next()).outputLogged.pieces).toMatchObject([{ text: "small\n" }]);
    await client.dispose();
  });

  test("the cursor of another subscription, and none at all, are refused", async () => {
    const server = started();
    const { claims } = await withRuns(server, 1);
    const id = claims[0]?.runId ?? "";
    const client = openSocket(server);
    for (const cursor of ["yesterday", "10:20:12"])
      await expect(subscribe(client, OUTPUT, { id, cursor }).next()).rejects.toThrow("BAD_INPUT");
    await client.dispose();
  });
});

test("a cursor of before a backup was restored brings all runs, or says that everything is to be read again", async () => {
  const server = started();
  const { sweepId, claims } = await withRuns(server, 2);
  const runId = claims[0]?.runId ?? "";
  const client = openSocket(server);
  const [project] = await server.db.sql<
    { id: number }[]
  >`select project_id as id from sweeps where id = ${sweepId}`;
  const cursor = "4000000000:4000000000:";
  const first = (root: string) =>
    subscribe<{ change: { cursor: string; reset?: boolean; runs?: { id: string }[] } }>(
      client,
      `subscription { change: ${root} }`,
    );
  const runs = first(`runsChanged(sweepId: "${sweepId}", cursor: "${cursor}") { cursor runs { id } }`);
  const all = (await runs.next()).change.runs?.map(({ id }) => id);
  expect(all?.toSorted()).toEqual(claims.map((one) => one.runId).toSorted());
  for (const root of [
    `projectChanged(projectId: "${project?.id}", cursor: "${cursor}")`,
    `metricsLogged(scope: {sweepId: "${sweepId}"}, cursor: "${cursor}")`,
    `outputLogged(runId: "${runId}", cursor: "${cursor}")`,
  ])
    expect((await first(`${root} { cursor reset }`).next()).change.reset).toBe(true);
  await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished" } } as never);
  await runs.until(({ change }) => change.runs?.some(({ id }) => id === runId) ?? false);
  await client.dispose();
});

test("what no signal told of is found within a second or so, whatever is looked at", async () => {
  const server = started();
  const { sweepId, agentId, claims } = await withRuns(server, 1);
  const runId = claims[0]?.runId ?? "";
  const { sql } = server.db;
  const [{ id } = { id: "" }] = await sql<
    { id: string }[]
  >`select project_id::text as id from sweeps where id = ${sweepId}`;
  const client = openSocket(server);
  const looks = {
    project: subscribe<ProjectChanged>(client, PROJECT, { id }),
    agents: subscribe<AgentsChanged>(client, AGENTS, { id: sweepId }),
    run: subscribe<RunChanged>(client, RUN, { id: runId }),
    output: subscribe<OutputLogged>(client, OUTPUT, { id: runId }),
    sweep: subscribe(client, "subscription($id: ID!) { sweepChanged(sweepId: $id) { id } }", { id: sweepId }),
  };
  for (const look of Object.values(looks)) await look.next();
  const next = Object.values(looks).map((look) => look.next());
  // As another server would write it whose signals are lost.
  await sql.begin(async (tx) => {
    await tx`update runs set display_name = 'changed', changed_xid = pg_current_xact_id() where id = ${runId}`;
    await tx`update agents set state = 'lost', changed_xid = pg_current_xact_id() where id = ${agentId}`;
    await tx`insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
      values (${runId}, 1, 1, 0, 'stdout', now(), 'quiet')`;
    await tx`update attempts set last_output_batch = 1, changed_xid = pg_current_xact_id() where run_id = ${runId}`;
  });
  await Promise.all(next);
  await client.dispose();
});

test("the end of a subscription frees what was read for it", async () => {
  const server = started();
  const { sweepId, claims } = await withRuns(server, 1);
  const runId = claims[0]?.runId ?? "";
  const id = await projectId(server, "test");
  const gauges = async () => {
    const response = await fetch(`${server.url}/metrics`, {
      headers: { authorization: `Bearer ${server.key}` },
    });
    const text = await response.text();
    return ["besom_live_feeds", "besom_live_subscribers"].map((name) =>
      Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]),
    );
  };
  expect(await gauges()).toEqual([0, 0]);
  const client = openSocket(server);
  const looks = [
    subscribe(client, PROJECT, { id }),
    subscribe(client, AGENTS, { id: sweepId }),
    subscribe(client, RUN, { id: runId }),
    subscribe(client, OUTPUT, { id: runId }),
    subscribe(client, OUTPUT, { id: runId }),
  ];
  for (const look of looks) await look.next();
  expect(await gauges()).toEqual([4, 5]);
  for (const look of looks) look.end();
  while ((await gauges()).some((count) => count > 0)) await send(server, "{ viewer { name } }");
  await client.dispose();
});
