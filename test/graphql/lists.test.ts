import { beforeAll, describe, expect, test } from "vitest";
import { ensureMetricIds } from "@/db/queries/metric-names";
import { FinishRun, LogMetrics } from "@/graphql/operations";
import { ask, send, sharedServer, type TestServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const SOURCE = `
name: sizes
description: how wide
method: grid
metric: {name: loss, goal: maximize}
program: train.py
parameters:
  width: {values: [16, 32, 64, 128, 256, 512]}
  net: {parameters: {kind: {value: mlp}, "a.b": {value: 1.0}}}
`;

/** Six runs, of which four have logged a loss and three of those have finished. */
async function makeRuns() {
  const { sweepId, claims } = await withRuns(server, 6, SOURCE);
  const runIds = claims.map(({ runId }) => runId);
  for (const [i, runId] of runIds.slice(0, 4).entries()) {
    const series = [
      { key: "loss", values: [i, 10 - i] },
      { key: "Val/Loss", values: [1, "NaN"] },
    ];
    const batch = { attempt: 1, batch: 1, steps: [0, 1], times: [0, 0], series };
    await ask(server, LogMetrics, { input: { runId, batch } });
    if (i < 3) await ask(server, FinishRun, { input: { runId, attempt: 1, state: "finished" } });
  }
  return { sweepId, runIds };
}

interface Listed {
  totalCount: number;
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** Positions in `runIds`, so that tests read well. */
async function list(sweepId: string, args: string, runIds: readonly string[]) {
  const { sweep } = await ask<{ sweep: { runs: Listed } }>(
    server,
    `{ sweep(id: "${sweepId}") { runs(${args}) {
      totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`,
  );
  return { ...sweep.runs, found: sweep.runs.edges.map(({ node }) => runIds.indexOf(node.id)) };
}

describe("runs of a sweep", () => {
  test("are found by fields, parameters, metrics and tags, and sorted by the same", async () => {
    const { sweepId, runIds } = await makeRuns();
    const found = async (args: string) => {
      const { found, totalCount } = await list(sweepId, args, runIds);
      expect(totalCount).toBe(found.length);
      return found;
    };
    expect(await found("first: 10")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await found("orderBy: {field: id, direction: desc}")).toEqual([5, 4, 3, 2, 1, 0]);
    // By the sweep's goal: the greatest loss is the best, and those without one stand last.
    expect(await found("orderBy: {field: objective, direction: best}")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      await found("orderBy: [{field: state}, {param: width, direction: desc}]".replace("width", '"width"')),
    ).toEqual([2, 1, 0, 5, 4, 3]);
    expect(await found('filter: {field: state, op: in, value: ["finished"]}')).toEqual([0, 1, 2]);
    expect(await found("filter: {field: state, op: notIn, value: [finished]}")).toEqual([3, 4, 5]);
    expect(await found('filter: {param: "width", op: gt, value: 64.0}')).toEqual([3, 4, 5]);
    expect(await found('filter: {param: "net.a\\\\.b", op: eq, value: 1}')).toHaveLength(6);
    expect(await found('filter: {metric: "loss", stat: min, op: ge, value: 2}')).toEqual([2, 3]);
    expect(await found('filter: {not: {metric: "loss", op: exists}}')).toEqual([4, 5]);
    expect(await found('filter: {metric: "Val/Loss", stat: count, op: eq, value: 1}')).toEqual([0, 1, 2, 3]);
    expect(await found(`filter: {field: id, op: in, value: ["${runIds[1]}", ${runIds[4]}]}`)).toEqual([1, 4]);
    expect(
      await found("filter: {and: [{field: ordinal, op: gt, value: 2}, {field: host, op: eq, value: test}]}"),
    ).toEqual([2, 3, 4, 5]);
    await ask(
      server,
      `mutation { tagRun(input: {runIds: ["${runIds[0]}", "${runIds[5]}"], add: ["keep"]}) { error { message } } }`,
    );
    expect(await found('filter: {field: tags, op: contains, value: "keep"}')).toEqual([0, 5]);
  });

  test("come in pages from both ends; a cursor is good for its own order only", async () => {
    const { sweepId, runIds } = await makeRuns();
    const order = 'orderBy: {metric: "loss", direction: desc}';
    const first = await list(sweepId, `first: 4, ${order}`, runIds);
    expect(first.found).toEqual([0, 1, 2, 3]);
    expect(first.totalCount).toBe(6);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, endCursor: first.edges[3]?.cursor });
    const next = await list(sweepId, `first: 4, ${order}, after: "${first.pageInfo.endCursor}"`, runIds);
    expect(next.found).toEqual([4, 5]);
    expect(next.pageInfo.hasNextPage).toBe(false);
    const last = await list(sweepId, `last: 3, ${order}`, runIds);
    expect(last.found).toEqual([3, 4, 5]);
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, startCursor: last.edges[0]?.cursor });
    const before = await list(sweepId, `last: 2, ${order}, before: "${last.pageInfo.startCursor}"`, runIds);
    expect(before.found).toEqual([1, 2]);
    const refusal = async (args: string) =>
      (await send(server, `{ sweep(id: "${sweepId}") { runs(${args}) { nodes { id } } } }`)).errors?.[0]
        ?.message;
    expect(await refusal(`after: "${first.pageInfo.endCursor}"`)).toContain(
      "expected a cursor of the same list in the same order",
    );
    expect(await refusal(`first: 1, last: 1`)).toContain("either first and after, or last and before");
    expect(await refusal(`last: 1001`)).toContain("last is 1001, expected 0 to 1000");
    expect(await refusal('filter: {and: [{field: state, op: eq, value: "done"}]}')).toContain(
      'filter.and[0].value is "done", expected one of pending',
    );
    const many = Array.from({ length: 17 }, (_, i) => `{metric: "m${i}", op: exists}`).join(" ");
    expect(await refusal(`filter: {and: [${many}]}`)).toContain("17 different metrics, expected at most 16");
  });

  test("keep their numbers, whichever of them a page has and whichever were deleted", async () => {
    const { sweepId, runIds } = await makeRuns();
    const other = await makeRuns();
    await ask(
      server,
      `mutation { deleteRuns(input: {runIds: ["${runIds[1]}"]}) { runIds error { message } } }`,
    );
    const ordinals = async (args: string) => {
      const asked = (id: string) => `sweep(id: "${id}") { runs(${args}) { nodes { ordinal } } }`;
      const { a, b } = await ask<Record<"a" | "b", { runs: { nodes: { ordinal: number }[] } }>>(
        server,
        `{ a: ${asked(sweepId)} b: ${asked(other.sweepId)} }`,
      );
      return [a, b].map(({ runs }) => runs.nodes.map(({ ordinal }) => ordinal));
    };
    const [reopened] = await ordinals("first: 10");
    // The point of the deleted one is in the queue again, as a run of its own.
    expect(reopened).toEqual([1, 3, 4, 5, 6, 7]);
    expect(await ordinals("last: 2")).toEqual([
      [6, 7],
      [5, 6],
    ]);
    expect(await ordinals('first: 2, orderBy: {param: "width", direction: desc}')).toEqual([
      [6, 5],
      [6, 5],
    ]);
  });

  test("show what people wrote on them, single parameters and metrics, who made them and how long they took", async () => {
    const { runIds } = await makeRuns();
    const [id] = runIds;
    await ask(
      server,
      `mutation { noteRun(input: {runId: "${id}", text: "good"}) { run { notes } }
      renameRun(input: {runId: "${id}", displayName: "the one"}) { run { displayName } } }`,
    );
    const { run } = await ask<{ run: Record<string, unknown> }>(
      server,
      `{ run(id: "${id}") { displayName notes tags host duration createdBy { name } width: parameter(name: "width")
        dotted: parameter(name: "net.a\\\\.b") none: parameter(name: "net.none") metric(name: "loss") { last mean } other: metric(name: "x") { last } } }`,
    );
    expect(run).toMatchObject({
      displayName: "the one",
      notes: "good",
      tags: [],
      host: "test",
      createdBy: { name: "root" },
      width: 16,
      dotted: 1,
      none: null,
      metric: { last: 10, mean: 5 },
      other: null,
    });
    expect(run.duration).toBeGreaterThanOrEqual(0);
  });
});

