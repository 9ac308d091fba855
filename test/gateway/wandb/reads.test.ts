import { beforeAll, expect, test } from "vitest";
import { addPerson, joinProject, type Person } from "../../support/people";
import { sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, historyLines, stream, wire, wired } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
let entity: string;
let viewer: Person;
let stranger: Person;

const LIGHT = `fragment Light on Run { id tags name displayName sweepName state group jobType commit readOnly createdAt heartbeatAt description notes
  historyLineCount user { name username } }`;
const FULL = `fragment Full on Run { id tags name displayName sweepName state config group jobType commit readOnly createdAt heartbeatAt description notes
  systemMetrics summaryMetrics historyLineCount user { name username } historyKeys }`;
const RUNS = `#graphql
  query Runs($project: String!, $entity: String!, $cursor: String, $perPage: Int = 50, $order: String, $filters: JSONString) {
    project(name: $project, entityName: $entity) { internalId runCount(filters: $filters) readOnly
      runs(filters: $filters, after: $cursor, first: $perPage, order: $order) {
        edges { node { projectId ...Full } cursor } pageInfo { endCursor hasNextPage } } } } ${FULL}`;
const RUN = `query Run($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { projectId ...Full } } } ${FULL}`;
/** A document about one run, as the client's classes put them together. */
const ofRun = (field: string, variables = "") =>
  `query OfRun($project: String!, $entity: String!, $name: String!${variables}) { project(name: $project, entityName: $entity) { run(name: $name) { ${field} } } }`;

const at = (name: string, more: object = {}) => ({ project: "demo", entity, name, ...more });
const read = async (name: string, field: string, variables = "", more: object = {}, as = server) =>
  (await wired(as, ofRun(field, variables), at(name, more))).project.run;

/** Runs a, b and c, with losses 3, 2 and 1 whose least is in the summary alone. */
beforeAll(async () => {
  server = started();
  entity = (await wired(server, "{ viewer { entity } }")).viewer.entity;
  for (const [i, name] of ["a", "b", "c"].entries()) {
    const config = {
      lr: { value: (i + 1) / 10 },
      opt: { value: { name: "adam", "b's": [0.9, 0.99] } },
      _wandb: { value: { t: {} } },
    };
    await wired(server, DOCUMENTS.upsertBucket, {
      ...{
        name,
        entity,
        project: "demo",
        displayName: `train ${name}`,
        groupName: "g",
        jobType: "train",
        tags: ["all", `tag ${name}`],
      },
      config: JSON.stringify(config),
    });
    const lines = Array.from(
      { length: 20 },
      (_, step) =>
        `{"_step":${step},"_timestamp":${1_700_000_000 + step},"_runtime":${step},"loss":${3 - i + 1 / (step + 1)},"nested":{"a":${step}}${step === 3 ? ',"bad":NaN' : step === 4 ? ',"bad":Infinity' : ""}${step % 5 === 0 ? `,"sparse":${step}` : ""}}`,
    );
    const log = [..."0123456"].map((n) =>
      JSON.stringify({ ts: "2026-01-01T00:00:00.500000", content: `line ${n}` }),
    );
    await stream(server, `${entity}/demo/${name}`, {
      files: {
        "wandb-history.jsonl": { offset: 0, content: lines },
        "wandb-events.jsonl": {
          ...{
            offset: 0,
            content: [0, 1, 2].map(
              (n) =>
                `{"_wandb":true,"_timestamp":${1_700_000_000 + n},"system.cpu":${n},"system.gpu.0.gpu":5}`,
            ),
          },
        },
        "wandb-summary.json": {
          offset: 0,
          content: [`{"_step":19,"loss":{"min":${3 - i}},"extra":{"deep":{"x":${i}}}}`],
        },
        "output.log": {
          offset: 0,
          content: [
            ...log,
            JSON.stringify({ ts: "2026-01-01T00:00:01", level: "error", content: "5%\r50%\r100%" }),
          ],
        },
      },
      ...(name !== "c" && { complete: true, exitcode: 0 }),
    });
  }
  viewer = await addPerson(server, "wanda");
  stranger = await addPerson(server, "steven");
  const [{ id = 0 } = {}] = await server.db.sql<
    { id: number }[]
  >`select id from projects where name = 'demo'`;
  await joinProject(server, id, viewer.userId, "viewer");
});

