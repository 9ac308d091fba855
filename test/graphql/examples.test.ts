import { parse, validate } from "graphql";
import { beforeAll, expect, test } from "vitest";
import { EXAMPLES, type Example } from "@/graphql/operations/examples";
import { schema } from "@/graphql/schema";
import { ask, openSocket, sharedServer, subscribe, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

test.each(EXAMPLES.map((example) => [example.title, example] as const))(
  "the example %j is valid, and says what it shows",
  (_title, { description, query }) => {
    expect(validate(schema, parse(query))).toEqual([]);
    expect(description).toMatch(/^[A-Z].*\.$/s);
  },
);

test("no two examples have one title", () => {
  expect(new Set(EXAMPLES.map(({ title }) => title)).size).toBe(EXAMPLES.length);
});

test("told in their order, the examples are a story in which nothing fails", async () => {
  /** What stands for an id, and where an answer has it. */
  const ids: Record<string, string> = {};
  const learn = (text: string, word: string, pattern: RegExp) => {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined) ids[word] ??= found;
  };
  const told: Record<string, Record<string, unknown>> = {};
  for (const example of EXAMPLES) {
    const { variables } = fill(example, ids);
    const data = example.query.startsWith("subscription")
      ? await firstOf(example.query, variables)
      : await ask<Record<string, unknown>>(server, example.query, variables);
    const text = JSON.stringify(data);
    expect(text, example.title).not.toMatch(/"error":\{/);
    learn(text, "SWEEP_ID", /"sweep":\{"id":"(\w+)"/);
    learn(text, "AGENT_ID", /"agent":\{"id":"(\w+)"/);
    learn(text, "RUN_ID", /"runId":"(\d+)"/);
    told[example.title] = data;
  }
  expect(told["Create a sweep"]).toMatchObject({ createSweep: { sweep: { size: "4" } } });
  expect(told["Stay alive"]).toMatchObject({ heartbeat: { directive: "CONTINUE", commands: [] } });
  expect(told["Finish a run"]).toMatchObject({
    finishRun: { state: "finished", run: { objective: 0.5, objectiveStep: 4 } },
  });
  expect(told["How is the sweep doing?"]).toMatchObject({
    sweep: { counts: { total: 1, finished: 1 }, bestRun: { objective: 0.5 } },
  });
  expect(told["Everything about a run"]).toMatchObject({
    run: { output: { nodes: [{ stream: "stdout", text: "epoch 1: loss 0.5\n" }] } },
  });
  expect(told["Charts of many runs"]).toMatchObject({
    histories: {
      series: [{ key: "loss", points: { x: [0, 1, 2, 3, 4], values: [2.5, 1.25, 0.8, "NaN", 0.5] } }],
    },
  });
  expect(told["One metric against another"]).toMatchObject({
    run: { history: { series: [{ total: 5, unpaired: 0, points: { x: [0, 0.25, 0.5, 0.75, 1] } }] } },
  });
  expect(told["Stop a sweep"]).toMatchObject({ stopSweep: { sweep: { state: "finished" } } });
});

function fill(
  { title, variables }: Example,
  ids: Record<string, string>,
): { variables: Record<string, unknown> } {
  const text = JSON.stringify(variables ?? {}).replace(/"([A-Z]+_ID)"/g, (_all, word: string) => {
    if (ids[word] === undefined) throw new Error(`${title} needs ${word}, which no earlier example gave`);
    return JSON.stringify(ids[word]);
  });
  return { variables: JSON.parse(text) as Record<string, unknown> };
}

async function firstOf(query: string, variables: Record<string, unknown>): Promise<Record<string, unknown>> {
  const client = openSocket(server);
  const subscription = subscribe<Record<string, unknown>>(client, query, variables);
  try {
    return await subscription.next();
  } finally {
    subscription.end();
    await client.dispose();
  }
}
