import { beforeAll, expect, test } from "vitest";
import { addPerson } from "../../support/people";
import { sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, historyLines, stream, wire, wired } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
let entity: string;
beforeAll(async () => {
  server = started();
  entity = (await wired(server, "{ viewer { entity } }")).viewer.entity;
});

const PROJECT = "outside";
const ENQUEUE = `mutation EnqueueSweepRun($id: ID!, $config: JSONString!, $displayName: String) {
  enqueueSweepRun(input: {id: $id, config: $config, displayName: $displayName}) { id runQueueItemId } }`;
const REWIND = `mutation RewindRun($runName: String!, $entity: String, $project: String, $metricName: String!, $metricValue: Float!) {
  rewindRun(input: {runName: $runName, entityName: $entity, projectName: $project, metricName: $metricName, metricValue: $metricValue}) {
    rewoundRun { id name displayName config sweepName project { id name entity { id name } } historyLineCount } } }`;
const POLL = `fragment SweepPollRuns on RunConnection { pageInfo { hasNextPage endCursor }
  edges { node { id name state config summaryMetrics sampledHistory(specs: $historySpecs) } } }`;
const WATCHED = `query SweepWatchedRuns($entity: String!, $project: String!, $sweep: String!, $filters: JSONString!, $first: Int!, $cursor: String,
    $historySpecs: [JSONString!]!) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { state }
    runs(filters: $filters, first: $first, after: $cursor) { ...SweepPollRuns } } } ${POLL}`;
const PRIOR = `query SweepRunsWithHistory($entity: String!, $project: String!, $sweep: String!, $first: Int!, $cursor: String,
    $historySpecs: [JSONString!]!) {
  project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { state runs(first: $first, after: $cursor) { ...SweepPollRuns } } } } ${POLL}`;
const SPECS = [JSON.stringify({ keys: ["loss", "_step"], samples: 20 })];

const GRID =
  "method: grid\nprogram: train.py\nmetric: {goal: minimize, name: loss}\nparameters:\n  lr: {values: [0.1, 1.0, 2.0]}\n";
const LOCAL = `${GRID}controller: {type: local}\n`;
let made = 0;
async function makeSweep(file: string): Promise<string> {
  const variables = { config: `# ${made++}\n${file}`, projectName: PROJECT };
  return (await wired(server, DOCUMENTS.upsertSweep, variables)).upsertSweep.sweep.name;
}

const say = (id: string, controller: object, config = LOCAL) =>
  wire(server, DOCUMENTS.upsertSweep, {
    ...{ id, config, projectName: PROJECT },
    controller: JSON.stringify(controller),
  });
const scheduled = (id: string, lr: string) => ({ id, data: { args: { lr: { value: `VALUE${lr}` } } } });
/** JSON has one spelling of numbers, Python two. */
const sayText = (id: string, text: string) =>
  wire(server, DOCUMENTS.upsertSweep, {
    ...{ id, config: LOCAL, projectName: PROJECT },
    controller: text.replace(/"VALUE([^"]*)"/g, "$1"),
  });
const look = async (sweep: string) =>
  (
    await wired(server, DOCUMENTS.sweepWithRuns, {
      ...{ entity, project: PROJECT, sweep },
      specs: JSON.stringify({ keys: ["_step", "loss"], samples: 100_000 }),
    })
  ).project.sweep;

async function makeAgent(sweep: string) {
  const { createAgent } = await wired(server, DOCUMENTS.createAgent, { host: "gpu1", sweep });
  const { id } = createAgent.agent as { id: string };
  return async (...running: string[]): Promise<string> => {
    const runState = JSON.stringify(Object.fromEntries(running.map((name) => [name, true])));
    return (await wired(server, DOCUMENTS.heartbeat, { id, metrics: "{}", runState })).agentHeartbeat
      .commands;
  };
}

const begin = (name: string) =>
  wired(server, DOCUMENTS.upsertBucket, {
    ...{ name, project: PROJECT, entity, config: '{"lr":{"value":0.1},"_wandb":{"value":{"t":{"1":1}}}}' },
    ...{ host: "gpu1", program: "train.py" },
  });
const log = (name: string, from: number, values: readonly number[], offset = from) =>
  stream(server, `${entity}/${PROJECT}/${name}`, {
    files: { "wandb-history.jsonl": { offset, content: historyLines(from, values) } },
  });
const finish = (name: string) =>
  stream(server, `${entity}/${PROJECT}/${name}`, { complete: true, exitcode: 0 });

