import {
  type DocumentNode,
  execute,
  type GraphQLOutputType,
  getNamedType,
  isLeafType,
  isNonNullType,
  isObjectType,
  parse,
} from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import type { Database, Sql } from "@/db/client";
import { authenticate, forgetAccess, systemAccess } from "@/engine/authorize";
import type { Context } from "@/graphql/context";
import { Loaders } from "@/graphql/loaders";
import { LogMetrics, LogOutput, toDocument } from "@/graphql/operations";
import { SweepColumns, SweepPage } from "@/graphql/operations/pages";
import { ProjectPage, ProjectsPage } from "@/graphql/operations/project-page";
import { schema } from "@/graphql/schema";
import { ask, sharedServer, type TestServer } from "../support/server";
import { createSweep, gridOf, withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

/** The same database, with a count of the statements that were sent. Fragments inside of a statement are none. */
function counting(db: Database): { db: Database; sent: () => number } {
  let count = 0;
  /** postgres.js sends a query when it is first awaited, by its own `handle`. */
  const watch = (query: unknown) => {
    if (!(query instanceof Promise) || !("handle" in query) || !("executed" in query)) return query;
    const handle = (query.handle as () => unknown).bind(query);
    return Object.assign(query, {
      handle: () => {
        if (!query.executed) count++;
        return handle();
      },
    });
  };
  const watched = <T extends object>(sql: T): T =>
    new Proxy(sql, {
      apply: (target, self, args) => watch(Reflect.apply(target as never, self, args)),
      get: (target, name) =>
        name !== "begin"
          ? Reflect.get(target, name)
          : (...args: unknown[]) => {
              const body = args.pop() as (tx: object) => unknown;
              return (target as unknown as Sql).begin(String(args[0] ?? ""), (tx) => body(watched(tx)));
            },
    });
  return { db: { ...db, sql: watched(db.sql) }, sent: () => count };
}

async function statementsOf(
  document: DocumentNode,
  variables: Record<string, unknown>,
  access = systemAccess(),
) {
  const { db, sent } = counting(server.db);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const contextValue: Partial<Context> = {
    db,
    access,
    log,
    publicUrl: server.url,
    loaders: new Loaders(db, access),
  };
  const { data, errors } = await execute({ schema, document, variableValues: variables, contextValue });
  expect(errors).toBeUndefined();
  return { count: sent(), data: data as Record<string, unknown> };
}

const RUN_ROW = /* GraphQL */ `
  fragment RunRow on Run {
    id name displayName url state stateReason objective params parameters ordinal attempt crashes host duration
    createdAt startedAt finishedAt tags notes parameter(name: "x")
    summary { name last min max mean count }
    agent { id host } attempts { number state host agent { id host } }
    sweep { id name } project { name entity { name } }
  }
`;

describe("statements don't grow with what they read", () => {
  test("a page of runs with everything that a run has", async () => {
    const { sweepId, claims } = await withRuns(server, 30);
    for (const { runId } of claims) {
      const series = [{ key: "loss", values: [0.5] }];
      await ask(server, LogMetrics, {
        input: { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } },
      });
    }
    const document = toDocument<never, Record<string, unknown>>(`query($id: ID!, $first: Int!) {
      sweep(id: $id) {
        counts { total }
        runs(first: $first) {
          totalCount
          nodes {
            id ordinal url parameters agent { id host runsDone } attempts { number agent { id } facts }
            system { key } warnings { message }
            summary { name last } history(keys: ["loss"]) { series { key points { values } } }
            sweep { id } project { name }
          }
        }
      }
    }`);
    const few = await statementsOf(document, { id: sweepId, first: 2 });
    const many = await statementsOf(document, { id: sweepId, first: 30 });
    expect(JSON.stringify(many.data).match(/"points"/g)).toHaveLength(30);
    expect(many.count).toBe(few.count);
    expect(many.count).toBeGreaterThan(8);
    expect(many.count).toBeLessThan(25);
  });

  test("a chart of many runs, along whatever axis", async () => {
    const { sweepId, claims } = await withRuns(server, 30);
    for (const { runId } of claims) {
      const keys = ["loss", "epoch"];
      const series = keys.map((key) => ({ key, values: [0.5, 0.25] }));
      await ask(server, LogMetrics, {
        input: { runId, batch: { attempt: 1, batch: 1, steps: [0, 1], times: [0, 1], series } },
      });
    }
    for (const x of [
      "{ axis: STEP }",
      "{ axis: TIME }",
      "{ axis: RELATIVE_TIME }",
      '{ axis: METRIC, metric: "epoch" }',
    ]) {
      const document = toDocument<never, Record<string, unknown>>(`query($id: ID!, $limit: Int) {
        histories(sweepId: $id, limit: $limit, keys: ["loss"], x: ${x}) {
          hasMoreRuns series { run { name } points { x values } } bands { runs }
        }
      }`);
      const few = await statementsOf(document, { id: sweepId, limit: 2 });
      const many = await statementsOf(document, { id: sweepId, limit: 30 });
      expect(few.data).toMatchObject({ histories: { hasMoreRuns: true, series: [{}, {}] } });
      expect(JSON.stringify(many.data).match(/"points"/g)).toHaveLength(30);
      expect(many.count, x).toBe(few.count);
      expect(many.count, x).toBeLessThan(9);
    }
  });

  test("the page of all projects, however many sweeps there are", async () => {
    const asked = { first: 50, filter: null, orderBy: [{ field: "activeAt", direction: "desc" as const }] };
    const before = await statementsOf(ProjectsPage, asked);
    for (let i = 0; i < 4; i++) await withRuns(server, 2);
    const after = await statementsOf(ProjectsPage, asked);
    expect(JSON.stringify(after.data).length).toBeGreaterThan(JSON.stringify(before.data).length);
    // `bestRun` and its like are loaded for all sweeps at once.
    expect(after.count).toBe(before.count);
    expect(after.count).toBeLessThan(15);
  });

  test("the other pages need few", async () => {
    const { sweepId } = await withRuns(server, 20);
    expect((await statementsOf(SweepPage, { id: sweepId, first: 20 })).count).toBeLessThan(20);
    const { sweep } = await ask<{ sweep: { project: { name: string; entity: { name: string } } } }>(
      server,
      `{ sweep(id: "${sweepId}") { project { name entity { name } } } }`,
    );
    const variables = {
      entity: sweep.project.entity.name,
      name: sweep.project.name,
      first: 20,
      withSweeps: true,
      withRuns: true,
      sweepFilter: null,
      sweepOrder: [{ field: "createdAt", direction: "desc" as const }],
      runFilter: null,
      runOrder: [{ field: "createdAt" as const, direction: "desc" as const }],
    };
    expect((await statementsOf(ProjectPage, variables)).count).toBeLessThan(20);
  });

  test("all runs in columns take three, the sweep's own among them; values alone and of one run too", async () => {
    const { sweepId } = await withRuns(server, 20);
    const variables = { id: sweepId, after: null, metrics: [{ name: "loss", stat: "last" }], lines: true };
    expect((await statementsOf(SweepColumns, variables)).count).toBe(3);
    expect((await statementsOf(SweepColumns, { ...variables, lines: false })).count).toBe(3);
    expect((await statementsOf(SweepColumns, { ...variables, metrics: [] })).count).toBe(2);
  });

  test("a page of 10 runs with all that a row can show takes at most 6, one of 1,000 the same", async () => {
    const { sweepId, claims } = await withRuns(server, 1_000, gridOf(1_000));
    for (const { runId } of claims.slice(0, 12)) {
      const series = [{ key: "loss", values: [Number(runId)] }];
      await ask(server, LogMetrics, {
        input: { runId, batch: { attempt: 1, batch: 1, steps: [0], times: [0], series } },
      });
    }
    const asked = `first: $first, orderBy: {metric: "loss"}, filter: {or: [
      {metric: "loss", op: ge, value: 0}, {param: "x", op: ge, value: 0}]}`;
    const ofSweep = toDocument<never, Record<string, unknown>>(`query($id: ID!, $first: Int!) {
      sweep(id: $id) { runs(${asked}) { totalCount nodes { ...RunRow } pageInfo { endCursor } } }
    } ${RUN_ROW}`);
    const ofProject = toDocument<
      never,
      Record<string, unknown>
    >(`query($entity: String!, $name: String!, $first: Int!) {
      project(entity: $entity, name: $name) { runs(${asked}) { totalCount edges { cursor node { ...RunRow } } } }
    } ${RUN_ROW}`);
    const { sweep } = await ask<{ sweep: { project: { name: string; entity: { name: string } } } }>(
      server,
      `{ sweep(id: "${sweepId}") { project { name entity { name } } } }`,
    );
    const place = { entity: sweep.project.entity.name, name: sweep.project.name };
    for (const [document, variables] of [
      [ofSweep, { id: sweepId }],
      [ofProject, place],
    ] as const) {
      for (const first of [10, 1_000]) {
        const { count, data } = await statementsOf(document, { ...variables, first });
        expect(count).toBe(6);
        expect(JSON.stringify(data).match(/"ordinal"/g)).toHaveLength(first);
        expect(JSON.stringify(data)).toMatch(/"totalCount":1\d{3}/);
      }
    }
  });

  test("the first runs of many sweeps come in one statement", async () => {
    const document = toDocument<never, Record<string, unknown>>(`query($first: Int!) {
      projects(first: 1) { nodes { sweeps(first: $first) { totalCount nodes {
        id runs(first: 2, orderBy: {field: objective, direction: best}) { totalCount nodes { id } }
      } } } }
    }`);
    for (let i = 0; i < 3; i++) await withRuns(server, 2);
    const one = await statementsOf(document, { first: 1 });
    const three = await statementsOf(document, { first: 3 });
    expect(JSON.stringify(three.data).match(/"totalCount":2/g)?.length).toBeGreaterThan(1);
    expect(three.count).toBe(one.count);
    expect(three.count).toBe(3);
  });

  test("no field of a row asks once for each row", async () => {
    const { sweepId, claims } = await withRuns(server, 6);
    for (const { runId } of claims)
      await ask(server, LogOutput, {
        input: { runId, attempt: 1, batch: 1, lines: [{ stream: "stdout", time: 0, text: "x\n" }] },
      });
    for (let i = 0; i < 6; i++) {
      await createSweep(server, gridOf(2), `place-${i}`);
      await withRuns(server, 1); // a row without agents would ask for none of theirs
    }
    const lists = [
      ["Run", `sweep(id: "${sweepId}") { runs(first: $first) { nodes { FIELDS } } }`],
      ["Sweep", 'project(name: "test") { sweeps(first: $first) { nodes { FIELDS } } }'],
      ["Project", "projects(first: $first) { nodes { FIELDS } }"],
    ] as const;
    const access = await authenticate(server.db, server.key);
    for (const [name, list] of lists) {
      for (const fields of twoLevelsOf(name)) {
        const document = parse(`query($first: Int!) { ${list.replace("FIELDS", fields)} }`);
        const counts: number[] = [];
        for (const first of [1, 2, 6]) {
          forgetAccess(server.db);
          counts.push((await statementsOf(document, { first }, access)).count);
        }
        expect(counts, `${name} { ${fields} }`).toEqual([counts[0], counts[0], counts[0]]);
      }
    }
  }, 120_000);
});