test("projects and their sweeps are found and sorted too, and a project has runs and names to choose from", async () => {
  const { sweepId } = await makeRuns();
  const { project } = await ask<{ project: Record<string, unknown> }>(
    server,
    `{ project(name: "test") {
      metricNames parameterNames searched: metricNames(contains: "val") one: parameterNames(first: 1)
      runs(first: 1, filter: {field: sweep, op: eq, value: "${sweepId}"}) { totalCount }
      sweeps(filter: {and: [{field: name, op: contains, value: "SIZE"}, {field: method, op: eq, value: "grid"},
        {field: state, op: in, value: [running]}, {field: createdAt, op: gt, value: "2026-01-01"}]}
        orderBy: {field: id}) { nodes { id description createdBy { name } metricNames agents(state: [alive]) { state } } }
    } }`,
  );
  expect(project).toMatchObject({
    metricNames: ["Val/Loss", "loss"],
    parameterNames: ["net.a\\.b", "net.kind", "width"],
    searched: ["Val/Loss"],
    one: ["net.a\\.b"],
    runs: { totalCount: 6 },
  });
  const { nodes } = project.sweeps as { nodes: { id: string }[] };
  expect(nodes.map(({ id }) => id)).toEqual(nodes.map(({ id }) => id).sort());
  expect(nodes.find(({ id }) => id === sweepId)).toEqual({
    id: sweepId,
    description: "how wide",
    createdBy: { name: "root" },
    metricNames: ["Val/Loss", "loss"],
    agents: [{ state: "alive" }],
  });
  const { projects } = await ask<{ projects: unknown }>(
    server,
    `{ projects(filter: {field: name, op: startsWith, value: "TES"}, orderBy: {field: name}) { totalCount nodes { name } } }`,
  );
  expect(projects).toEqual({ totalCount: 1, nodes: [{ name: "test" }] });
});

test("a project keeps a bounded number of names of metrics", async () => {
  const [project] = await server.db.sql<{ id: number }[]>`
    insert into projects (entity_id, name) select min(id), 'many names' from entities returning id`;
  const at = { projectId: project?.id ?? 0, max: 3 };
  expect((await ensureMetricIds(server.db.sql, { ...at, names: ["a", "b"] })).size).toBe(2);
  await expect(ensureMetricIds(server.db.sql, { ...at, names: ["a", "c", "d"] })).rejects.toThrow(
    'the metric "c" is new, and its project has no room for 2 more names of metrics: 3 are kept',
  );
  expect((await ensureMetricIds(server.db.sql, { ...at, names: ["b", "c"] })).size).toBe(2);
});
