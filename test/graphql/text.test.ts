import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { addPerson } from "../support/people";
import { send, sharedServer, type TestServer } from "../support/server";
import { gridOf, withRuns } from "../support/sweeps";

/** PostgreSQL holds neither NUL nor half of a surrogate pair. Wherever the schema takes text, such text ends in data or in a clear error. */

const BAD = ["\0", "a\0b", "\uD800", "\uDC00b", "x".repeat(100_000)];

const started = sharedServer();
let server: TestServer;
let key: string;
/** What else a field needs, by the argument's name, so that the bad text gets as far as it can. */
let good: Record<string, unknown>;
beforeAll(async () => {
  server = started();
  const { sweepId, agentId, claims } = await withRuns(server, 1);
  const runId = claims[0]?.runId;
  // Not the server's own key: some verbs take a caller's sessions and names away.
  key = (await addPerson(server, "clumsy", { admin: true })).key;
  good = { sweepId, agentId, runId, runIds: [runId], id: runId, attempt: 1, batch: 1, state: "finished" };
  Object.assign(good, {
    source: gridOf(1),
    host: "h",
    name: "n",
    project: "test",
    entity: "local",
    keys: ["loss"],
  });
  Object.assign(good, {
    user: "local",
    role: "viewer",
    text: "t",
    password: "a long enough password",
    add: [],
  });
  Object.assign(good, {
    keyId: "999",
    sessionId: "999",
    projectId: "999",
    invitationId: "999",
    confirm: "x",
  });
  Object.assign(good, { team: "nobodys", userCode: "BCDF-GHJK", approve: false, lines: [], attempts: [] });
});

type Input = GraphQLArgument | GraphQLInputField;
const takesText = ({ type }: Input) => ["String", "ID"].includes(getNamedType(type).name);
const needs = (input: Input) => isNonNullType(input.type) || ["project", "source"].includes(input.name);
const wrapped = ({ type }: Input, value: string) => (isListType(getNullableType(type)) ? [value] : value);

/** The field with what it needs, and `text` as one of its inputs. */
const filled = (inputs: readonly Input[], bad: Input, text: string): Record<string, unknown> => ({
  ...Object.fromEntries(
    inputs.filter(needs).flatMap(({ name }) => (name in good ? [[name, good[name]]] : [])),
  ),
  ...(bad.name === "team" && { project: undefined }),
  [bad.name]: wrapped(bad, text),
});

async function expectClear(query: string, variables: Record<string, unknown>, what: string): Promise<void> {
  const { status, errors = [] } = await send({ url: server.url, key }, query, variables);
  expect(status, what).toBeLessThan(500);
  expect(
    errors.filter(({ extensions }) => extensions.code === "INTERNAL"),
    what,
  ).toEqual([]);
}

const leaf = (field: GraphQLField<unknown, unknown>): string => {
  const type = getNamedType(field.type);
  if (isLeafType(type) || !isObjectType(type)) return "";
  // A list is read when its rows are asked for.
  return type.name.endsWith("Connection") ? "{ nodes { __typename } }" : "{ __typename }";
};

describe("as an argument of what is read", () => {
  test.each([
    ["Query", (field: string) => field],
    ["Run", (field: string) => `run(id: "${good.runId}") { ${field} }`],
    ["Sweep", (field: string) => `sweep(id: "${good.sweepId}") { ${field} }`],
    ["Project", (field: string) => `project(entity: "local", name: "test") { ${field} }`],
    ["Entity", (field: string) => `viewer { entity { ${field} } }`],
  ])("of %s", async (parent, within) => {
    const type = schema.getType(parent);
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    for (const field of fields) {
      for (const bad of field.args.filter(takesText)) {
        for (const text of BAD) {
          const values = filled(field.args, bad, text);
          const used = field.args.filter(({ name }) => values[name] !== undefined);
          const declared = used.map(({ name, type: of }) => `$${name}: ${of}`).join(", ");
          const given = used.map(({ name }) => `${name}: $${name}`).join(", ");
          const asked = within(`${field.name}(${given}) ${leaf(field)}`);
          const what = `${parent}.${field.name}(${bad.name}: ${JSON.stringify(text.slice(0, 5))})`;
          await expectClear(`query(${declared}) { ${asked} }`, values, what);
        }
      }
    }
  });
});

test("in the input of every verb", async () => {
  for (const verb of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const input = getNamedType(verb.args[0]?.type as never);
    const inputs = isInputObjectType(input) ? Object.values(input.getFields()) : [];
    const query = `mutation($input: ${input}!) { ${verb.name}(input: $input) { error { code } } }`;
    for (const bad of inputs.filter(takesText)) {
      for (const text of BAD) {
        const what = `${verb.name}(${bad.name}: ${JSON.stringify(text.slice(0, 5))})`;
        await expectClear(query, { input: filled(inputs, bad, text) }, what);
      }
    }
  }
}, 60_000);
