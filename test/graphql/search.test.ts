import { beforeAll, expect, test } from "vitest";
import { addPerson } from "../support/people";
import { seedSweep } from "../support/seed-sweep";
import { ask, send, sharedServer, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const SOURCE = `name: warm restarts
method: grid
program: train.py
metric: {name: loss, goal: minimize}
parameters: {lr: {values: [0.1, 0.01, 0.001, 0.0001]}, seed: {values: [1, 2, 3]}}
`;

interface Answer {
  search: { projects: { name: string }[]; sweeps: { id: string }[]; runs: { displayName: string }[] };
}

const SEARCH = (text: string, first = 6) =>
  `{ search(text: ${JSON.stringify(text)}, first: ${first}) { projects { name } sweeps { id } runs { displayName } } }`;

test("projects, sweeps and runs are found by words of their names or by their id, and by nobody who may not see them", async () => {
  const { id } = await seedSweep(server.databaseUrl, { source: SOURCE, runs: 12, project: "restarting" });
  const { search } = await ask<Answer>(server, SEARCH("RESTART warm", 3));
  expect(search.sweeps).toEqual([{ id }]);
  expect(search.runs).toHaveLength(3);
  expect(search.runs[0]?.displayName).toBe("warm restarts-12");
  expect(search.projects).toEqual([]);
  expect((await ask<Answer>(server, SEARCH("restarting"))).search.projects).toEqual([{ name: "restarting" }]);
  expect((await ask<Answer>(server, SEARCH(id))).search.sweeps).toEqual([{ id }]);
  // Neither a pattern nor a quote is anything but a letter.
  expect((await ask<Answer>(server, SEARCH("w%r_'"))).search.runs).toEqual([]);
  expect((await ask<Answer>(server, SEARCH("  "))).search).toEqual({ projects: [], sweeps: [], runs: [] });
  const stranger = await addPerson(server, "curious");
  expect((await ask<Answer>(stranger, SEARCH("warm restart"))).search).toEqual({
    projects: [],
    sweeps: [],
    runs: [],
  });
});

test("more of each kind than a list can show are refused", async () => {
  const answer = JSON.stringify(await send(server, SEARCH("a", 21)));
  expect(answer).toContain("first is 21, expected 1 to 20");
});

test("a list of sweeps has the best so far over the sweep's time, and projects how busy they were", async () => {
  const { id, project } = await seedSweep(server.databaseUrl, {
    source: SOURCE.replace("warm restarts", "over time"),
    runs: 12,
    agents: 1,
    project: "over-time",
    shares: { failed: 0.2 },
  });
  const read = await ask<{
    sweep: {
      bestOverTime: (number | null)[];
      lastResultAt: string;
      bestSoFar: { objective: number; finishedAt: string }[];
      startedAt: string;
      ends: { nodes: { finishedAt: string }[] };
    };
    project: { activity: number[]; activeAt: string; createdAt: string };
    projects: { nodes: { name: string }[] };
  }>(
    server,
    `{
      sweep(id: "${id}") { bestOverTime lastResultAt startedAt bestSoFar { objective finishedAt }
        ends: runs(first: 1, orderBy: {field: finishedAt, direction: desc}) { nodes { finishedAt } } }
      project(name: "${project}") { activity activeAt createdAt }
      projects(first: 1, orderBy: {field: activeAt, direction: desc}) { nodes { name } }
    }`,
  );
  const { bestOverTime, bestSoFar, lastResultAt, startedAt } = read.sweep;
  expect(bestOverTime).toHaveLength(32);
  // Each value is the last improvement before the end of its part of the time.
  const start = Date.parse(startedAt);
  const end = Date.parse(read.sweep.ends.nodes[0]?.finishedAt ?? "");
  for (const [i, value] of bestOverTime.slice(0, -1).entries()) {
    const untilMs = start + ((i + 1) * (end - start)) / 32;
    const before = bestSoFar.findLast(({ finishedAt }) => Date.parse(finishedAt) < untilMs);
    expect(value, `part ${i}`).toBe(before?.objective ?? null);
  }
  expect(bestOverTime.at(-1)).toBe(bestSoFar.at(-1)?.objective);
  expect(Date.parse(lastResultAt)).toBeGreaterThanOrEqual(Date.parse(bestSoFar.at(-1)?.finishedAt ?? ""));
  expect(read.project.activity).toHaveLength(42);
  expect(read.project.activity.reduce((sum, count) => sum + count)).toBe(12);
  expect(read.project.activeAt >= read.project.createdAt).toBe(true);
  expect(read.projects.nodes).toHaveLength(1);
});
