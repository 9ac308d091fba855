import { beforeAll, expect, test } from "vitest";
import { ask, sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, historyLines, stream, wire, wired } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
let entity: string;
beforeAll(async () => {
  server = started();
  entity = (await wired(server, "{ viewer { entity } }")).viewer.entity;
});

const init = async (name: string, more: Record<string, unknown> = {}) =>
  (
    await wired(server, DOCUMENTS.upsertBucket, {
      name,
      project: "stream",
      entity,
      host: "vm",
      config: "{}",
      ...more,
    })
  ).upsertBucket;
const send = (name: string, body: object) => stream(server, `${entity}/stream/${name}`, body);
const history = (name: string, offset: number, content: readonly string[]) =>
  send(name, { files: { "wandb-history.jsonl": { offset, content } } });
const runOf = async (name: string) =>
  (
    await server.db.sql<
      { id: number; state: string; attempt: number; exitCode: number | null; params: unknown }[]
    >`
      select r.id, r.state, r.attempt, r.exit_code as "exitCode", r.params::text::json as params
      from runs r join projects p on p.id = r.project_id where r.name = ${name} and p.name = 'stream'`
  )[0];
const summaryOf = async (name: string, metric: string) =>
  (
    await server.db.sql`
      select s.count::int, s.non_finite::int as "nonFinite", s.first, s.last, s.last_other as other
      from metric_summaries s join metrics m on m.id = s.metric_id join runs r on r.id = s.run_id and r.attempt = s.attempt
      where r.name = ${name} and m.name = ${metric}`
  )[0];

test("W50: lines are taken once, whole or in part, however often they come", async () => {
  await init("once");
  const lines = historyLines(0, [5, 4, 3, 2]);
  await history("once", 0, lines.slice(0, 2));
  await history("once", 0, lines.slice(0, 2));
  await history("once", 1, lines.slice(1));
  const together = await Promise.all(Array.from({ length: 4 }, () => history("once", 0, lines)));
  expect(together.every(({ status }) => status === 200 || status === 503)).toBe(true);
  expect(await summaryOf("once", "loss")).toMatchObject({ count: 4, first: 5, last: 2 });
  expect((await init("once")).bucket.historyLineCount).toBe(4);
});

test("W51: nested values have dotted names, what is no number is kept, and a line that can't be read costs no other", async () => {
  await init("odd");
  await history("odd", 0, [
    '{"_step":0,"d":{"x":1,"y":{"z":2}},"bad":NaN,"up":Infinity,"text":"hello","yes":true,"list":[1,2]}',
    "this is no JSON",
    '{"_step":1,"d":{"x":3},"bad":1.5,"picture":{"_type":"image-file","path":"media/a.png"}}',
  ]);
  expect(await summaryOf("odd", "d.x")).toMatchObject({ count: 2, last: 3 });
  expect(await summaryOf("odd", "d.y.z")).toMatchObject({ count: 1, last: 2 });
  expect(await summaryOf("odd", "bad")).toMatchObject({ count: 1, nonFinite: 1 });
  expect(await summaryOf("odd", "up")).toMatchObject({ count: 0, nonFinite: 1 });
  expect(await summaryOf("odd", "text")).toMatchObject({ other: '"hello"' });
  expect(JSON.parse((await summaryOf("odd", "picture"))?.other)).toEqual({
    _type: "image-file",
    path: "media/a.png",
  });
  expect((await init("odd")).bucket.historyLineCount).toBe(3);
});

test("W51: a body of ten thousand lines and three hundred names is taken whole", async () => {
  await init("wide");
  const names = Array.from({ length: 300 }, (_, i) => `"m${i}":${i}`).join(",");
  const content = Array.from({ length: 10_000 }, (_, i) =>
    i % 100 === 0 ? `{"_step":${i},${names}}` : `{"_step":${i},"loss":${i}}`,
  );
  expect((await history("wide", 0, content)).status).toBe(200);
  expect(await summaryOf("wide", "loss")).toMatchObject({ count: 9_900, last: 9_999 });
  expect(await summaryOf("wide", "m299")).toMatchObject({ count: 100, last: 299 });
});

test("W52: how it ended: 0 is finished, 255 an interrupt, all else failed; said again it changes nothing", async () => {
  for (const [exitcode, state] of [
    [0, "finished"],
    [255, "killed"],
    [3, "failed"],
  ] as const) {
    await init(`ends-${exitcode}`);
    await send(`ends-${exitcode}`, { complete: true, exitcode });
    expect((await send(`ends-${exitcode}`, { complete: true, exitcode })).status).toBe(200);
    expect(await runOf(`ends-${exitcode}`)).toMatchObject({ state, exitCode: exitcode });
  }
});

