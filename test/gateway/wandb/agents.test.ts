import { beforeAll, expect, test } from "vitest";
import { sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, historyLines, stream, wire, wired } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
let entity: string;
beforeAll(async () => {
  server = started();
  entity = (await wired(server, "{ viewer { entity } }")).viewer.entity;
});

let made = 0;
/** A grid of so many points. */
async function makeSweep(points = 3, more = ""): Promise<string> {
  const config = `# ${made++}\nmethod: grid\nprogram: train.py\nmetric: {name: loss, goal: minimize}\n${more}parameters:\n  lr: {values: [${Array.from({ length: points }, (_, i) => `${i + 1}.0`).join(", ")}]}\n`;
  const data = await wired(server, DOCUMENTS.upsertSweep, { config, projectName: "agents" });
  return data.upsertSweep.sweep.name;
}

interface Command {
  type: string;
  run_id: string;
  args: Record<string, { value: unknown }>;
}

async function makeAgent(sweep: string, { command = true }: { command?: boolean } = {}) {
  const data = await wired(server, DOCUMENTS.createAgent, {
    host: "gpu1",
    projectName: "agents",
    entityName: entity,
    sweep,
  });
  const { id } = data.createAgent.agent as { id: string };
  // A command's agent waits for 5 s before it asks.
  if (command)
    await server.db.sql`update agents set created_at = created_at - interval '5 s' where id = ${Number(id)}`;
  const ask = async (...running: string[]): Promise<{ text: string; commands: Command[] }> => {
    const runState = JSON.stringify(Object.fromEntries(running.map((name) => [name, true])));
    const { agentHeartbeat } = await wired(server, DOCUMENTS.heartbeat, { id, metrics: "{}", runState });
    return { text: agentHeartbeat.commands, commands: JSON.parse(agentHeartbeat.commands) };
  };
  const first = async (...running: string[]) => (await ask(...running)).commands[0];
  /** Its process is gone: it asks without it, and again 8 s later. */
  const firstWithout = async (name: string) => {
    expect(await first()).toBeUndefined();
    await pass(name, 8);
    return await first();
  };
  return { id, ask, first, firstWithout };
}

/** So much time since its agent left it out of a beat. */
const pass = (name: string, seconds: number) =>
  server.db
    .sql`update wire_attempts set missed_at = missed_at - ${seconds}::int * interval '1 s' where wire_name = ${name}`;
const begin = (name: string) =>
  wired(server, DOCUMENTS.upsertBucket, { name, project: "agents", entity, config: "{}" });
const finish = (name: string, exitcode = 0) =>
  stream(server, `${entity}/agents/${name}`, { complete: true, exitcode });
async function runOf(name: string) {
  const [row] = await server.db.sql`
    select r.state, r.state_reason as reason, r.attempt from runs r join projects p on p.id = r.project_id where r.name = ${name} and p.name = 'agents'`;
  return row;
}

test("W25: an agent of an ended sweep is refused with 400, of an unknown one with 404", async () => {
  const sweep = await makeSweep();
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "FINISHED" });
  const refused = await wire(server, DOCUMENTS.createAgent, { host: "h", sweep });
  expect([refused.status, refused.errors?.[0]?.message]).toEqual([400, expect.stringContaining(sweep)]);
  expect((await wire(server, DOCUMENTS.createAgent, { host: "h", sweep: "nosuchid" })).status).toBe(404);
});

test("W26: one run at a time, in order, numbers as the file has them; idle when all is out, exit when all is done", async () => {
  const sweep = await makeSweep(2);
  const [one, other] = [await makeAgent(sweep), await makeAgent(sweep)];
  const { text, commands } = await one.ask();
  expect(text).toContain('"args":{"lr":{"value":1.0}}');
  expect(commands[0]).toMatchObject({ type: "run", program: "train.py" });
  const a = commands[0]?.run_id ?? "";
  await begin(a);
  const b = (await other.first())?.run_id ?? "";
  expect(await one.first(a)).toBeUndefined();
  await finish(a);
  expect(await one.first()).toBeUndefined();
  await begin(b);
  await finish(b);
  expect(await one.first(a)).toBeUndefined();
  expect(await one.first()).toEqual({ type: "exit" });
});

test("W27: a run whose answer was lost is sent once more under its id, then it is lost, and no other is", async () => {
  const sweep = await makeSweep(2);
  const agent = await makeAgent(sweep);
  const first = await agent.first();
  expect(await agent.first()).toEqual(first);
  const second = await agent.firstWithout(first?.run_id ?? "");
  expect(second?.run_id).not.toBe(first?.run_id);
  expect(await runOf(first?.run_id ?? "")).toMatchObject({ state: "crashed" });
});

test("W27: a process that spoke and vanished is over when its agent has left it out for 8 s; one that said how it ended stays as it said", async () => {
  const sweep = await makeSweep(3);
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  const b = (await agent.firstWithout(a))?.run_id ?? "";
  expect(await runOf(a)).toMatchObject({ state: "crashed" });
  await begin(b);
  await finish(b, 1);
  await agent.first();
  expect(await runOf(b)).toMatchObject({ state: "failed" });
});