test("W99: a run of somebody's choice is the next that an agent gets, with numbers as they were written, wrapped or not", async () => {
  const sweep = await makeSweep(GRID);
  const { enqueueSweepRun: first } = await wired(server, ENQUEUE, {
    ...{ id: sweep, config: '{"lr": {"value": 2.0}, "_wandb": {"value": {}}}', displayName: "mine" },
  });
  expect(first).toEqual({ id: expect.stringMatching(/^[a-z0-9]{8}$/), runQueueItemId: null });
  const { enqueueSweepRun: second } = await wired(server, ENQUEUE, {
    id: sweep,
    config: '{"lr": 1, "why": {"a": 1}}',
  });
  const [one, other, third] = [await makeAgent(sweep), await makeAgent(sweep), await makeAgent(sweep)];
  const command = (run: string, args: string) =>
    `[{"type":"run","run_id":"${run}","program":"train.py","args":${args}}]`;
  expect(await one()).toBe(command(first.id, '{"lr":{"value":2.0}}'));
  expect(await other()).toBe(command(second.id, '{"lr":{"value":1},"why":{"value":{"a":1}}}'));
  expect(await third()).toContain('"args":{"lr":{"value":0.1}}');
  const [row] = await server.db.sql`select display_name from runs where name = ${first.id}`;
  expect(row?.display_name).toBe("mine");
});

test("W99: where run_cap allows none the API is refused with 400, and a scheduler, which looks whether it is over, asks again at 429", async () => {
  const sweep = await makeSweep(`${GRID}run_cap: 1\n`);
  const ask = (headers: Record<string, string>) =>
    wire(server, ENQUEUE, { id: sweep, config: '{"lr": 1.0}' }, headers);
  expect((await ask({})).status).toBe(200);
  expect(await ask({ "user-agent": "wandb-core" })).toMatchObject({ status: 429 });
  const refused = await ask({ "user-agent": "W&B Public Client 0.31.0" });
  expect([refused.status, refused.errors?.[0]?.message]).toEqual([
    400,
    expect.stringContaining("run_cap is 1"),
  ]);
  await wired(server, DOCUMENTS.upsertSweep, { id: sweep, state: "FINISHED" });
  expect(await ask({ "user-agent": "wandb-core" })).toMatchObject({ status: 400 });
});

test("W99: what is no map, no sweep or somebody else's is refused and makes no run", async () => {
  const sweep = await makeSweep(GRID);
  const eve = await addPerson(server, "eve");
  for (const [caller, id, config, status] of [
    [server, sweep, "[1]", 400],
    [server, sweep, "no JSON", 400],
    [server, "nosuchid", "{}", 404],
    [eve, sweep, "{}", 404],
  ] as const)
    expect((await wire(caller, ENQUEUE, { id, config })).status).toBe(status);
  expect(await server.db.sql`select from runs where sweep_id = ${sweep}`).toHaveLength(0);
});

test("W100: what a scheduler reads: its sweep with the name of its own log, prior runs page by page, the runs that it watches", async () => {
  const sweep = await makeSweep(`${GRID}scheduler: {engine: wandb}\n`);
  const { serverInfo } = await wired(server, "{ serverInfo { features { name isEnabled } } }");
  expect(serverInfo.features).toContainEqual({ name: "SWEEPS_LOCAL_SCHEDULER", isEnabled: true });
  const factsOf = async () =>
    (
      await wired(
        server,
        `query SweepConfig($entity: String!, $project: String!, $sweep: String!) { project(name: $project, entityName: $entity) {
          sweep(sweepName: $sweep) { id state config displayName controllerRunName } } }`,
        { entity, project: PROJECT, sweep },
      )
    ).project.sweep;
  // Each scheduler that starts has a log of its own: lines are numbered from 0 by every process.
  for (const controllerRunName of [`${sweep}-scheduler`, `${sweep}-scheduler-2`, `${sweep}-scheduler-3`]) {
    expect(await factsOf()).toMatchObject({ id: sweep, state: "PENDING", controllerRunName });
    await begin(controllerRunName);
  }
  const names: string[] = [];
  for (const lr of [1, 2])
    names.push((await wired(server, ENQUEUE, { id: sweep, config: `{"lr":${lr}}` })).enqueueSweepRun.id);
  const [first = "", second = ""] = names;
  const agent = await makeAgent(sweep);
  expect(await agent()).toContain(first);
  await begin(first);
  await log(first, 0, [0.5, 0.25]);
  const asked = { entity, project: PROJECT, sweep, historySpecs: SPECS };
  const watched = await wired(server, WATCHED, {
    ...asked,
    filters: JSON.stringify({ name: { $in: names } }),
    first: 200,
  });
  expect(watched.project.sweep.state).toBe("RUNNING");
  const nodes = watched.project.runs.edges.map(({ node }: { node: Record<string, unknown> }) => node);
  expect(nodes).toMatchObject([
    {
      name: first,
      state: "running",
      sampledHistory: [
        [
          { _step: 0, loss: 0.5 },
          { _step: 1, loss: 0.25 },
        ],
      ],
    },
    { name: second, state: "pending", config: '{"lr":{"value":2}}', sampledHistory: [[]] },
  ]);
  const page = await wired(server, PRIOR, { ...asked, first: 1 });
  expect(page.project.sweep.runs.edges.map(({ node }: { node: { name: string } }) => node.name)).toEqual([
    first,
  ]);
  const { hasNextPage, endCursor } = page.project.sweep.runs.pageInfo;
  expect(hasNextPage).toBe(true);
  const next = await wired(server, PRIOR, { ...asked, first: 1, cursor: endCursor });
  expect(next.project.sweep.runs.edges.map(({ node }: { node: { name: string } }) => node.name)).toEqual([
    second,
  ]);
});