test("W53: output comes once and in order, by stream, and a progress bar goes on in its line", async () => {
  await init("prints");
  const log = (offset: number, ...lines: [string, string?][]) =>
    send("prints", {
      files: {
        "output.log": {
          offset,
          content: lines.map(([content, level]) =>
            JSON.stringify({ ts: "2026-11-23T21:32:10.1", content, ...(level && { level }) }),
          ),
        },
      },
    });
  await log(0, ["hello"], ["10%"]);
  await log(1, ["100%"], ["oops", "error"]);
  await log(1, ["100%"], ["oops", "error"]);
  const chunks = await server.db.sql<{ stream: string; text: string }[]>`
    select stream, text from output_chunks where run_id = ${(await runOf("prints"))?.id ?? 0} order by batch, piece`;
  const text = chunks.map((chunk) => chunk.text).join("");
  expect(text.split("\n").map((line) => line.split("\r").at(-1))).toEqual(["hello", "100%", "oops"]);
  expect(chunks.find((chunk) => chunk.text.includes("oops"))?.stream).toBe("stderr");
});

test("W54: system samples land where our own do, under our names where both mean the same", async () => {
  await init("machine");
  const content = [
    '{"_wandb":true,"_timestamp":1.79e+09,"system.cpu":25.4,"system.gpu.0.temp":60,"system.memory_percent":6.2}',
  ];
  for (let i = 0; i < 2; i++)
    await send("machine", { files: { "wandb-events.jsonl": { offset: 0, content } } });
  const rows = await server.db.sql<{ values: Record<string, number> }[]>`
    select values from system_samples where run_id = ${(await runOf("machine"))?.id ?? 0}`;
  expect(rows.map(({ values }) => values)).toEqual([
    { "cpu.machine": 25.4, "gpu.0.temperature": 60, "memory.machine": 6.2 },
  ]);
});

test("W55: a run of a sweep whose metric is in its summary alone has it as its last point", async () => {
  const config =
    "# summary\nmethod: grid\nmetric: {name: loss, goal: minimize}\nparameters: {lr: {values: [1, 2]}}\n";
  const { upsertSweep } = await wired(server, DOCUMENTS.upsertSweep, { config, projectName: "stream" });
  const { createAgent } = await wired(server, DOCUMENTS.createAgent, {
    host: "h",
    sweep: upsertSweep.sweep.name,
  });
  const beat = await wired(server, DOCUMENTS.heartbeat, { id: createAgent.agent.id, runState: "{}" });
  const [{ run_id: name }] = JSON.parse(beat.agentHeartbeat.commands);
  await init(name);
  const body = {
    files: { "wandb-summary.json": { offset: 0, content: ['{"_step":3,"loss":{"min":0.125},"other":1}'] } },
    ...{ complete: true, exitcode: 0 },
  };
  for (let i = 0; i < 2; i++) await send(name, body);
  const [row] = await server.db.sql`select objective, state from runs where name = ${name}`;
  expect(row).toEqual({ objective: 0.125, state: "finished" });
  expect(await summaryOf(name, "loss")).toMatchObject({ count: 1 });
});

test("W56: a run that was given up for its silence lives again when it speaks", async () => {
  await init("silent");
  await server.db.sql`
    with a as (update attempts set state = 'crashed', reason = 'silent', ended_at = now() where run_id = ${(await runOf("silent"))?.id ?? 0})
    update runs set state = 'crashed', state_reason = 'silent', finished_at = now() where name = 'silent'`;
  await history("silent", 0, historyLines(0, [1]));
  expect(await runOf("silent")).toMatchObject({ state: "running", attempt: 1 });
});

test("W57: a run that is not there is a 404, and a body that is none a 400", async () => {
  expect((await send("nobody", {})).status).toBe(404);
  await init("body");
  const response = await fetch(`${server.url}/wandb/files/${entity}/stream/body/file_stream`, {
    method: "POST",
    body: "nonsense",
    headers: { authorization: `Bearer ${server.key}` },
  });
  expect(response.status).toBe(400);
});