const names = async (filters: unknown, order?: string): Promise<string[]> => {
  const { project } = await wired(server, RUNS, {
    project: "demo",
    entity,
    filters: JSON.stringify(filters),
    order,
  });
  const found = project.runs.edges.map(({ node }: { node: { name: string } }) => node.name);
  expect(project.runCount).toBe(found.length);
  return found;
};

test("W80: runs are filtered by all that their clients know of them", async () => {
  expect(await names({})).toEqual(["a", "b", "c"]);
  expect(await names({ "config.lr": { $gt: 0.15 }, state: "finished" })).toEqual(["b"]);
  expect(
    await names({
      "config.opt.value.name": "adam",
      "config.opt.b's": 0.99,
      tags: { $in: ["tag a", "tag c"] },
    }),
  ).toEqual(["a", "c"]);
  expect(
    await names({ $or: [{ name: "a" }, { display_name: { $regex: "^TRAIN [c]$", $options: "i" } }] }),
  ).toEqual(["a", "c"]);
  expect(await names({ "summary_metrics.loss": { $lte: 2 } })).toEqual(["b", "c"]);
  expect(await names({ "summary_metrics.extra.deep.x": { $ne: 1 }, "summary_metrics.sparse": 15 })).toEqual([
    "a",
    "c",
  ]);
  expect(
    await names({
      created_at: { $gt: "2020-01-01" },
      heartbeat_at: { $gt: 1_600_000_000 },
      username: entity,
      jobType: "train",
      group: "g",
    }),
  ).toHaveLength(3);
  expect(await names({ $and: [{ sweep: null }, { $nor: [{ name: { $in: ["a", "b"] } }] }] })).toEqual(["c"]);
  expect(await names({ duration: { $exists: false } })).toEqual([]);
});

test("W81: a filter that can't be read is a 400 that names the key or the operator", async () => {
  for (const [filters, message] of [
    [`{"configg": 1}`, /filters: "configg" is no field, expected one of name, state/],
    [`{"config.lr": {"$near": 1}}`, /filters: config.lr: "\$near" is no operator, expected one of \$eq/],
    [`{"$where": "1"}`, /filters: "\$where" is no operator here/],
    [`{"state": {"$regex": "(a)\\\\1"}}`, /filters: state: \$regex is .*: .*/],
    [
      `{"created_at": {"$gt": "yesterday"}}`,
      /filters: created_at is compared with "yesterday", expected a moment/,
    ],
    [`{"tags": {"$gt": "a"}}`, /filters: tags has no order/],
    ["[1]", /filters: they are \[1\], expected a JSON object/],
    ["{", /filters: JSON: expected/],
    [`{"name": "a\\u0000"}`, /filters: name is compared with/],
    [`{"name": {"$in": "a"}}`, /filters: name: \$in is "a", expected a list/],
    [`${'{"$not":'.repeat(30)}{}${"}".repeat(30)}`, /nested deeper than 20/],
  ] as const) {
    const { status, errors } = await wire(server, RUNS, { project: "demo", entity, filters });
    expect([status, errors?.[0]?.message], filters).toEqual([400, expect.stringMatching(message)]);
  }
  const bad = await wire(server, RUNS, { project: "demo", entity, order: "+oops" });
  expect([bad.status, bad.errors?.[0]?.message]).toEqual([
    400,
    expect.stringMatching(/^order is "\+oops", expected/),
  ]);
});

test("W82: orders are by creation, heartbeat, configuration or summary, and runs without a value come last", async () => {
  expect(await names({}, "-created_at")).toEqual(["c", "b", "a"]);
  expect(await names({}, "+summary_metrics.loss")).toEqual(["c", "b", "a"]);
  expect(await names({}, "-summary_metrics.loss")).toEqual(["a", "b", "c"]);
  expect(await names({}, "-config.lr.value")).toEqual(["c", "b", "a"]);
  expect(await names({}, "-summary_metrics.nothing")).toEqual(["a", "b", "c"]);
  expect(await names({}, "heartbeat_at")).toHaveLength(3);
});