test("W101: a local controller schedules a run, reads that it was made, and what it came to", async () => {
  const sweep = await makeSweep(LOCAL);
  const agent = await makeAgent(sweep);
  expect(await agent()).toBe("[]");
  expect(await look(sweep)).toMatchObject({ controller: null, scheduler: null, runs: { edges: [] } });
  const wanted = JSON.stringify({ schedule: [scheduled("abcdefghij", "1.0")] });
  const answers = await Promise.all([sayText(sweep, wanted), sayText(sweep, wanted)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const seen = await look(sweep);
  const [{ id, runid }] = JSON.parse(seen.scheduler).scheduled;
  expect([id, JSON.parse(seen.controller)]).toEqual([
    "abcdefghij",
    { schedule: [{ id, data: { args: { lr: { value: 1 } } } }] },
  ]);
  expect(seen.runs.edges).toMatchObject([
    { node: { name: runid, state: "pending", config: '{"lr":{"value":1.0}}', stopped: false } },
  ]);
  expect(await agent()).toContain(`"run_id":"${runid}","program":"train.py","args":{"lr":{"value":1.0}}`);
  await begin(runid);
  await log(runid, 0, [0.5, 0.25]);
  expect((await say(sweep, { schedule: [], earlystop: [runid] })).status).toBe(200);
  expect((await look(sweep)).runs.edges).toMatchObject([
    {
      node: {
        ...{ name: runid, state: "running", stopped: true, shouldStop: true },
        sampledHistory: [
          [
            { _step: 0, loss: 0.5 },
            { _step: 1, loss: 0.25 },
          ],
        ],
      },
    },
  ]);
  expect((await log(runid, 2, [0.1])).body.stopped).toBe(true);
});

test("W101: arguments of null end the sweep when its runs have; the file that comes along with each word is no change of it", async () => {
  const sweep = await makeSweep(LOCAL);
  // As a YAML library writes what it has read.
  const again =
    "controller:\n  type: local\nmethod: grid\nmetric:\n  goal: minimize\n  name: loss\nparameters:\n  lr:\n    values:\n    - 0.1\n    - 1.0\n    - 2.0\nprogram: train.py\n";
  await say(sweep, { schedule: [{ id: "one", data: { args: { lr: { value: 2 } } } }] }, again);
  const agent = await makeAgent(sweep);
  const [{ run_id: run }] = JSON.parse(await agent());
  await begin(run);
  await say(sweep, { schedule: [{ id: "end", data: { args: null } }] }, again);
  expect((await look(sweep)).state).toBe("RUNNING");
  await finish(run);
  const over = await look(sweep);
  expect([over.state, over.config.startsWith("# ")]).toEqual(["FINISHED", true]);
  const [row] = await server.db.sql`select generation from sweeps where id = ${sweep}`;
  expect(row?.generation).toBe(1);
  expect(await agent()).toBe('[{"type":"exit"}]');
});

test("W101: a sweep without a local controller, and what is no such word, are refused with 400", async () => {
  const plain = await makeSweep(GRID);
  const one = { schedule: [{ id: "one", data: { args: { lr: { value: 2 } } } }] };
  const refused = await say(plain, one, GRID);
  expect([refused.status, refused.errors?.[0]?.message]).toEqual([
    400,
    expect.stringContaining("controller: {type: local}"),
  ]);
  const sweep = await makeSweep(LOCAL);
  for (const wrong of [
    { schedule: "one" },
    { schedule: [{ id: 1, data: { args: {} } }] },
    { schedule: [{ id: "one" }] },
    { schedule: [{ id: "one", data: { args: [] } }] },
    { schedule: Array(101).fill(one.schedule[0]) },
    { earlystop: [1] },
  ])
    expect((await say(sweep, wrong)).status).toBe(400);
  for (const wrong of [
    { earlystop: ["\0"] },
    { schedule: [{ id: "one", data: { args: { lr: { value: "\ud800" } } } }] },
    { note: "\0" },
  ])
    expect(await say(sweep, wrong)).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringContaining("controller is") }],
    });
  expect(await server.db.sql`select from runs where sweep_id in (${plain}, ${sweep})`).toHaveLength(0);
});