test("W30: config is wrapped and kept with what the client keeps for itself, parameters are what its user knows", async () => {
  await init("config", {
    config: '{"lr":{"value":1.0},"nested":{"value":{"a":1}},"_wandb":{"value":{"t":{"1":[1]}}}}',
    displayName: "first try",
    tags: ["a", "b"],
    notes: "looks good",
    groupName: "g",
  });
  expect((await runOf("config"))?.params).toEqual({ lr: 1, nested: { a: 1 } });
  const [stored] = await server.db.sql<{ text: string }[]>`
    select k.config::text as text from run_records k join runs r on r.id = k.run_id where r.name = 'config'`;
  expect(stored?.text).toContain('"lr": {"value": 1.0}');
  // Null is "as it was".
  await init("config", { config: null, displayName: null, tags: ["b", "c"] });
  const [row] = await server.db.sql`
    select display_name, array(select tag from run_tags t where t.run_id = r.id order by tag) as tags,
      (select text from run_notes n where n.run_id = r.id) as notes
    from runs r where r.name = 'config'`;
  expect(row).toEqual({ display_name: "first try", tags: ["b", "c"], notes: "looks good" });
});

test("W33: the same run asked for many times at once is one run", async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => init("together")));
  expect(new Set(all.map(({ bucket }) => bucket.id)).size).toBe(1);
  expect(all.filter(({ inserted }) => inserted)).toHaveLength(1);
});

test("W34: gone on with, its history is both; done again, it is the second alone", async () => {
  for (const [name, from] of [
    ["on", 2],
    ["anew", 0],
  ] as const) {
    await init(name);
    await history(name, 0, historyLines(0, [10, 11]));
    await send(name, { complete: true, exitcode: 0 });
    const again = await init(name);
    expect(again).toMatchObject({ inserted: false, bucket: { historyLineCount: 2 } });
    await history(name, 2, historyLines(from, [20, 21]));
    const run = await runOf(name);
    expect(run).toMatchObject({ state: "running", attempt: 2 });
    expect(await summaryOf(name, "loss")).toMatchObject(
      from === 2 ? { count: 4, first: 10, last: 21 } : { count: 2, first: 20 },
    );
    await send(name, { complete: true, exitcode: 0 });
  }
});

test("W35: what the client's API writes about a run that is over does not begin it again", async () => {
  const { bucket } = await init("over");
  await send("over", { complete: true, exitcode: 0 });
  await wire(
    server,
    DOCUMENTS.upsertBucket,
    { id: bucket.id, config: '{"note":{"value":1}}', tags: ["late"] },
    { "user-agent": "W&B Public Client 0.31.0" },
  );
  expect(await runOf("over")).toMatchObject({ state: "finished", attempt: 1, params: { note: 1 } });
});

test("W37: a run that never began does not exist for who wants to go on with it", async () => {
  const ask = async (name: string) =>
    (await wired(server, DOCUMENTS.runResumeStatus, { project: "stream", entity, name })).model.bucket;
  expect(await ask("never")).toBeNull();
  await init("waits");
  expect((await ask("waits")).wandbConfig).toBe("{}");
  await init("began", { config: '{"_wandb":{"value":{"t":{"1":[5]}}}}' });
  await history("began", 0, historyLines(0, [1, 2]));
  const began = await ask("began");
  expect(JSON.parse(began.wandbConfig)).toHaveProperty("t");
  expect(began.historyLineCount).toBe(2);
  const tail = JSON.parse(began.historyTail) as string[];
  expect(JSON.parse(tail.at(-1) ?? "{}")).toMatchObject({ _step: 1 });
  expect(JSON.parse(began.summaryMetrics)).toMatchObject({ _step: 1, loss: 2 });
  expect(began.summaryMetrics).not.toMatch(/"_step":1\.0/);
});

test("W38: the key that our own agent gives to a run speaks for that run, whatever id it is used with, and for no other", async () => {
  const { createRun } = await ask<{ createRun: { run: { id: string; name: string }; apiKey: string } }>(
    server,
    "mutation ($input: CreateRunInput!) { createRun(input: $input) { run { id name } apiKey } }",
    { input: { project: "stream", name: "by-key" } },
  );
  const own = { url: server.url, key: createRun.apiKey };
  expect((await wired(own, "{ viewer { entity } }")).viewer.entity).toBe(entity);
  await init("not-mine");
  for (const name of ["by-key", "not-mine", "anything"]) {
    const { upsertBucket } = await wired(own, DOCUMENTS.upsertBucket, {
      name,
      project: "elsewhere",
      entity,
      config: "{}",
    });
    expect(upsertBucket).toMatchObject({
      inserted: false,
      bucket: { id: createRun.run.id, project: { name: "stream" } },
    });
  }
  const { model } = await wired(own, DOCUMENTS.runResumeStatus, {
    project: "stream",
    entity,
    name: "by-key",
  });
  expect(model.bucket.id).toBe(createRun.run.id);
  await stream(own, `${entity}/stream/not-mine`, {
    files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [7]) } },
  });
  expect(await summaryOf("by-key", "loss")).toMatchObject({ count: 1, last: 7 });
  expect(await summaryOf("not-mine", "loss")).toBeUndefined();
  const list = await wire(own, '{ project(name: "stream") { runs { edges { node { name } } } } }');
  expect(list.data?.project?.runs?.edges ?? []).toEqual([{ node: { name: "by-key" } }]);
  const sweep = await wire(own, DOCUMENTS.upsertSweep, {
    config: "method: random\nparameters: {x: {min: 0.0, max: 1.0}}\n",
  });
  expect(sweep.status).toBe(403);
});

