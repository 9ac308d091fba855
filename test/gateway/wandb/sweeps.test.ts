import { beforeAll, expect, test } from "vitest";
import { addPerson } from "../../support/people";
import { ask, sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, wire, wired } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const FILE =
  "method: grid\nmetric:\n  goal: minimize\n  name: loss\nparameters:\n  lr:\n    values:\n    - 0.1\n    - 1.0\nprogram: train.py\n";
let made = 0;
const create = (more: Record<string, unknown> = {}) =>
  wire(server, DOCUMENTS.upsertSweep, {
    ...{ config: `# ${made++}\n${FILE}`, projectName: "made", templateVariableValues: "null" },
    ...more,
  });

test("W20: a sweep keeps its file word for word, waits, and has what its client reads", async () => {
  const { data } = await create({ config: FILE, projectName: "first" });
  const { name, project } = data.upsertSweep.sweep;
  expect(name).toMatch(/^[a-z0-9]{8}$/);
  expect(project).toMatchObject({ name: "first", entity: { name: expect.any(String) } });
  expect(data.upsertSweep.configValidationWarnings).toEqual([]);
  const read = await wired(server, DOCUMENTS.sweepWithRuns, { project: "first", sweep: name, specs: "{}" });
  expect(read.project.sweep).toMatchObject({
    name,
    state: "PENDING",
    method: "grid",
    config: FILE,
    runs: { edges: [] },
  });
});

test("W21: the same by the same key within a minute is the same sweep, also at once; by another key it is another", async () => {
  const config = `# same\n${FILE}`;
  const answers = await Promise.all(Array.from({ length: 5 }, () => create({ config, projectName: "same" })));
  const names = new Set(answers.map(({ data }) => data.upsertSweep.sweep.name));
  expect(names.size).toBe(1);
  expect((await create({ config, projectName: "same" })).data.upsertSweep.sweep.name).toBe([...names][0]);
  expect((await create({ config, projectName: "other" })).data.upsertSweep.sweep.name).not.toBe(
    [...names][0],
  );
  const ada = await addPerson(server, "ada");
  const hers = await wire(ada, DOCUMENTS.upsertSweep, { config, projectName: "same" });
  expect(names.has(hers.data.upsertSweep.sweep.name)).toBe(false);
});

test("W22: a file with a mistake is refused with its line, and nothing is made", async () => {
  const count = async () => (await server.db.sql`select count(*)::int as n from sweeps`)[0]?.n;
  const before = await count();
  const { status, errors } = await create({
    config: "method: grid\nparameters:\n  lr: {min: 0.0, max: 1.0}\n",
  });
  expect(status).toBe(400);
  expect(errors?.[0]?.message).toMatch(/lr/);
  expect(await count()).toBe(before);
});

test("W23: states are asked for as W&B spells them; a sweep that has begun keeps its parameters", async () => {
  const { data } = await create();
  const { id, name } = data.upsertSweep.sweep;
  const to = (state: string) => wire(server, DOCUMENTS.upsertSweep, { id, state });
  const stateOf = async () =>
    (await wired(server, DOCUMENTS.sweepWithRuns, { project: "made", sweep: name, specs: "{}" })).project
      .sweep.state;
  for (const [asked, is] of [
    ["PAUSED", "PAUSED"],
    ["RUNNING", "RUNNING"],
    ["FINISHED", "FINISHED"],
  ] as const) {
    expect((await to(asked)).status).toBe(200);
    expect(await stateOf()).toBe(is);
  }
  expect((await to("CANCELED")).status).toBe(400);
  expect((await to("SLEEPING")).errors?.[0]?.message).toMatch(/SLEEPING/);
});

test("W24: without a word of retries there are none; with one it counts", async () => {
  const retriesOf = async (config: string): Promise<number> => {
    const { data } = await create({ config });
    const [row] = await server.db.sql<{ retries: number }[]>`
      select (config ->> 'retries')::int as retries from sweep_generations where sweep_id = ${data.upsertSweep.sweep.name}`;
    return row?.retries ?? -1;
  };
  expect(await retriesOf(`# none\n${FILE}`)).toBe(0);
  expect(await retriesOf(`# three\nretries: 3\n${FILE}`)).toBe(3);
  const { createSweep } = await ask<{ createSweep: { sweep: { id: string } } }>(
    server,
    "mutation ($input: CreateSweepInput!) { createSweep(input: $input) { sweep { id } } }",
    { input: { source: FILE, project: "made" } },
  );
  const [ours] = await server.db.sql`
    select (config ->> 'retries')::int as retries from sweep_generations where sweep_id = ${createSweep.sweep.id}`;
  expect(ours?.retries).toBeGreaterThan(0);
});

test("W24: what somebody may not see is not there, and what somebody may not change stays", async () => {
  const { data } = await create();
  const { id, name } = data.upsertSweep.sweep;
  const eve = await addPerson(server, "eve");
  const [root] = await server.db.sql<
    { name: string }[]
  >`select e.name from users u join entities e on e.id = u.entity_id where u.admin limit 1`;
  const seen = await wire(eve, DOCUMENTS.sweepWithRuns, {
    entity: root?.name,
    project: "made",
    sweep: name,
    specs: "{}",
  });
  expect(seen.data.project).toBeNull();
  expect((await wire(eve, DOCUMENTS.upsertSweep, { id, state: "CANCELED" })).status).toBe(404);
  expect((await wire(eve, DOCUMENTS.createAgent, { host: "h", sweep: name })).status).toBe(404);
});
