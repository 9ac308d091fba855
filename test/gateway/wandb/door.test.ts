import { beforeAll, expect, test } from "vitest";
import { sharedServer, type TestServer } from "../../support/server";
import { DOCUMENTS, toBasic, wire } from "../../support/wire";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

test("W1: an operation without a name, or with an empty one, is run, by Basic credentials and by Bearer", async () => {
  const viewer = "query Viewer { viewer { id entity username flags teams { edges { node { name } } } } }";
  const byBasic = await wire(server, viewer);
  expect(byBasic).toMatchObject({ status: 200, data: { viewer: { entity: expect.any(String) } } });
  expect(JSON.parse(byBasic.data.viewer.flags)).toEqual({ code_saving_enabled: true });
  const byBearer = await wire(server, viewer, {}, { authorization: `Bearer ${server.key}` });
  expect(byBearer.data).toEqual(byBasic.data);
});

test("W2: links that the client prints lead to our own pages", async () => {
  for (const [path, to] of [
    ["/wandb/ada/digits/sweeps/abcdefgh", "/ada/digits/sweeps/abcdefgh"],
    ["/wandb/ada/digits/runs/abc", "/ada/digits/runs/abc"],
    ["/wandb/ada/digits/workspace", "/ada/digits"],
    ["/authorize?ref=models", "/settings"],
  ]) {
    const { status, headers } = await fetch(`${server.url}${path}`, { redirect: "manual" });
    expect([status, headers.get("location")]).toEqual([302, `${server.url}${to}`]);
  }
});

test("W2: a path that only looks like one of ours leads nowhere else", async () => {
  for (const path of ["/wandb//evil.example/x", "/wandb/%2f%2fevil.example", "/wandb/\\evil.example"]) {
    const { headers } = await fetch(`${server.url}${path}`, { redirect: "manual" });
    const to = headers.get("location");
    if (to !== null) expect(new URL(to).origin).toBe(server.url);
  }
});

test("W3: the telemetry's probe is answered with 404, without credentials", async () => {
  const { status } = await fetch(`${server.url}/wandb/sdk/otel/v1/metrics`, { method: "POST" });
  expect(status).toBe(404);
});

test("W4: an operation that nobody here knows is an error that lets the client go on", async () => {
  const { status, data, errors } = await wire(server, "query Strange { viewer { shoeSize } }");
  expect([status, data]).toEqual([200, null]);
  expect(errors?.[0]?.message).toMatch(/^besom does not know Strange: .*shoeSize/);
});

test("W5: what is wrong has a status that the client gives up at, and says what it is", async () => {
  expect(
    await wire(server, "{ viewer { id } }", {}, { authorization: toBasic(`besom-${"x".repeat(43)}`) }),
  ).toMatchObject({
    status: 401,
  });
  const post = (body: string) =>
    fetch(`${server.url}/wandb/graphql`, {
      method: "POST",
      body,
      headers: { authorization: toBasic(server.key) },
    });
  expect((await post("{")).status).toBe(400);
  expect((await post("[]")).status).toBe(400);
  expect((await post('{"query": 1}')).status).toBe(400);
  expect((await post('{"query": "{ viewer { id } }", "variables": "none"}')).status).toBe(400);
  const unknownAgent = await wire(server, 'mutation { agentHeartbeat(input: {id: "999999"}) { commands } }');
  expect(unknownAgent.status).toBe(404);
  const notANumber = await wire(server, 'mutation { agentHeartbeat(input: {id: "x"}) { commands } }');
  expect(notANumber.status).toBe(400);
});

test("W5: a document of any length or depth ends in an answer, soon", async () => {
  const deep = `{ viewer ${"{ teams { edges { node ".repeat(500)} { name } ${"} } }".repeat(500)} }`;
  expect((await wire(server, deep)).errors).toBeDefined();
  const wide = `{ ${Array.from({ length: 3_000 }, (_, i) => `v${i}: viewer { id }`).join(" ")} }`;
  expect((await wire(server, wide)).errors).toBeDefined();
  const commented = `{ viewer { id } } # ${"x".repeat(60_000)}`;
  expect((await wire(server, commented)).errors?.[0]?.message).toContain("60020 characters");
});

test("W5: a fragment counts wherever it is spread: 18 that are spread twice each are a million fields", async () => {
  const fragments = Array.from(
    { length: 18 },
    (_, i) =>
      `fragment F${i} on Project { name ${i < 17 ? `a: run(name: "x") { project { ...F${i + 1} } } b: run(name: "x") { project { ...F${i + 1} } }` : ""} }`,
  );
  const { errors } = await wire(server, `{ project(name: "x") { ...F0 } } ${fragments.join(" ")}`);
  expect(errors?.[0]?.message).toMatch(/it has \d+ fields and \d+ levels/);
});

test("W6: features are named, and every run's question about its organisation has an answer", async () => {
  const { data } = await wire(
    server,
    'query ServerFeaturesQuery { serverInfo { features { name isEnabled } } entity(name: "x") { organization { coreWeaveOrganizationId } } }',
  );
  expect(data.serverInfo.features).toContainEqual({ name: "STRUCTURED_CONSOLE_LOGS", isEnabled: true });
  expect(data.entity).toEqual({ organization: null });
});

test("W6: a client of before 0.20, which looks for types before it asks, finds those that it needs", async () => {
  const { data } = await wire(
    server,
    'query ProbeServerSettings { ServerSettingsType: __type(name: "ServerSettings") { fields { name } } ServerInfoType: __type(name: "ServerInfo") { fields { name } } }',
  );
  expect(data.ServerSettingsType.fields).toContainEqual({ name: "serverMessages" });
  expect(data.ServerInfoType.fields).toContainEqual({ name: "cliVersionInfo" });
});

test.each([
  ["a run's name", DOCUMENTS.upsertBucket, { name: "a\0b", project: "odd" }],
  ["an entity's name", "query ($name: String!) { entity(name: $name) { id } }", { name: "a\0" }],
  ["an agent's number", DOCUMENTS.heartbeat, { id: "3000000000", runState: "{}" }],
  [
    "prior runs",
    DOCUMENTS.upsertSweep,
    { config: "method: grid\nparameters: {a: {values: [1]}}", priorRunsFilters: '{"$or":5}' },
  ],
])(
  "W5: %s that can't be is a mistake of the caller's, which the client does not repeat",
  async (_, document, variables) => {
    expect((await wire(server, document, variables)).status).toBe(400);
  },
);
