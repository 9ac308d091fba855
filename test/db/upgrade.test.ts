import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LEASE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import { migrate } from "@/db/migrate";
import { readHistory } from "@/db/queries/read-history";
import { readOutput } from "@/db/queries/read-output";
import { readSummaries } from "@/db/queries/summaries";
import { restore } from "@/db/restore";
import { authenticate, systemAccess } from "@/engine/authorize";
import { beatLiveness } from "@/engine/background";
import { claimRuns } from "@/engine/claim-runs";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { mergeHistory } from "@/engine/merge-history";
import { reapAttempts } from "@/engine/reap-attempts";
import { logMetrics } from "@/engine/report-metrics";
import { readRuns, readSweep, silent } from "../engine/support/house";
import { withDatabase } from "../support/database";

/**
 * A small archive that the program wrote when its last migration was 0002: five runs finished (one of them deleted), one failed,
 * one lost and queued again, three at work, two points never handed out, a paused and a canceled sweep, a run by hand.
 * The JSON beside it is what that program read of it.
 */
const FOLDER = join(import.meta.dirname, "../fixtures/archives");
const then = JSON.parse(readFileSync(join(FOLDER, "version-2.json"), "utf8")) as Then;

interface Then {
  key: string;
  notebookKey: string;
  sweepId: string;
  pausedSweepId: string;
  canceledSweepId: string;
  agentId: number;
  queuedRunId: number;
  running: { runId: number; attempt: number; apiKey: string; params: string }[];
  counts: Record<string, number>;
  runs: { id: number; state: string; params: string }[];
  lines: { runId: number; key: string; steps: number; sum: number }[];
  summaries: [runId: number, rows: { name: string }[]][];
}

const withUpgraded = (body: (db: Database, context: EngineContext) => Promise<void>) =>
  withDatabase(async (db) => {
    await restore(db, join(FOLDER, "version-2.besom"));
    expect(await migrate(db)).toEqual([]);
    await body(db, { db, access: await authenticate(db, then.key), secret: then.key, log: silent });
  });

test("data of the last version is all there after the upgrade, and reads as it did", () =>
  withUpgraded(async (db) => {
    const runs = await db.sql`
      select id, sweep_id as "sweepId", name, state, state_reason as "stateReason", attempt, crashes, params::text as params,
        objective, objective_step as "objectiveStep"
      from runs where deleted_at is null order by id`;
    expect(runs).toEqual(then.runs);
    const [counts] = await db.sql`
      select (select count(*) from attempts) as attempts, (select count(*) from output_chunks) as output,
        (select count(*) from metric_values) as values, (select count(*) from metric_tails) as tails,
        (select count(*) from audit_events) as audit, (select count(*) from sessions) as sessions`;
    expect(counts).toEqual(then.counts);
    await expectSameHistory(db);
    const output = (await readOutput(db, systemAccess(), { runIds: [1] })).get(1);
    expect(output?.pieces.map(({ text }) => text)).toEqual(["run 1\n", "warning: ü\n"]);
    for (const key of [then.key, then.notebookKey, ...then.running.map(({ apiKey }) => apiKey)])
      expect((await authenticate(db, key)).kind).toMatch(/user|run/);
  }));

test("a sweep of the last version goes on where it stood", () =>
  withUpgraded(async (db, context) => {
    const { sweepId, agentId } = then;
    // The agents of then are still at work: the beat of the first brings its runs along, nothing is reaped.
    const attempts = then.running.map(({ runId, attempt }) => ({ runId, attempt }));
    await beatLiveness(db);
    await reapAttempts(db, silent);
    expect(await heartbeat(context, { agentId, attempts })).toEqual({
      commands: [],
      directive: "CONTINUE",
      leaseMs: LEASE_MS,
    });

    // A claim that was answered before the upgrade gets the same answer after it.
    const asked = { sweepId, agentId, count: 3, clientMutationId: "claim-of-three" };
    const { claims } = await claimRuns(context, asked);
    expect(claims.map(({ runId, attempt, apiKey, params }) => ({ runId, attempt, apiKey, params }))).toEqual(
      then.running,
    );

    // Metrics follow those of then, and are merged with them.
    const [first] = attempts;
    if (first === undefined) throw new Error("no run at work");
    const steps = Array.from({ length: 5_000 }, (_, i) => 12 + i);
    const metrics = { attempt: 1, batch: 2, steps, times: steps, series: [{ key: "loss", values: steps }] };
    expect(await logMetrics(context, { runId: first.runId, metrics })).toMatchObject({ droppedPoints: 0 });
    for (const one of attempts) await finishRun(context, { ...one, state: "finished", exitCode: 0 });
    await mergeHistory(db, silent);
    const [stored] = await db.sql`
      select (select sum(count)::int from metric_axes where run_id = ${first.runId}) as merged,
        (select count(*) from metric_tails where run_id = ${first.runId}) as tails`;
    expect(stored).toEqual({ merged: 5_012, tails: 0 });
    await expectSameHistory(db, new Set([first.runId]));

    // What was queued goes out before the points that nobody has had yet; each point is run exactly once.
    const rest = await claimRuns(context, { sweepId, agentId, count: 50 });
    expect(rest.claims[0]).toMatchObject({ runId: then.queuedRunId, attempt: 2, resumed: true });
    for (const { runId, attempt } of rest.claims)
      await finishRun(context, { runId, attempt, state: "finished" });
    expect((await claimRuns(context, { sweepId, agentId, count: 1 })).directive).toBe("EXIT");
    expect(await readSweep(db, sweepId)).toMatchObject({ state: "finished", runCount: 12 });
    const points =
      await db.sql`select distinct params from runs where sweep_id = ${sweepId} and deleted_at is null`;
    expect(points.length).toBe(12);
    const states = (await readRuns(db)).filter(({ state }) => state !== "finished");
    expect(states.map(({ state }) => state)).toEqual(["failed"]);

    expect(await controlSweep(context, { sweepId: then.pausedSweepId, action: "resume" })).toMatchObject({
      state: "running",
    });
    expect((await readSweep(db, then.canceledSweepId)).state).toBe("canceled");
  }));

async function expectSameHistory(db: Database, but: ReadonlySet<number> = new Set()): Promise<void> {
  const runIds = then.runs.map(({ id }) => id);
  const lines = await readHistory(db, systemAccess(), { runIds, keys: ["accuracy", "loss"], samples: 1_500 });
  const read = lines.flatMap((line) => {
    if (!line.exact) return [];
    const values = [...line.points.values].map(Number).filter(Number.isFinite);
    const sum = values.reduce((total, value) => total + value, 0);
    return [{ runId: line.runId, key: line.key, steps: line.points.steps.length, sum }];
  });
  const same = ({ runId }: { runId: number }) => !but.has(runId);
  expect(read.filter(same)).toEqual(then.lines.filter(same));
  const summaries = await readSummaries(db, systemAccess(), runIds);
  expect([...summaries].filter(([runId]) => !but.has(runId))).toEqual(
    then.summaries.filter(([runId]) => !but.has(runId)),
  );
}