test("W27: beats that were held up, and say what was so before a run had begun, end no run that is named or speaks in between", async () => {
  const agent = await makeAgent(await makeSweep(3));
  const a = (await agent.first())?.run_id ?? "";
  const signs = [
    () => agent.first(a),
    () => stream(server, `${entity}/agents/${a}`, {}),
    () => begin(a),
    () => agent.first(a),
  ];
  for (const sign of signs) {
    await sign();
    expect(await agent.first()).toBeUndefined();
    await pass(a, 7);
    expect(await agent.first()).toBeUndefined();
    expect(await runOf(a)).toEqual({ state: "running", reason: null, attempt: 1 });
    // Long ago, had there been no sign.
    await pass(a, 20);
  }
  await agent.first(a);
  const rows = await server.db.sql`select run_id from attempts where agent_id = ${Number(agent.id)}`;
  expect(rows).toHaveLength(1);
  const b = (await agent.firstWithout(a))?.run_id ?? "";
  expect([await runOf(a), b]).toEqual([
    expect.objectContaining({ state: "crashed" }),
    expect.stringMatching(/./),
  ]);
});

test("W28: a paused sweep hands out nothing and ends nothing; a cancelled one ends all", async () => {
  const sweep = await makeSweep(3);
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "PAUSED" });
  expect(await agent.first(a)).toBeUndefined();
  await finish(a);
  expect(await agent.first()).toBeUndefined();
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "RUNNING" });
  const b = (await agent.first())?.run_id ?? "";
  await begin(b);
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "CANCELED" });
  const told = [await agent.first(b), await agent.first(b)].map((command) => command?.type);
  expect(["stop", "exit"]).toContain(told[0]);
});

test("W28: a finished sweep's last run goes on: exit comes when its agent is idle", async () => {
  const sweep = await makeSweep(3);
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "FINISHED" });
  expect(await agent.first(a)).toBeUndefined();
  await finish(a);
  expect(await agent.first()).toEqual({ type: "exit" });
  expect(await runOf(a)).toMatchObject({ state: "finished" });
});

test.each([
  ["a command hears of a stop by its own stream, and from its agent 45 s later", true],
  ["a function hears of a stop from its agent at once", false],
])("W29: %s", async (_, command) => {
  const sweep = await makeSweep(3);
  const agent = await makeAgent(sweep, { command });
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await server.db
    .sql`update runs set stop_requested = 'stop', changed_xid = pg_current_xact_id() where name = ${a}`;
  const { body } = await stream(server, `${entity}/agents/${a}`, {});
  expect(body).toEqual({ stopped: true });
  const told = await agent.first(a);
  expect(told).toEqual(command ? undefined : { type: "stop", run_id: a });
  if (command) {
    await server.db
      .sql`update wire_attempts set stop_heard_at = stop_heard_at - interval '46 s' where wire_name = ${a}`;
    expect(await agent.first(a)).toEqual({ type: "stop", run_id: a });
  }
  await finish(a, 255);
  expect(await runOf(a)).toMatchObject({ state: "killed" });
});

test("W29: an announced preemption goes on under its id by resume; a crash comes again under a name of its own", async () => {
  const sweep = await makeSweep(1, "retries: 1\n");
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await stream(server, `${entity}/agents/${a}`, { preempting: true });
  await finish(a, 1);
  expect(await runOf(a)).toMatchObject({ state: "pending", attempt: 1 });
  expect(await agent.first()).toMatchObject({ type: "resume", run_id: a });
  await begin(a);
  expect(await runOf(a)).toMatchObject({ state: "running", attempt: 2 });
  expect(await agent.firstWithout(a)).toMatchObject({ type: "run", run_id: `${a}-a3` });
  expect(await runOf(a)).toMatchObject({ state: "running", attempt: 3 });
});

test("W29: what goes on by resume is shown the lines and the last step that it had before it logs anything", async () => {
  const sweep = await makeSweep(1);
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  const log = (from: number, values: number[]) =>
    stream(server, `${entity}/agents/${a}`, {
      files: { "wandb-history.jsonl": { offset: from, content: historyLines(from, values) } },
    });
  await log(0, [3, 2, 1]);
  await stream(server, `${entity}/agents/${a}`, { preempting: true });
  await finish(a, 1);
  expect(await agent.first()).toMatchObject({ type: "resume", run_id: a });
  const ask = async () =>
    (await wired(server, DOCUMENTS.runResumeStatus, { project: "agents", entity, name: a })).model.bucket;
  for (const again of [0, 1]) {
    const status = await ask();
    expect(status.historyLineCount, `asked ${again} times before`).toBe(3);
    const last = (JSON.parse(status.historyTail) as string[]).at(-1);
    expect(JSON.parse(last ?? "{}")).toMatchObject({ _step: 2, loss: 1 });
    await begin(a);
  }
  await log(3, [0.5]);
  await finish(a);
  const [row] = await server.db.sql`
    select r.attempt, s.count::int, s.first, s.last from metric_summaries s join metrics m on m.id = s.metric_id
    join runs r on r.id = s.run_id and r.attempt = s.attempt where r.name = ${a} and m.name = 'loss'`;
  expect(row).toEqual({ attempt: 2, count: 4, first: 3, last: 0.5 });
});

