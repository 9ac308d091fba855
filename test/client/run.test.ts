import { spawn } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ask, type TestServer, withServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const FIXTURE = join(import.meta.dirname, "../fixtures/train-with-client.ts");

function runByHand({ url, key }: TestServer, ...words: string[]): Promise<number | null> {
  const env = { ...process.env, BESOM_URL: url, BESOM_API_KEY: key };
  const child = spawn(process.execPath, ["--import", "tsx", FIXTURE, ...words], { env, stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}

interface Run {
  state: string;
  params: string;
  history: { series: { key: string; points: { steps: number[]; values: unknown[] } }[] };
}
const HISTORY = /* GraphQL */ `query Run($id: ID!) {
  run(id: $id) { state params history(samples: 100) { series { key points { steps values } } } }
}`;

async function runsOf(server: TestServer): Promise<Run[]> {
  const rows = await server.db.sql<{ id: number }[]>`select id from runs order by id`;
  return Promise.all(
    rows.map(async ({ id }) => (await ask<{ run: Run }>(server, HISTORY, { id: String(id) })).run),
  );
}
const seriesOf = ({ history }: Run) =>
  Object.fromEntries(history.series.map(({ key, points }) => [key, points && [points.steps, points.values]]));

test("a program started by hand is a run of its own, finished when it ends, by word or by itself", async () => {
  await withServer(async (server) => {
    expect(await runByHand(server)).toBe(0);
    expect(await runByHand(server, "--finish")).toBe(0);
    for (const run of await runsOf(server)) {
      expect(run.state).toBe("finished");
      expect(JSON.parse(run.params)).toEqual({ lr: 0.5, epochs: 3 });
      expect(seriesOf(run)).toMatchObject({
        loss: [
          [0, 1, 2],
          [0.5, 0.25, 0.5 / 3],
        ],
        bad: [
          [0, 1, 2],
          ["NaN", "NaN", "NaN"],
        ],
      });
    }
  });
});

test("under an agent the same program reports through it, and the sweep's values win over its defaults", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, "", {
      command: [process.execPath, "--import", import.meta.resolve("tsx"), FIXTURE],
      parameters: { lr: { values: [2] } },
    });
    const env = {
      PATH: process.env.PATH,
      TSX_TSCONFIG_PATH: join(import.meta.dirname, "../../tsconfig.json"),
    };
    await withAgent(server, sweepId, { env }, async ({ done }) => {
      expect(await done).toEqual(new Map([["finished", 1]]));
    });
    const runs = await runsOf(server);
    expect(runs.length).toBe(1);
    expect(runs.map(seriesOf)).toMatchObject([
      {
        loss: [
          [0, 1, 2],
          [2, 1, 2 / 3],
        ],
        bad: [
          [0, 1, 2],
          ["NaN", "NaN", "NaN"],
        ],
      },
    ]);
  });
});