test("W83: a page ends at first, at most 1,000, and the next begins behind its cursor", async () => {
  for (const order of ["+created_at", "-summary_metrics.loss", "+heartbeat_at"]) {
    const found: string[] = [];
    for (let cursor: string | null = null, more = true; more; ) {
      const { project } = await wired(server, RUNS, { project: "demo", entity, perPage: 1, order, cursor });
      const { edges, pageInfo } = project.runs;
      expect(edges).toHaveLength(1);
      expect(pageInfo.endCursor).toBe(edges[0].cursor);
      found.push(edges[0].node.name);
      [cursor, more] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    expect(found).toHaveLength(3);
    expect(new Set(found).size).toBe(3);
  }
  for (const cursor of [
    "nonsense",
    Buffer.from('[0,"1; drop table runs"]').toString("base64url"),
    Buffer.from("[0,1,2,3,4]").toString("base64url"),
  ])
    expect(
      await wire(server, RUNS, { project: "demo", entity, cursor, order: "+heartbeat_at" }),
    ).toMatchObject({ status: 400 });
  expect(await wire(server, RUNS, { project: "demo", entity, perPage: 0 })).toMatchObject({ status: 400 });
});

test("W84: a run has its configuration, summary, metrics and keys in the shapes that the client reads", async () => {
  const { run } = (await wired(server, RUN, at("b"))).project;
  expect(run).toMatchObject({
    state: "finished",
    tags: ["all", "tag b"],
    group: "g",
    jobType: "train",
    readOnly: false,
    historyLineCount: 20,
  });
  expect(JSON.parse(run.config).lr).toEqual({ value: 0.2 });
  expect(JSON.parse(run.summaryMetrics)).toMatchObject({
    _step: 19,
    loss: { min: 2 },
    sparse: 15,
    extra: { deep: { x: 1 } },
  });
  expect(run.historyKeys).toMatchObject({
    lastStep: 19,
    keys: {
      loss: { typeCounts: [{ type: "number", count: 20 }] },
      "nested.a": { previousValue: 19 },
      bad: { typeCounts: [{ type: "number", count: 2 }] },
      _step: {},
      _timestamp: {},
      _runtime: {},
    },
  });
  expect(JSON.parse(run.systemMetrics)).toMatchObject({ "system.cpu": 2, "system.gpu.0.gpu": 5 });
});

test("W85: names and values are never read as SQL", async () => {
  for (const nasty of ["'; drop table runs; --", "x' or '1'='1", "\\", "$1", "%", 'a"b', "{0}"]) {
    expect(
      await names({ [`config.${nasty}`]: nasty, [`summary_metrics.${nasty}.x`]: { $gt: nasty } }),
      nasty,
    ).toEqual([]);
    expect(await names({ name: { $in: [nasty] }, tags: nasty }), nasty).toEqual([]);
    expect(await names({}, `-summary_metrics.${nasty}`), nasty).toHaveLength(3);
  }
  expect(await names({})).toHaveLength(3);
});

test("W90: history is whole rows with dotted names, at equal distances, the last one included, up to maxStep without it", async () => {
  const rows = async (more: object, variables = ", $min: Int64, $max: Int64, $samples: Int") =>
    (await read("a", "history(minStep: $min, maxStep: $max, samples: $samples)", variables, more))
      .history as string[];
  const all = await rows({});
  expect(all).toHaveLength(20);
  expect(JSON.parse(all[6] ?? "")).toEqual({
    _step: 6,
    _runtime: expect.any(Number),
    _timestamp: 1_700_000_006,
    loss: 3 + 1 / 7,
    "nested.a": 6,
  });
  expect(all[3]).toContain('"bad":NaN');
  expect(all[4]).toContain('"bad":Infinity');
  expect(
    (await rows({ min: 3, max: "6", samples: 100 })).map((line) => /"_step":(\d+)/.exec(line)?.[1]),
  ).toEqual(["3", "4", "5"]);
  expect((await rows({ samples: 3 })).map((line) => JSON.parse(line)._step)).toEqual([
    0,
    expect.toSatisfy((n) => n === 9 || n === 10),
    19,
  ]);
  expect(await rows({ min: 20, max: 1_000 })).toEqual([]);
  expect(await wire(server, ofRun("history(samples: -1)"), at("a"))).toMatchObject({ status: 400 });
});

test("W91: sampledHistory has the rows in which all keys are, for each question a list", async () => {
  const sampled = async (...specs: object[]) =>
    (
      await read("a", "sampledHistory(specs: $specs)", ", $specs: [JSONString!]!", {
        specs: specs.map((one) => JSON.stringify(one)),
      })
    ).sampledHistory;
  expect(await sampled({})).toEqual([[]]);
  expect(
    (
      await wired(
        server,
        ofRun("sampledHistory(specs: $specs)", ", $specs: [JSONString!]!"),
        at("a", { specs: "{}" }),
      )
    ).project.run.sampledHistory,
  ).toEqual([[]]);
  expect(
    await sampled({ keys: ["_step", "sparse"], samples: 500 }, { keys: ["_step"], minStep: 18, maxStep: 18 }),
  ).toEqual([[0, 5, 10, 15].map((n) => ({ _step: n, sparse: n })), [{ _step: 18 }]]);
  expect(await sampled({ keys: ["_step", "bad"] })).toEqual([
    [
      { _step: 3, bad: "NaN" },
      { _step: 4, bad: "Infinity" },
    ],
  ]);
  expect(await sampled({ keys: ["loss", "nothing"] })).toEqual([[]]);
  expect((await sampled({ keys: ["loss", "_timestamp"], samples: 2 }))[0]).toHaveLength(2);
  for (const spec of ["[]", '{"keys": "loss"}', "nonsense", '{"keys": ["a"], "samples": 0}'])
    expect(
      await wire(server, ofRun("sampledHistory(specs: $s)", ", $s: [JSONString!]!"), at("a", { s: [spec] })),
      spec,
    ).toMatchObject({ status: 400 });
});

test("W92: system samples are lines under W&B's names", async () => {
  const { events, eventsTail, parquetHistory } = await read(
    "a",
    'events(samples: 2) eventsTail parquetHistory(liveKeys: ["_step"]) { parquetUrls liveData }',
  );
  expect(events.map((line: string) => JSON.parse(line)["system.cpu"])).toHaveLength(2);
  expect(JSON.parse(JSON.parse(eventsTail)[0])).toMatchObject({ _timestamp: 1_700_000_002, "system.cpu": 2 });
  expect(parquetHistory).toEqual({ parquetUrls: [], liveData: [] });
});

test("W93: the tail of a history ends with its last line, with whole steps", async () => {
  const { historyTail } = await read("a", "historyTail");
  const lines = JSON.parse(historyTail) as string[];
  expect(lines.at(-1)).toMatch(/^\{"_step":19,/);
  const none = await read(
    "fresh",
    "historyTail eventsTail systemMetrics historyKeys history events logLines { edges { node { line } } }",
    "",
    {},
    await withFresh(),
  );
  expect(none).toEqual({
    historyTail: "[]",
    eventsTail: "[]",
    systemMetrics: "{}",
    historyKeys: { lastStep: -1, keys: {}, sets: [] },
    history: [],
    events: [],
    logLines: { edges: [] },
  });
});

async function withFresh(): Promise<TestServer> {
  await wired(server, DOCUMENTS.upsertBucket, { name: "fresh", entity, project: "demo" });
  const { project } = await wired(server, RUN, at("fresh"));
  expect(project.run.config).toBe("{}");
  return server;
}

test("W94: output is read in numbered lines from either end; a line that was begun again is what was written last", async () => {
  const fields =
    "edges { node { number timestamp level label line } cursor } pageInfo { endCursor hasNextPage }";
  const found: { number: number; line: string; level: string | null; timestamp: string }[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page: {
      edges: { node: (typeof found)[number] }[];
      pageInfo: { endCursor: string; hasNextPage: boolean };
    } = (
      await read(
        "a",
        `logLines(first: 3, after: $after, useImprovedPagination: true) { ${fields} }`,
        ", $after: String",
        { after },
      )
    ).logLines;
    found.push(...page.edges.map(({ node }) => node));
    [after, more] = [page.pageInfo.endCursor, page.pageInfo.hasNextPage];
  }
  expect(found.map(({ number, line }) => `${number} ${line}`)).toEqual(
    [..."0123456"].map((n) => `${n} line ${n}`).concat("7 100%"),
  );
  expect(found[0]).toMatchObject({ level: null, timestamp: "2026-01-01T00:00:00.500Z" });
  expect(found[7]?.level).toBe("error");
  const tail = (await read("a", `logLines(last: 2) { ${fields} }`)).logLines;
  expect(tail.edges.map(({ node }: { node: { number: number } }) => node.number)).toEqual([6, 7]);
  expect(
    await wire(
      server,
      ofRun('logLines(first: 1, after: "x") { pageInfo { endCursor hasNextPage } }'),
      at("a"),
    ),
  ).toMatchObject({ status: 400 });
});

const SWEEPS = `query GetSweeps($project: String!, $entity: String!, $filters: JSONString!, $cursor: String, $perPage: Int = 50) {
  project(name: $project, entityName: $entity) { totalSweeps sweeps(after: $cursor, first: $perPage, filters: $filters) {
    pageInfo { __typename endCursor hasNextPage }
    edges { node { __typename id name displayName method state description bestLoss config createdAt updatedAt runCount runCountExpected } } } } }`;

test("W86, W87: sweeps are listed newest first with their best result, and have runs and agents", async () => {
  const ids: string[] = [];
  for (const lr of ["1, 2", "3"]) {
    const config = `method: grid\nmetric: {name: loss, goal: minimize}\nparameters: {lr: {values: [${lr}]}}\n`;
    ids.push(
      (
        await wired(server, DOCUMENTS.upsertSweep, {
          config,
          entityName: entity,
          projectName: "sweeps",
          description: `of ${lr}`,
        })
      ).upsertSweep.sweep.name,
    );
  }
  const [sweep = "", other = ""] = ids;
  const agent = (
    await wired(server, DOCUMENTS.createAgent, {
      host: "gpu1",
      projectName: "sweeps",
      entityName: entity,
      sweep,
    })
  ).createAgent.agent.id;
  const beat = async () => {
    const { agentHeartbeat } = await wired(server, DOCUMENTS.heartbeat, { id: agent, runState: "{}" });
    return JSON.parse(agentHeartbeat.commands)[0]?.run_id as string;
  };
  const run = await beat();
  await wired(server, DOCUMENTS.upsertBucket, { name: run, entity, project: "sweeps", sweep, config: "{}" });
  await stream(server, `${entity}/sweeps/${run}`, {
    files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [5, 4.5]) } },
    complete: true,
    exitcode: 0,
  });
  const listed = (await wired(server, SWEEPS, { project: "sweeps", entity, filters: "{}", perPage: 1 }))
    .project;
  expect(listed.totalSweeps).toBe(2);
  expect(listed.sweeps).toMatchObject({
    pageInfo: { hasNextPage: true },
    edges: [{ node: { name: other, method: "grid", description: "of 3", bestLoss: null } }],
  });
  const next = (
    await wired(server, SWEEPS, {
      project: "sweeps",
      entity,
      filters: JSON.stringify({ state: "RUNNING" }),
      cursor: listed.sweeps.pageInfo.endCursor,
    })
  ).project.sweeps;
  expect(
    next.edges.map(({ node }: { node: { name: string; bestLoss: number } }) => [node.name, node.bestLoss]),
  ).toEqual([[sweep, 4.5]]);
  const watched = `query SweepRunsWithHistory($entity: String!, $project: String!, $sweep: String!, $first: Int!, $cursor: String, $historySpecs: [JSONString!]!) {
    project(name: $project, entityName: $entity) { sweep(sweepName: $sweep) { state
      agents { edges { node { id name host state totalRuns createdAt heartbeatAt } } }
      agent(agentName: "${agent}") { runs(first: 10, order: "-created_at") { pageInfo { endCursor hasNextPage } edges { cursor node { ...Light } } } }
      runs(first: $first, after: $cursor) { pageInfo { hasNextPage endCursor } edges { node { id name state config summaryMetrics sampledHistory(specs: $historySpecs) } } } } } } ${LIGHT}`;
  const { sweep: seen } = (
    await wired(server, watched, {
      project: "sweeps",
      entity,
      sweep,
      first: 10,
      historySpecs: ['{"keys":["_step","loss"]}'],
    })
  ).project;
  expect(seen.agents.edges).toMatchObject([
    { node: { id: agent, host: "gpu1", state: "RUNNING", totalRuns: 1 } },
  ]);
  expect(seen.agent.runs.edges).toMatchObject([{ node: { name: run, sweepName: sweep } }]);
  expect(seen.runs.edges).toMatchObject([
    {
      node: {
        name: run,
        sampledHistory: [
          [
            { _step: 0, loss: 5 },
            { _step: 1, loss: 4.5 },
          ],
        ],
      },
    },
  ]);
  const filters = JSON.stringify({ $and: [{ sweep }, { state: "finished" }] });
  expect((await wired(server, RUNS, { project: "sweeps", entity, filters })).project.runs.edges).toHaveLength(
    1,
  );
  for (const agentName of ["999999", "nobody", "1e99"])
    expect(
      (
        await wired(
          server,
          `query A($p: String, $s: String!, $a: String!) { project(name: $p) { sweep(sweepName: $s) { agent(agentName: $a) { id } } } }`,
          { p: "sweeps", s: sweep, a: agentName },
        )
      ).project.sweep.agent,
    ).toBeNull();
  const state = await wire(
    server,
    'mutation U($id: ID!) { updateRunState(input: {id: $id, state: "failed"}) { success } }',
    { id: seen.runs.edges[0].node.id },
  );
  expect([state.status, state.errors?.[0]?.message]).toEqual([400, expect.stringMatching(/is one of sweep/)]);
});