test("W34: begun again and ended without a step, a run keeps the history that it had; config alone begins nothing", async () => {
  await init("later");
  await history("later", 0, historyLines(0, [10, 11]));
  await send("later", { complete: true, exitcode: 0 });
  await init("later", { host: null, config: '{"a":{"value":1}}' });
  expect(await runOf("later")).toMatchObject({ state: "finished", attempt: 1 });
  await init("later");
  await send("later", { files: { "wandb-summary.json": { offset: 0, content: ['{"accuracy":1}'] } } });
  await send("later", { complete: true, exitcode: 0 });
  expect(await runOf("later")).toMatchObject({ state: "finished", attempt: 2 });
  expect(await summaryOf("later", "loss")).toMatchObject({ count: 2, first: 10, last: 11 });
  const { project } = await wired(
    server,
    '{ project(name: "stream") { run(name: "later") { historyKeys history historyTail } } }',
  );
  expect(project.run.historyKeys.lastStep).toBe(1);
  expect(project.run.history).toHaveLength(2);
  expect(JSON.parse(project.run.historyTail)).toHaveLength(2);
});

test("W34: done anew, a run is the second alone also when its lines come in several pieces", async () => {
  await init("pieces");
  await history("pieces", 0, historyLines(0, [1, 2]));
  await send("pieces", { complete: true, exitcode: 0 });
  await init("pieces");
  const many = Array.from({ length: 10_001 }, (_, i) => i);
  await history("pieces", 2, historyLines(0, many));
  expect(await summaryOf("pieces", "loss")).toMatchObject({ count: 10_001, first: 0, last: 10_000 });
});

const names = (count: number, before: string) =>
  Array.from({ length: count }, (_, i) => `"${before}${i}":1`).join();
test.each([
  ["a step beyond all integers", ['{"_step":1e300,"a":1}']],
  ["a step of a half", ['{"_step":1.5,"a":1}']],
  ["a time beyond all dates", ['{"_step":1,"_timestamp":1e300,"a":1}']],
  ["names that can't be stored", ['{"_step":1,"a\\u0000":1,"b\\ud800":1,"a":1}']],
  ["more names than a batch has in one line", [`{"_step":1,"a":1,${names(10_001, "k")}}`]],
  ["and in several", [0, 1, 2].map((i) => `{"_step":${i},"a":1,${names(4_000, `k${i}-`)}}`)],
  ["a text larger than a batch", [`{"_step":1,"a":1,"text":"${"x".repeat(9_000_000)}"}`]],
])("W58: %s costs nothing else of its stream", async (what, content) => {
  const name = what.replaceAll(/[^a-z]/g, "-");
  await init(name);
  expect(await history(name, 0, content)).toEqual({ status: 200, body: { stopped: false } });
  expect(await summaryOf(name, "a")).toMatchObject({ count: content.length, last: 1 });
});

test.each([
  ["wandb-summary.json", '{"a":"\\u0000\\u0000","b":"\\ud800\\ud800x"}'],
  ["wandb-summary.json", `{"a":${"[".repeat(300)}${"]".repeat(300)}}`],
  ["wandb-events.jsonl", `{"_timestamp":1.7e9,${names(300, "system.disk.")}}`],
  ["wandb-events.jsonl", '{"_timestamp":1.7e19,"system.cpu":1,"system.a\\u0000":1}'],
  ["output.log", '{"ts":"+275760-01-01T00:00:00","content":"a\\ud800\\u0000"}'],
])("W58: what can't be kept of %s ends no stream (%#)", async (file, line) => {
  await init("unkept");
  const body = { files: { [file]: { offset: 0, content: [line] } } };
  expect((await send("unkept", body)).status).toBe(200);
});

