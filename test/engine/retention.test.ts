import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { readHistory } from "@/db/queries/read-history";
import { readOutput } from "@/db/queries/read-output";
import { readSummaries } from "@/db/queries/summaries";
import { systemAccess } from "@/engine/authorize";
import { pruneSignInRows } from "@/engine/background";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { createRun } from "@/engine/create-run";
import { deleteRun } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { mergeHistory } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { logOutput } from "@/engine/report-output";
import { dropExpired, KEEP_EVERYTHING, readKeep } from "@/engine/retention";
import { updateProject } from "@/engine/update-project";
import { claimOne, expireLeases, gridOf, reapNow, silent, startSweep, withHouse } from "./support/house";

const AT_ONCE = { everyMs: 0 };

async function work(
  context: EngineContext,
  { runId, attempt }: { runId: number; attempt: number },
  batch = 1,
) {
  const steps = [batch * 10, batch * 10 + 1];
  const metrics = { attempt, batch, steps, times: steps, series: [{ key: "loss", values: [3, 2] }] };
  const lines = [{ stream: "stdout", time: 0, text: `batch ${batch}\n` }];
  return {
    metrics: await logMetrics(context, { runId, metrics }),
    output: await logOutput(context, { runId, attempt, batch, lines }),
  };
}

/** As if it had ended so many days ago. */
const age = (db: Database, runId: number, days: number) =>
  db.sql.begin(async (tx) => {
    await tx`update runs set finished_at = finished_at - ${days} * interval '1 day' where id = ${runId}`;
    await tx`update attempts set ended_at = ended_at - ${days} * interval '1 day' where run_id = ${runId}`;
  });

async function kept(db: Database, runId: number) {
  const history = await readHistory(db, systemAccess(), { runIds: [runId], keys: ["loss"], samples: 100 });
  const output = await readOutput(db, systemAccess(), { runIds: [runId] });
  const summaries = await readSummaries(db, systemAccess(), [runId]);
  const [row] = await db.sql<{ output: boolean; history: boolean }[]>`
    select output_dropped_at is not null as output, history_dropped_at is not null as history
    from runs where id = ${runId}`;
  return {
    history: history.length > 0,
    output: output.has(runId),
    summary: summaries.get(runId)?.find(({ name }) => name === "loss")?.count,
    marked: row,
  };
}

test("output and history go so many days after a run's end; its summary, result and parameters stay", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4));
    const [old, merged, young, running] = [
      await claimOne(context, sweep),
      await claimOne(context, sweep),
      await claimOne(context, sweep),
      await claimOne(context, sweep),
    ];
    for (const claim of [old, merged, young, running]) await work(context, claim);
    for (const claim of [old, merged, young]) await finishRun(context, { ...claim, state: "finished" });
    await age(db, merged.runId, 100);
    await mergeHistory(db, silent);
    await work(context, old, 2); // late: a tail beside what is merged
    await age(db, old.runId, 15);
    await age(db, young.runId, 5);

    const keep = { outputDays: 10, historyDays: 20 };
    expect(await dropExpired(db, silent, keep, AT_ONCE)).toBe(2);
    const all = { history: true, output: true, summary: 2, marked: { output: false, history: false } };
    expect(await kept(db, old.runId)).toEqual({
      history: true,
      output: false,
      summary: 4,
      marked: { output: true, history: false },
    });
    expect(await kept(db, merged.runId)).toEqual({
      history: false,
      output: false,
      summary: 2,
      marked: { output: true, history: true },
    });
    expect(await kept(db, young.runId)).toEqual(all);
    expect(await kept(db, running.runId)).toEqual(all);
    expect(await dropExpired(db, silent, keep, AT_ONCE)).toBe(0);
    const [row] = await db.sql`select objective, params from runs where id = ${merged.runId}`;
    expect(row).toEqual({ objective: 2, params: { x: 1, fixed: 1.5 } });
    expect(await dropExpired(db, silent, { outputDays: 10, historyDays: 15 }, AT_ONCE)).toBe(1);
    const [left] =
      await db.sql`select (select count(*) from metric_tails where run_id = ${old.runId}) as tails,
      (select tails from attempts where run_id = ${old.runId}) as counted`;
    expect(left).toEqual({ tails: 0, counted: 0 });
  }));

test("a project's own days win over the server's, in both directions", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const claim = await claimOne(context, sweep);
    await work(context, claim);
    await finishRun(context, { ...claim, state: "finished" });
    await age(db, claim.runId, 50);
    const [{ id: projectId } = { id: 0 }] = await db.sql<{ id: number }[]>`select id from projects`;
    await updateProject(context, { projectId, keepOutputDays: 36_500, keepHistoryDays: 10 });
    expect(await dropExpired(db, silent, { outputDays: 5, historyDays: null }, AT_ONCE)).toBe(1);
    expect(await kept(db, claim.runId)).toMatchObject({ history: false, output: true });
  }));

test("what comes after its history was dropped is acknowledged and not kept, and the answer says so", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(2));
    const claim = await claimOne(context, sweep);
    await work(context, claim);
    await finishRun(context, { ...claim, state: "finished" });
    await age(db, claim.runId, 50);
    await dropExpired(db, silent, { outputDays: 5, historyDays: 5 }, AT_ONCE);
    const late = await work(context, claim, 2);
    expect(late.metrics).toMatchObject({ batch: 2, droppedPoints: 2, repeated: false });
    expect(late.output).toMatchObject({ batch: 2, cut: true });
    expect(await work(context, claim, 2)).toMatchObject({ metrics: { repeated: true } });
    expect(await kept(db, claim.runId)).toMatchObject({ history: false, output: false, summary: 2 });
  }));