test("W88: projects are those of one entity that the caller may see, and are made and described", async () => {
  const list =
    "query GetProjects($entity: String, $cursor: String, $perPage: Int = 50) { models(entityName: $entity, after: $cursor, first: $perPage) { pageInfo { endCursor hasNextPage } edges { node { id name entityName createdAt isBenchmark user { id } } } } }";
  const upsert =
    "mutation CreateProject($input: UpsertModelInput!) { result: upsertModel(input: $input) { project { id name entityName description access views } model { id } inserted } }";
  const made = (await wired(server, upsert, { input: { name: "made", entityName: entity } })).result;
  expect(made).toMatchObject({
    inserted: true,
    project: { name: "made", entityName: entity, description: null },
  });
  const again = (
    await wired(server, upsert, { input: { name: "made", entityName: entity, description: "of wood" } })
  ).result;
  expect(again).toMatchObject({ inserted: false, project: { id: made.project.id, description: "of wood" } });
  expect(await wire(server, upsert, { input: { id: made.project.id, name: "renamed" } })).toMatchObject({
    status: 400,
  });
  const found: string[] = [];
  for (let cursor: string | null = null, more = true; more; ) {
    const { models } = await wired(server, list, { entity, cursor, perPage: 1 });
    found.push(...models.edges.map(({ node }: { node: { name: string } }) => node.name));
    [cursor, more] = [models.pageInfo.endCursor, models.pageInfo.hasNextPage];
  }
  expect(found).toEqual(expect.arrayContaining(["demo", "made"]));
  const by = async (person: Person) =>
    (await wired(person, list, { entity })).models.edges.map(
      ({ node }: { node: { name: string } }) => node.name,
    );
  expect(await by(viewer)).toEqual(["demo"]);
  expect(await by(stranger)).toEqual([]);
});