const ARGS: Record<string, string> = {
  parameter: '(name: "x")',
  values: '(metrics: [{name: "loss"}])',
  metric: '(name: "loss")',
  history: '(keys: ["loss"])',
};
const callOf = ({ name }: { name: string }): string => `${name}${ARGS[name] ?? ""}`;

/** Each field of the type, with each field below it. */
function twoLevelsOf(name: string): string[] {
  return fieldsOf(name).flatMap((field) => {
    const type = getNamedType(field.type);
    if (isLeafType(type)) return [callOf(field)];
    const nodes = (inner: string) => (type.name.endsWith("Connection") ? `nodes { ${inner} }` : inner);
    const row = type.name.replace("Connection", "");
    return fieldsOf(row).map(
      (inner) => `${callOf(field)} { ${nodes(`${callOf(inner)}${leavesOf(inner)}`)} }`,
    );
  });
}

/** Computed one by one, and so dear in the limits (10,000 each) that no page can ask for more than a few. */
const COMPUTED = new Set(["guess", "importance"]);

function fieldsOf(name: string) {
  const type = schema.getType(name);
  const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
  return fields.filter(
    (field) =>
      !COMPUTED.has(field.name) &&
      (field.name in ARGS || !field.args.some(({ type }) => isNonNullType(type))),
  );
}

function leavesOf(field: { type: GraphQLOutputType }): string {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return "";
  return type.name.endsWith("Connection") ? " { nodes { __typename } }" : " { __typename }";
}