test("W58: words that can't be stored are mended, too long ones cut, too many left out", async () => {
  const { inserted } = await init("words", {
    ...{ displayName: `a\0${"x".repeat(600)}`, notes: "a\ud800", groupName: "g".repeat(2_000) },
    tags: ["a\0", ...Array.from({ length: 150 }, (_, i) => `t${i}`)],
    config: '{"a":{"value":"\\u0000\\u0000"}}',
  });
  expect(inserted).toBe(true);
  const [row] = await server.db.sql`
    select length(display_name)::int as name, (select count(*)::int from run_tags t where t.run_id = r.id) as tags from runs r where r.name = 'words'`;
  expect(row).toEqual({ name: 500, tags: 100 });
});

test.each([["5"], [0.5], [-1], [9e15], [2 ** 31]])(
  "W57: lines from number %j on are a mistake",
  async (offset) => {
    await init("numbers");
    expect((await history("numbers", offset as number, historyLines(0, [1]))).status).toBe(400);
    expect((await history("numbers", 0, [1] as unknown as string[])).status).toBe(400);
  },
);

test("W52: an exit code that Windows writes without a sign is an exit code", async () => {
  await init("windows");
  expect((await send("windows", { complete: true, exitcode: 3_221_225_477 })).status).toBe(200);
  expect(await runOf("windows")).toMatchObject({ state: "failed", exitCode: -1_073_741_819 });
});

test("W38: a key that may only read changes nothing, not even whether a run has begun", async () => {
  const config = "# read\nmethod: grid\nparameters: {lr: {values: [1, 2]}}\n";
  const { upsertSweep } = await wired(server, DOCUMENTS.upsertSweep, { config, projectName: "stream" });
  const sweep = upsertSweep.sweep.name;
  const { createAgent } = await wired(server, DOCUMENTS.createAgent, { host: "h", sweep });
  const { id } = createAgent.agent;
  const beat = await wired(server, DOCUMENTS.heartbeat, { id, runState: "{}" });
  const [{ run_id: name }] = JSON.parse(beat.agentHeartbeat.commands);
  const { createApiKey } = await ask<{ createApiKey: { key: string } }>(
    server,
    'mutation { createApiKey(input: {name: "reader", scope: read}) { key } }',
  );
  const reader = { url: server.url, key: createApiKey.key };
  const path = `${entity}/stream/${name}`;
  const body = { files: { "wandb-history.jsonl": { offset: 0, content: historyLines(0, [1]) } } };
  const said = { name, project: "stream", entity, host: "vm", config: "{}" };
  expect((await stream(reader, path, {})).status).toBe(403);
  expect((await stream(reader, path, body)).status).toBe(403);
  expect((await stream(reader, path, { complete: true, exitcode: 0 })).status).toBe(403);
  expect((await wire(reader, DOCUMENTS.upsertBucket, said)).status).toBe(403);
  expect((await wire(reader, DOCUMENTS.upsertBucket, { ...said, name: "new" })).status).toBe(403);
  expect((await wire(reader, DOCUMENTS.heartbeat, { id, runState: "{}" })).status).toBe(403);
  expect((await wire(reader, DOCUMENTS.createAgent, { host: "h", sweep })).status).toBe(403);
  expect((await wire(reader, DOCUMENTS.upsertSweep, { id: sweep, state: "PAUSED" })).status).toBe(403);
  expect(
    (await wire(reader, DOCUMENTS.upsertSweep, { config: `${config}#`, projectName: "stream" })).status,
  ).toBe(403);
  const [row] = await server.db.sql`select seen from wire_attempts where wire_name = ${name}`;
  expect(row).toEqual({ seen: false });
  await wired(server, DOCUMENTS.upsertBucket, said);
  await stream(server, path, { complete: true, exitcode: 0 });
  expect((await wire(reader, DOCUMENTS.upsertBucket, said)).status).toBe(403);
  expect((await stream(reader, path, body)).status).toBe(403);
  expect((await stream(reader, path, { uploaded: ["a"] })).status).toBe(200);
});

test.skipIf(process.env.BESOM_CI === "brief")(
  "W90: a request that asks for a million lines of history is refused, before they are all in memory",
  async () => {
    await init("long");
    await history("long", 0, historyLines(0, Array(20_000).fill(1)));
    const times = (count: number) =>
      Array.from({ length: count }, (_, i) => `h${i}: history(samples: 100000)`).join(" ");
    const asking = (count: number) => `{ project(name: "stream") { run(name: "long") { ${times(count)} } } }`;
    expect((await wire(server, asking(2))).data.project.run.h1).toHaveLength(20_000);
    const { status, errors } = await wire(server, asking(60));
    expect([status, errors?.[0]?.extensions?.code]).toEqual([400, "QUERY_TOO_LARGE"]);
  },
);