test("W89: users are found by their whole name or address, and only those whom the caller may know", async () => {
  const users =
    "query SearchUsers($query: String) { users(query: $query) { edges { node { id name username email admin flags entity deletedAt apiKeys { edges { node { id } } } teams { edges { node { name } } } } } } }";
  expect((await wired(server, users, { query: "wanda" })).users.edges).toMatchObject([
    { node: { username: "wanda", entity: "wanda" } },
  ]);
  expect((await wired(stranger, users, { query: "wanda" })).users.edges).toEqual([]);
  expect((await wired(server, users, { query: "wan%" })).users.edges).toEqual([]);
});

const DELETE = "mutation DeleteRun($id: ID!) { deleteRun(input: {id: $id}) { clientMutationId } }";
const STOP = "mutation StopRun($id: ID!) { stopRun(input: {id: $id}) { success } }";
const STATE =
  "mutation UpdateRunState($input: UpdateRunStateInput!) { updateRunState(input: $input) { success } }";

test("W95: who may only look reads all and changes nothing; to a stranger there is nothing", async () => {
  const { id } = (await wired(server, RUN, at("a"))).project.run;
  expect((await wired(viewer, RUN, at("a"))).project.run.id).toBe(id);
  expect(
    (await wired(viewer, RUNS, { project: "demo", entity, filters: "{}" })).project.runCount,
  ).toBeGreaterThanOrEqual(3);
  expect(
    (await wired(viewer, ofRun("history logLines { edges { node { line } } }"), at("a"))).project.run.history,
  ).toHaveLength(20);
  expect((await wired(stranger, RUN, at("a"))).project).toBeNull();
  expect((await wired(stranger, RUNS, { project: "demo", entity, filters: "{}" })).project).toBeNull();
  for (const [document, variables] of [
    [DELETE, { id }],
    [STOP, { id }],
    [STATE, { input: { id, state: "failed" } }],
    [ALERT, alert("a", "no", 0)],
    [
      "mutation M($input: UpsertModelInput!) { upsertModel(input: $input) { inserted } }",
      { input: { name: "demo", entityName: entity, description: "mine" } },
    ],
  ] as const) {
    const byViewer = await wire(viewer, document, variables);
    expect([document.slice(0, 30), byViewer.status]).toEqual([
      document.slice(0, 30),
      expect.toSatisfy((status) => status === 403 || status === 400),
    ]);
    const byStranger = await wire(stranger, document, variables);
    expect([document.slice(0, 30), byStranger.status]).toEqual([
      document.slice(0, 30),
      expect.toSatisfy((status) => status === 403 || status === 404),
    ]);
  }
  expect((await wired(server, RUN, at("a"))).project.run).toMatchObject({ id, state: "finished" });
});