test("a run that goes on after its data was dropped keeps what it logs from then on, until its next end", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(1, { retries: 3 }));
    const first = await claimOne(context, sweep);
    await work(context, first);
    await controlSweep(context, { ...sweep, action: "stop" });
    await expireLeases(db);
    await reapNow(db);
    await age(db, first.runId, 50);
    const keep = { outputDays: 5, historyDays: 5 };
    expect(await dropExpired(db, silent, keep, AT_ONCE)).toBe(1);
    await controlSweep(context, { ...sweep, action: "resume" });
    const second = await claimOne(context, sweep);
    expect(second).toMatchObject({ runId: first.runId, attempt: 2 });
    expect(await work(context, second)).toMatchObject({
      metrics: { droppedPoints: 0 },
      output: { cut: false },
    });
    await finishRun(context, { ...second, state: "finished" });
    expect(await dropExpired(db, silent, keep, AT_ONCE)).toBe(0);
    expect(await kept(db, first.runId)).toMatchObject({ history: true, output: true });
    await db.sql`update runs set output_dropped_at = output_dropped_at - interval '40 days',
      history_dropped_at = history_dropped_at - interval '40 days'`;
    await age(db, first.runId, 20);
    expect(await dropExpired(db, silent, keep, AT_ONCE)).toBe(1);
    expect(await kept(db, first.runId)).toMatchObject({ history: false, output: false });
  }));

test("what deleted runs left goes without waiting", () =>
  withHouse(async ({ db, context }) => {
    const { runId } = await createRun(context, { project: "x" });
    await work(context, { runId, attempt: 1 });
    await deleteRun(context, { runId });
    expect(await dropExpired(db, silent, KEEP_EVERYTHING, AT_ONCE)).toBe(1);
    const [left] =
      await db.sql`select (select count(*) from metric_tails) as tails, (select count(*) from output_chunks) as output`;
    expect(left).toEqual({ tails: 0, output: 0 });
    expect(await dropExpired(db, silent, KEEP_EVERYTHING, AT_ONCE)).toBe(0);
  }));

test("two servers share a round, and none begins before it is due", () =>
  withHouse(async ({ db, context, other }) => {
    await context.db.sql`insert into projects (entity_id, name) select id, 'many' from entities`;
    await db.sql`insert into runs (project_id, name, display_name, state, params, finished_at)
      select p.id, 'r' || n, 'r', 'finished', '{}', now() - interval '90 days' from projects p, generate_series(1, 12000) n`;
    const keep = { outputDays: 30, historyDays: null };
    const dropped = await Promise.all([
      dropExpired(db, silent, keep, { everyMs: 60_000 }),
      dropExpired(other.db, silent, keep, { everyMs: 60_000 }),
    ]);
    // Whoever finds the other at work leaves it the rest of the round.
    expect(dropped.reduce((sum, n) => sum + n)).toBe(12_000);
    await db.sql`update runs set output_dropped_at = null`;
    expect(await dropExpired(db, silent, keep)).toBe(0);
  }));

test("sessions, links, invitations and logins that ended long ago are forgotten; audit events stay", () =>
  withHouse(async ({ db }) => {
    const [{ id } = { id: 0 }] = await db.sql<{ id: number }[]>`select id from users`;
    await db.sql`truncate audit_events`;
    await db.sql`insert into audit_events (at, caller, action, target) values (now() - interval '9 years', 'c', 'a', 't')`;
    for (const [n, ends] of [
      ["1", "-100 days"],
      ["2", "1 day"],
    ] as const) {
      const at = db.sql`now() + ${ends}::interval`;
      const hash = Buffer.from(n);
      await db.sql`insert into sessions (token_hash, user_id, expires_at) values (${hash}, ${id}, ${at})`;
      await db.sql`insert into login_links (token_hash, user_id, expires_at) values (${hash}, ${id}, ${at})`;
      await db.sql`insert into invitations (token_hash, created_by, expires_at) values (${hash}, ${id}, ${at})`;
      await db.sql`insert into device_logins (code_hash, user_code, label, expires_at) values (${hash}, ${n}, 'l', ${at})`;
      await db.sql`insert into sign_in_failures (bucket, failures, last_at) values (${n}, 1, ${at})`;
    }
    await pruneSignInRows(db);
    for (const table of [
      "sessions",
      "login_links",
      "invitations",
      "device_logins",
      "sign_in_failures",
      "audit_events",
    ]) {
      const [row] = await db.sql`select count(*) as n from ${db.sql(table)}`;
      expect([table, row?.n]).toEqual([table, 1]);
    }
  }));

test("settings are days, or nothing", () => {
  expect(readKeep({})).toEqual(KEEP_EVERYTHING);
  expect(readKeep({ BESOM_KEEP_OUTPUT_DAYS: "30", BESOM_KEEP_HISTORY_DAYS: "" })).toEqual({
    outputDays: 30,
    historyDays: null,
  });
  for (const text of ["0", "-1", "1.5", "a week", "999999"])
    expect(() => readKeep({ BESOM_KEEP_OUTPUT_DAYS: text })).toThrow("BESOM_KEEP_OUTPUT_DAYS");
});