test("W98: a run that is rewound goes on behind that step; what it had logged there stays under its first attempt", async () => {
  const name = "back";
  await begin(name);
  await log(name, 0, [5, 4, 3, 2, 1]);
  const rewind = (metricValue: number, more: object = {}) =>
    wire(server, REWIND, {
      runName: name,
      entity,
      project: PROJECT,
      metricName: "_step",
      metricValue,
      ...more,
    });
  const early = await rewind(2);
  expect([early.status, early.errors?.[0]?.message]).toEqual([400, expect.stringContaining("is under way")]);
  await finish(name);
  for (const [value, more, words] of [
    [5, {}, "up to step 4"],
    [1.5, {}, "a whole number"],
    [2, { metricName: "loss" }, "expected _step"],
  ] as const)
    expect(await rewind(value, more)).toMatchObject({
      status: 400,
      errors: [{ message: expect.stringContaining(words) }],
    });
  expect((await rewind(2, { runName: "nobody" })).status).toBe(404);
  const { rewoundRun } = (await rewind(2)).data.rewindRun;
  expect(rewoundRun).toMatchObject({
    name,
    sweepName: null,
    project: { name: PROJECT, entity: { name: entity } },
  });
  // Its answer was lost: the same once more.
  expect((await rewind(2)).data.rewindRun.rewoundRun.historyLineCount).toBe(rewoundRun.historyLineCount);
  expect(await summaryOf(name)).toMatchObject({ _step: 2, loss: 3 });
  await log(name, 3, [30, 40], rewoundRun.historyLineCount);
  await finish(name);
  const { project } = await wired(
    server,
    `query ($entity: String, $project: String, $name: String!) { project(name: $project, entityName: $entity) { run(name: $name) {
      state historyKeys history(samples: 100) } } }`,
    { entity, project: PROJECT, name },
  );
  const rows = project.run.history.map((line: string) => JSON.parse(line));
  expect(rows.map(({ _step, loss }: { _step: number; loss: number }) => [_step, loss])).toEqual([
    [0, 5],
    [1, 4],
    [2, 3],
    [3, 30],
    [4, 40],
  ]);
  expect([project.run.state, project.run.historyKeys.lastStep]).toEqual(["finished", 4]);
  const attempts = await server.db.sql`
    select a.number, a.last_step, a.resumed_from_step from attempts a join runs r on r.id = a.run_id where r.name = ${name} order by 1`;
  expect(attempts.map((row) => ({ ...row }))).toEqual([
    { number: 1, last_step: 4, resumed_from_step: null },
    { number: 2, last_step: 4, resumed_from_step: 2 },
  ]);
});

test("W98: the objective of a sweep's run is the best of what is left of it, and of what comes", async () => {
  const sweep = await makeSweep(GRID);
  const [{ run_id: name }] = JSON.parse(await (await makeAgent(sweep))());
  const objective = async () =>
    (await server.db.sql`select state, objective from runs where name = ${name}`)[0];
  await begin(name);
  await log(name, 0, [5, 4, 1]);
  await finish(name);
  expect(await objective()).toEqual({ state: "finished", objective: 1 });
  const variables = { runName: name, entity, project: PROJECT, metricName: "_step", metricValue: 1 };
  const { rewoundRun } = (await wired(server, REWIND, variables)).rewindRun;
  expect(rewoundRun.sweepName).toBe(sweep);
  expect(await objective()).toEqual({ state: "running", objective: 4 });
  await log(name, 2, [0.5], rewoundRun.historyLineCount);
  await finish(name);
  expect(await objective()).toEqual({ state: "finished", objective: 0.5 });
});

async function summaryOf(name: string) {
  const { project } = await wired(
    server,
    "query ($entity: String, $project: String, $name: String!) { project(name: $project, entityName: $entity) { run(name: $name) { summaryMetrics } } }",
    { entity, project: PROJECT, name },
  );
  return JSON.parse(project.run.summaryMetrics);
}