test("W96: a run is stopped, given up as failed and deleted by its id", async () => {
  for (const name of ["stopped", "given-up"])
    await wired(server, DOCUMENTS.upsertBucket, { name, entity, project: "demo", config: "{}" });
  const idOf = async (name: string) => (await wired(server, RUN, at(name))).project.run.id as string;
  expect((await wired(server, STOP, { id: await idOf("stopped") })).stopRun).toEqual({ success: true });
  expect((await stream(server, `${entity}/demo/stopped`, {})).body.stopped).toBe(true);
  const input = { id: await idOf("given-up"), state: "failed" };
  expect(await wire(server, STATE, { input: { ...input, state: "pending" } })).toMatchObject({ status: 400 });
  expect((await wired(server, STATE, { input })).updateRunState).toEqual({ success: true });
  expect((await wired(server, RUN, at("given-up"))).project.run.state).toBe("failed");
  expect(await wire(server, STATE, { input })).toMatchObject({ status: 400 });
  await wired(server, DELETE, { id: input.id });
  expect((await wired(server, RUN, at("given-up"))).project.run).toBeNull();
  for (const id of [input.id, "0", "1e9", "x' or 1=1", "99999999999999999999"])
    expect(await wire(server, DELETE, { id }), id).toMatchObject({ status: 404 });
});

