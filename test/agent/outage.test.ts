import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Logger } from "@/engine/context";
import { type RunningServer, startServer } from "@/server";
import { createDatabase } from "../support/database";
import { waitFor } from "../support/recorder";
import { ask } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const QUIET: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A server that can be stopped and started again on its port and its database. */
async function withRestarts(
  body: (
    server: { url: string; key: string },
    restart: (whileDown: () => Promise<void>) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const database = await createDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), "besom-test-"));
  const env = { BESOM_DATA_DIR: dataDir, DATABASE_URL: database.url } as unknown as NodeJS.ProcessEnv;
  const start = (port: number): Promise<RunningServer> => startServer({ env, port, next: false, log: QUIET });
  let server = await start(0);
  const { url, key = "" } = server;
  try {
    await body({ url, key }, async (whileDown) => {
      await server.close();
      await whileDown();
      server = await start(Number(new URL(url).port));
    });
  } finally {
    await server.close();
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test("a server that is away in the middle of runs, for longer than one of them, costs no step, no line and no attempt", async () => {
  // The second half of the first run, its end, and nothing else happen while there is no server.
  const program = `
    const { existsSync } = require("fs");
    let step = 0;
    const timer = setInterval(() => {
      console.log(JSON.stringify({ step, loss: 1 / (step + 1) }));
      if (++step < 40) return;
      clearInterval(timer);
      process.exitCode = 0;
    }, 20);`;
  await withRestarts(async (server, restart) => {
    const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2] } } });
    await withAgent(server, sweepId, {}, async ({ done, lines }) => {
      await waitFor("the first run", () => lines.some((line) => line.includes(" started ")));
      await restart(async () => {
        await waitFor("a word about the outage", () => lines.some((line) => line.includes("trying again")));
        await new Promise((resolve) => setTimeout(resolve, 1_200));
      });
      expect(await done).toEqual(new Map([["finished", 2]]));
      expect(lines.some((line) => line.includes("the server answers again"))).toBe(true);
    });
    const { sweep } = await ask<{ sweep: { runs: { nodes: Run[] } } }>(server, RUNS, { id: sweepId });
    for (const { state, attempt, history, output } of sweep.runs.nodes) {
      expect([state, attempt]).toEqual(["finished", 1]);
      const points = history.series[0]?.points;
      expect(points?.steps).toEqual(Array.from({ length: 40 }, (_, step) => step));
      const printed = output.nodes.map(({ text }) => text).join("");
      expect(
        printed
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).step),
      ).toEqual(points?.steps);
    }
  });
});

interface Run {
  state: string;
  attempt: number;
  history: { series: { points: { steps: number[] } | null }[] };
  output: { nodes: { text: string }[] };
}
const RUNS = /* GraphQL */ `query Runs($id: ID!) { sweep(id: $id) { runs(first: 10) { nodes {
  state attempt
  history(keys: ["loss"]) { series { points { steps } } }
  output(first: 500) { nodes { text } }
} } } }`;