test("W29: what goes on by resume under a name of its own is shown nothing of an attempt that had another", async () => {
  const agent = await makeAgent(await makeSweep(1, "retries: 2\n"));
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await stream(server, `${entity}/agents/${a}`, {
    files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [3, 2]) } },
  });
  const again = (await agent.firstWithout(a))?.run_id ?? "";
  await begin(again);
  await stream(server, `${entity}/agents/${again}`, { preempting: true });
  await finish(again, 1);
  expect([again, await agent.first()]).toEqual([
    `${a}-a2`,
    expect.objectContaining({ type: "resume", run_id: again }),
  ]);
  const { model } = await wired(server, DOCUMENTS.runResumeStatus, {
    project: "agents",
    entity,
    name: again,
  });
  expect([model.bucket.historyLineCount, model.bucket.historyTail]).toEqual([0, "[]"]);
});

test("W29: what a superseded process sends lands under its own attempt, and it is told to stop", async () => {
  const sweep = await makeSweep(1, "retries: 2\n");
  const agent = await makeAgent(sweep);
  const a = (await agent.first())?.run_id ?? "";
  await begin(a);
  await stream(server, `${entity}/agents/${a}`, {
    files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [3, 2]) } },
  });
  const again = (await agent.firstWithout(a))?.run_id ?? "";
  expect(again).toBe(`${a}-a2`);
  await begin(again);
  const late = await stream(server, `${entity}/agents/${a}`, {
    files: { "wandb-history.jsonl": { offset: 2, content: historyLines(2, [-100]) } },
  });
  expect(late).toMatchObject({ status: 200, body: { stopped: true } });
  await stream(server, `${entity}/agents/${a}`, { complete: true, exitcode: 0 });
  expect(await runOf(a)).toMatchObject({ state: "running", attempt: 2 });
  await stream(server, `${entity}/agents/${again}`, {
    files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [9]) } },
  });
  await finish(again);
  const [row] = await server.db.sql`select objective from runs where name = ${a}`;
  expect(row?.objective).toBe(9);
  expect(await agent.first(a)).toEqual({ type: "stop", run_id: a });
});

test("W34: a run of a sweep that is gone on with by hand speaks for its new attempt under its name", async () => {
  const agent = await makeAgent(await makeSweep(1));
  const name = (await agent.first())?.run_id ?? "";
  await begin(name);
  const lines = (from: number, ...values: number[]) => ({
    files: { "wandb-history.jsonl": { offset: from, content: historyLines(from, values) } },
  });
  await stream(server, `${entity}/agents/${name}`, { ...lines(0, 5, 4), complete: true, exitcode: 0 });
  await wired(server, DOCUMENTS.upsertBucket, { name, project: "agents", entity, host: "vm" });
  const { body } = await stream(server, `${entity}/agents/${name}`, lines(2, 3));
  expect(body).toEqual({ stopped: false });
  await finish(name);
  expect(await runOf(name)).toMatchObject({ state: "finished", attempt: 2 });
  const [row] = await server.db.sql`select objective from runs where name = ${name}`;
  expect(row).toEqual({ objective: 3 });
});

test("W25: an agent of our own is none of wandb's, whoever beats for it", async () => {
  const agent = await makeAgent(await makeSweep(1));
  await server.db.sql`delete from wire_agents where agent_id = ${Number(agent.id)}`;
  const { status } = await wire(server, DOCUMENTS.heartbeat, { id: agent.id, runState: "{}" });
  expect(status).toBe(404);
});

test("W26: of an agent's first beats at once, none is told that there is no such agent", async () => {
  const agent = await makeAgent(await makeSweep(1));
  const beat = await server.db.sql.begin(async (tx) => {
    await tx`update wire_agents set kind = 'command' where agent_id = ${Number(agent.id)}`;
    const second = agent.first();
    // It waits for the row that this transaction holds.
    for (;;) {
      const [{ waits } = {}] = await tx`
        select exists (select from pg_locks l join pg_stat_activity a using (pid)
          where not l.granted and a.datname = current_database() and a.query like '%wire_agents%') as waits`;
      if (waits) return { second };
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  expect(await beat.second).toMatchObject({ type: "run" });
});

test("W26: an agent that asks many times at once, as after lost answers, is given one run, and once", async () => {
  const agent = await makeAgent(await makeSweep(4));
  const all = await Promise.all(Array.from({ length: 5 }, () => agent.first()));
  expect(new Set(all.map((command) => command?.run_id)).size).toBe(1);
  const rows = await server.db.sql`select from attempts where agent_id = ${Number(agent.id)}`;
  expect(rows).toHaveLength(1);
});