const ALERT = `mutation NotifyScriptableRunAlert($entityName: String!, $projectName: String!, $runName: String!, $title: String!, $text: String!, $severity: AlertSeverity, $waitDuration: Duration) {
  notifyScriptableRunAlert(input: {entityName: $entityName, projectName: $projectName, runName: $runName, title: $title, text: $text, severity: $severity, waitDuration: $waitDuration}) { success } }`;
const alert = (runName: string, text: string, waitDuration: number, severity = "WARN") => ({
  entityName: entity,
  projectName: "demo",
  runName,
  title: "Loss",
  text,
  severity,
  waitDuration,
});

test("W97: an alert is a warning of its run; its title again within the wait is not", async () => {
  for (const [text, wait] of [
    ["one", 60_000],
    ["two", 60_000],
    ["three", 0],
  ] as const)
    expect((await wired(server, ALERT, alert("c", text, wait))).notifyScriptableRunAlert).toEqual({
      success: true,
    });
  await wired(server, ALERT, { ...alert("c", `long ${"x".repeat(2_000)}\0`, 60_000, "INFO"), title: "Lo" });
  const kept = await server.db.sql<{ message: string }[]>`
    select w.message from run_warnings w join runs r on r.id = w.run_id where r.name = 'c' and w.code = 'ALERT' order by w.at`;
  expect(kept.map(({ message }) => message.slice(0, 20))).toEqual([
    "Loss [WARN]: one",
    "Loss [WARN]: three",
    "Lo: long xxxxxxxxxxx",
  ]);
  expect(await wire(server, ALERT, alert("nobody", "x", 0))).toMatchObject({ status: 404 });
});
