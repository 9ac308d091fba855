import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { ask, withServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

/** 20 s, which no run on a busy machine comes to the end of while it is told to stop: the bands are 4, 12, 36, 108 and 324. */
const STEPS = 400;
const STEP_MS = 50;
/** A curve a run: it falls towards `a`, one value each 50 ms. */
const TRAIN = `
const a = Number(process.argv[1].split("=")[1]);
let step = 0;
const timer = setInterval(() => {
  console.log(JSON.stringify({ step, loss: a + 1 / (step + 1) }));
  if (++step === ${STEPS}) clearInterval(timer);
}, ${STEP_MS});`;

const RUNS = /* GraphQL */ `query Runs($id: ID!) {
  sweep(id: $id) { runs(first: 50) { nodes {
    parameters state stateReason objective
    earlyStop { rule band value threshold rank of text }
    metric(name: "loss") { lastStep }
  } } }
}`;
interface Run {
  parameters: { a: number };
  state: string;
  stateReason: string | null;
  objective: number;
  earlyStop: {
    rule: string;
    band: number;
    value: number;
    threshold: number;
    rank: number | null;
    of: number | null;
    text: string;
  } | null;
  metric: { lastStep: number };
}

/** Milliseconds between the moment in which a run was asked to stop and the end of its last attempt, as seen each 20 ms: without
 * heartbeats a busy machine may lose one before. */
async function watchStops({ sql }: Database, sweepId: string, signal: AbortSignal): Promise<number[]> {
  const asked = new Map<number, number>();
  while (!signal.aborted) {
    const rows = await sql<{ id: number }[]>`
      select id from runs where sweep_id = ${sweepId} and stop_requested is not null`;
    for (const { id } of rows) if (!asked.has(id)) asked.set(id, Date.now());
    await pause(20);
  }
  const ends = await sql<{ id: number; at: Date }[]>`
    select distinct on (run_id) run_id as id, ended_at as at from attempts
    where run_id = any(${[...asked.keys()]}::bigint[]) order by run_id, number desc`;
  return ends.map(({ id, at }) => at.getTime() - (asked.get(id) ?? 0));
}

/** One rule stands for all: an agent sees the request alone. What each rule asks for is in test/engine/stopping.test.ts. */
const RULE = { type: "hyperband", min_iter: 4, eta: 3 };

test.skipIf(process.env.BESOM_CI === "brief")(
  "hyperband stops the processes of bad runs with the batch that showed it, no heartbeat needed, and says why",
  async () => {
    await withServer(async (server) => {
      const values = [3, 9, 1, 7, 5, 8, 2, 6];
      const sweepId = await createSweep(server, TRAIN, {
        parameters: { a: { values } },
        early_terminate: RULE,
      });
      const over = new AbortController();
      const watch = watchStops(server.db, sweepId, over.signal);
      await withAgent(server, sweepId, { slots: 4, heartbeatMs: 3_600_000 }, async ({ done, lines }) => {
        const outcomes = await done;
        expect((outcomes.get("killed") ?? 0) + (outcomes.get("finished") ?? 0)).toBe(values.length);
        expect(lines.filter((line) => line.includes("told to stop"))).toHaveLength(
          outcomes.get("killed") ?? 0,
        );
      });
      over.abort();
      const { sweep } = await ask<{ sweep: { runs: { nodes: Run[] } } }>(server, RUNS, { id: sweepId });
      const runs = sweep.runs.nodes;
      const stopped = runs.filter(({ earlyStop }) => earlyStop !== null);
      expect(stopped.length).toBeGreaterThanOrEqual(3);
      for (const { state, stateReason, earlyStop, metric } of stopped) {
        expect({ state, stateReason }).toEqual({ state: "killed", stateReason: "early_stopped" });
        expect(earlyStop).toMatchObject({ rule: RULE.type, text: expect.stringContaining(RULE.type) });
        expect(earlyStop?.value).toBeGreaterThan(earlyStop?.threshold ?? Number.POSITIVE_INFINITY);
        expect(metric.lastStep).toBeLessThan(STEPS - 1);
      }
      const finished = runs.filter(({ state }) => state === "finished");
      expect(finished.map(({ parameters }) => parameters.a)).toContain(1);
      const delays = (await watch).sort((a, b) => a - b);
      expect(delays).toHaveLength(stopped.length);
      // A batch leaves each 250 ms; the rest is what processes take to end on a busy machine. A heartbeat comes in an hour.
      expect(delays[delays.length >> 1]).toBeLessThan(4_000);
    });
  },
);
