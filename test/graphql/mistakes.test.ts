import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from "graphql";
import { beforeAll, expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

/** A caller's mistake is told to the caller: the server logs nothing (the shared server fails the file if it did). */
const started = sharedServer();
let server: TestServer;
let sweepId: string;
let runId: string;
beforeAll(async () => {
  server = started();
  const made = await withRuns(server, 1);
  sweepId = made.sweepId;
  runId = made.claims[0]?.runId ?? "";
});

const cursor = (position: unknown) => Buffer.from(JSON.stringify(position)).toString("base64url");
const codeOf = async (query: string, variables?: Record<string, unknown>) => {
  const { data, errors } = await send<Record<string, { error?: { code: string } | null } | null>>(
    server,
    query,
    variables,
  );
  const [payload] = Object.values(data ?? {});
  return errors?.[0]?.extensions.code ?? payload?.error?.code ?? "none";
};

test.each([
  ["projects", [-9_007_199_254_740_991]],
  ["projects", [2_147_483_648]],
  ["projects", ["1"]],
  ["projects", {}],
  ["sweeps", [8_640_000_000_000_001, "aaaaaaaa"]],
  ["sweeps", [-8_640_000_000_000_000, "aaaaaaaa"]],
  ["sweeps", [1, "\0"]],
  ["runs", [1e300]],
  ["runs", [1, "x"]],
  ["output", [99_999_999_999, 1]],
  ["output", [1, -1]],
])("no row of %s stands at %j", async (list, position) => {
  const after = cursor(position);
  const page = `(after: "${after}") { pageInfo { hasNextPage } }`;
  const query = {
    projects: `{ projects${page} }`,
    sweeps: `{ project(name: "test") { sweeps${page} } }`,
    runs: `{ sweep(id: "${sweepId}") { runs${page} } }`,
    output: `{ run(id: "${runId}") { output${page} } }`,
  }[list];
  expect(await codeOf(query ?? "")).toBe("BAD_INPUT");
});

test("numbers beyond PostgreSQL's integer belong to no agent and no key", async () => {
  const id = "9007199254740991";
  const codes = [
    await codeOf(
      `mutation { claimRun(input: {sweepId: "${sweepId}", agentId: "${id}"}) { error { code } } }`,
    ),
    await codeOf(`mutation { heartbeat(input: {agentId: "${id}", attempts: []}) { error { code } } }`),
    await codeOf(`mutation { leaveAgent(input: {agentId: "${id}"}) { error { code } } }`),
    await codeOf(`mutation { revokeApiKey(input: {keyId: "${id}"}) { error { code } } }`),
    await codeOf(`{ agent(id: "${id}") { id } }`),
  ];
  expect(codes).toEqual(Array(5).fill("BAD_INPUT"));
  expect(await codeOf(`mutation { stopRun(input: {runId: "${id}"}) { error { code } } }`)).toBe("NOT_FOUND");
});

test.each(["+275760-09-13T00:00:00Z", "-000001-01-01T00:00:00Z", "tomorrow"])(
  "%s is no moment",
  async (time) => {
    const codes = [
      await codeOf(`mutation { createApiKey(input: {name: "x", expiresAt: "${time}"}) { error { code } } }`),
      await codeOf(
        'mutation($t: DateTime) { createApiKey(input: {name: "x", expiresAt: $t}) { error { code } } }',
        {
          t: time,
        },
      ),
    ];
    expect(codes).toEqual(["BAD_INPUT", "BAD_INPUT"]);
  },
);

test("a subscription by POST is told where subscriptions are served", async () => {
  const { status, errors } = await send(
    server,
    `subscription { sweepChanged(sweepId: "${sweepId}") { id } }`,
  );
  expect([status, errors?.[0]?.extensions.code, errors?.[0]?.message]).toEqual([
    400,
    "BAD_INPUT",
    expect.stringContaining("WebSocket"),
  ]);
});

/** A value for an input, with `odd` wherever text is taken. */
function fill(type: GraphQLInputType, odd: string): unknown {
  const inner = getNullableType(type);
  if (isListType(inner)) return [fill(inner.ofType, odd)];
  if (isInputObjectType(inner)) {
    return Object.fromEntries(
      Object.values(inner.getFields())
        .filter((field) => isNonNullType(field.type) || getNamedType(field.type).name === "String")
        .map((field) => [field.name, fill(field.type, odd)]),
    );
  }
  if (isScalarType(inner)) {
    const values: Record<string, unknown> = {
      ID: "1",
      Int: 1,
      Float: 1,
      Boolean: true,
      DateTime: "2026-01-01T00:00:00Z",
    };
    if (inner.name === "String") return odd;
    if (inner.name === "JSON") return { method: "grid", name: odd, parameters: { [odd]: { values: [odd] } } };
    if (inner.name === "MetricBatch")
      return { attempt: 1, batch: 1, steps: [1], times: [1], series: [{ key: odd, values: [odd] }] };
    return values[inner.name];
  }
  return "getValues" in inner ? inner.getValues()[0]?.name : undefined;
}

/** One text at a time, so that the check of one does not stand before the lack of another. */
function* oneOdd(field: GraphQLArgument | GraphQLInputField, odd: string): Generator<unknown> {
  const inner = getNullableType(field.type);
  if (!isInputObjectType(inner)) return yield fill(field.type, odd);
  const texts = Object.values(inner.getFields()).filter(({ type }) => getNamedType(type).name !== "ID");
  for (const { name } of texts) {
    const input: Record<string, unknown> = {};
    for (const other of Object.values(inner.getFields())) {
      if (other.name === name) input[other.name] = fill(other.type, odd);
      else if (other.name === "sweepId") input.sweepId = sweepId;
      else if (other.name === "runId") input.runId = runId;
      else if (other.name === "keyId")
        input.keyId = "999999"; // number 1 is the one these tests come with
      else if (isNonNullType(other.type)) input[other.name] = fill(other.type, "x");
    }
    yield input;
  }
}

const fieldsOf = (kind: "mutation" | "query", type: GraphQLObjectType | null | undefined) =>
  Object.values(type?.getFields() ?? {}).map((field) => ({ kind, name: field.name, field }));

test.each([...fieldsOf("mutation", schema.getMutationType()), ...fieldsOf("query", schema.getQueryType())])(
  "no text with a NUL in it is a bug of ours: $kind $name",
  async ({ kind, field }) => {
    for (const arg of field.args) {
      for (const value of oneOdd(arg, "a\0b")) {
        const required = field.args
          .filter((other) => other !== arg && isNonNullType(other.type))
          .map((other) => [other, fill(other.type, "x")] as const);
        const given = [[arg, value] as const, ...required];
        const heads = given.map(([{ name, type }]) => `$${name}: ${type}`).join(", ");
        const args = given.map(([{ name }]) => `${name}: $${name}`).join(", ");
        const variables = Object.fromEntries(given.map(([{ name }, v]) => [name, v]));
        const code = await codeOf(`${kind}(${heads}) { ${field.name}(${args}) { __typename } }`, variables);
        expect([field.name, variables, code]).not.toEqual([field.name, variables, "INTERNAL"]);
      }
    }
  },
);

test("no text with a NUL in it is a bug of ours, below a run either", async () => {
  const query = "query($id: ID!, $keys: [String!]) { run(id: $id) { history(keys: $keys) { keys } } }";
  expect(await codeOf(query, { id: runId, keys: ["a\0b"] })).toBe("BAD_INPUT");
  for (const path of [`name: "a\\u0000b"`, `entity: "a\\u0000b", name: "x"`])
    expect(await codeOf(`{ project(${path}) { id } }`)).toBe("BAD_INPUT");
  expect(await codeOf(`{ run(project: "test", name: "a\\u0000b") { id } }`)).toBe("BAD_INPUT");
  expect(await ask(server, "{ viewer { admin } }")).toEqual({ viewer: { admin: true } });
});
