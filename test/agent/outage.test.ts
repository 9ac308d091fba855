import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Logger } from "@/engine/context";
import { type RunningServer, startServer } from "@/server";
import { layCable } from "../support/cable";
import { createDatabase } from "../support/database";
import { waitFor } from "../support/recorder";
import { ask, withServer } from "../support/server";
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

test("connections that are cut again and again cost no step and double none", async () => {
  const program = `
    let step = 0;
    const timer = setInterval(() => {
      console.log(JSON.stringify({ step, loss: 1 / (step + 1) }));
      if (++step === 60) clearInterval(timer);
    }, 20);`;
  await withServer(async (server) => {
    const sweepId = await createSweep(server, program, { parameters: { a: { values: [1, 2, 3] } } });
    const cable = await layCable(server.url);
    let cuts: NodeJS.Timeout | undefined;
    await withAgent({ ...server, url: cable.url }, sweepId, { slots: 3 }, async ({ done, lines }) => {
      await waitFor("the runs", () => lines.filter((line) => line.includes(" started ")).length === 3);
      cuts = setInterval(() => cable.plug(), 250);
      expect(await done).toEqual(new Map([["finished", 3]]));
    }).finally(async () => {
      clearInterval(cuts);
      await cable.close();
    });
    const { sweep } = await ask<{ sweep: { runs: { nodes: Run[] } } }>(server, RUNS, { id: sweepId });
    const steps = Array.from({ length: 60 }, (_, step) => step);
    for (const { attempt, history, output } of sweep.runs.nodes) {
      expect(attempt).toBe(1);
      expect(history.series[0]?.points?.steps).toEqual(steps);
      const printed = output.nodes
        .map(({ text }) => text)
        .join("")
        .trimEnd()
        .split("\n");
      expect(printed.map((line) => JSON.parse(line).step)).toEqual(steps);
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
