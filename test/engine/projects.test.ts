import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { findProject } from "@/db/queries/projects";
import { getSweep } from "@/db/queries/sweeps";
import { authenticate } from "@/engine/authorize";
import { claimRuns } from "@/engine/claim-runs";
import { createProject } from "@/engine/create-project";
import { createRun } from "@/engine/create-run";
import { createSweep } from "@/engine/create-sweep";
import { deleteProject } from "@/engine/delete-project";
import { heartbeat } from "@/engine/heartbeat";
import { purgeProjects } from "@/engine/purge-projects";
import { logMetrics } from "@/engine/report-metrics";
import { logOutput } from "@/engine/report-output";
import { updateProject } from "@/engine/update-project";
import { fillTables } from "../support/fill";
import { claimOne, codeOf, gridOf, silent, startSweep, withHouse } from "./support/house";

const idOf = async (db: Database, name: string): Promise<number> => {
  const [row] = await db.sql<{ id: number }[]>`
    select id from projects where name = ${name} order by deleted_at nulls first, id desc`;
  if (row === undefined) throw new Error(`no project ${name}`);
  return row.id;
};

test("a project is made once, changed, and found under its name", () =>
  withHouse(async ({ db, context, other }) => {
    const input = { name: "fresh", description: "first look", clientMutationId: "p1" };
    const made = await Promise.all([createProject(context, input), createProject(other, input)]);
    expect(new Set(made.map(({ projectId }) => projectId)).size).toBe(1);
    expect(await codeOf(createProject(context, { name: "fresh" }))).toBe("NAME_TAKEN");
    const projectId = made[0]?.projectId ?? 0;
    await updateProject(context, { projectId, keepOutputDays: 7, clientMutationId: "u1" });
    await updateProject(context, { projectId, description: "" });
    const [row] = await db.sql`
      select description, keep_output_days as output, keep_history_days as history from projects where id = ${projectId}`;
    expect(row).toEqual({ description: null, output: 7, history: null });
    expect(await codeOf(updateProject(context, { projectId, keepOutputDays: -1 }))).toBe("BAD_INPUT");
    expect(await codeOf(updateProject(context, { projectId }))).toBe("BAD_INPUT");
    await updateProject(context, { projectId, keepOutputDays: 0 });
    const [again] = await db.sql`select keep_output_days as output from projects where id = ${projectId}`;
    expect(again).toEqual({ output: null });
    const audited = await db.sql`select action from audit_events where project_id = ${projectId} order by id`;
    expect(audited.map(({ action }) => action)).toEqual([
      "project.create",
      ...Array(3).fill("project.update"),
    ]);
  }));

test("a deleted project is unknown at once, its agents are told to end, and its name is free", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, gridOf(4));
    const claim = await claimOne(context, sweep);
    const { runId, attempt } = claim;
    const runAccess = await authenticate(db, claim.apiKey);
    const loose = await createRun(context, { project: "digits", params: "{}" });
    const projectId = await idOf(db, "digits");
    expect(await codeOf(deleteProject(context, { projectId, confirm: "digit" }))).toBe("BAD_INPUT");
    const input = { projectId, confirm: "digits", clientMutationId: "d1" };
    expect(await deleteProject(context, input)).toEqual({ projectId });
    expect(await deleteProject(context, input)).toEqual({ projectId });
    expect(await codeOf(deleteProject(context, { projectId, confirm: "digits" }))).toBe("NOT_FOUND");

    expect(
      await heartbeat(context, { agentId: sweep.agentId, attempts: [{ runId, attempt }] }),
    ).toMatchObject({
      commands: [{ runId, attempt, command: "CANCEL" }],
      directive: "EXIT",
    });
    expect(await codeOf(claimRuns(context, { ...sweep, count: 1 }))).toBe("NOT_FOUND");
    expect(await codeOf(authenticate(db, claim.apiKey))).toBe("UNAUTHENTICATED");
    expect(await codeOf(authenticate(db, loose.apiKey))).toBe("UNAUTHENTICATED");
    expect(runAccess.kind).toBe("run");
    expect(await getSweep(db, context.access, sweep.sweepId)).toBeUndefined();
    const names = { entity: "ada", name: "digits" };
    expect(await findProject(db, context.access, names)).toBeUndefined();

    // The name is free: what names it makes another project.
    const { sweepId } = await createSweep(context, { json: gridOf(2), project: "digits" });
    const successor = await findProject(db, context.access, names);
    expect(successor?.id).not.toBe(projectId);
    expect((await getSweep(db, context.access, sweepId))?.projectId).toBe(successor?.id);
  }));

test("what a deleted project held goes in slices, on any number of servers, and nothing else does", () =>
  withHouse(async ({ db, context, other }) => {
    const kept = await startSweep(context, gridOf(3));
    const keptClaim = await claimOne(context, kept);
    await work(context, keptClaim);
    const { sweepId } = await createSweep(context, { json: gridOf(3), project: "gone" });
    const projectId = await idOf(db, "gone");
    // More runs than a slice takes, each with something in every table that refers to runs.
    await db.sql`
      insert into runs (project_id, sweep_id, name, display_name, state, params, attempt)
      select ${projectId}, ${sweepId}, 'r' || n, 'r', 'finished', '{}', 1 from generate_series(1, 450) n`;
    await db.sql`insert into attempts (run_id, number, sweep_id) select id, 1, sweep_id from runs where project_id = ${projectId}`;
    await db.sql`insert into run_tags (run_id, tag) select id, 't' from runs where project_id = ${projectId}`;
    await db.sql`insert into output_chunks (run_id, attempt, batch, piece, stream, at, text)
      select id, 1, 1, 0, 'stdout', now(), 'x' from runs where project_id = ${projectId}`;
    await db.sql`insert into rungs (run_id, attempt, band, sweep_id, value, best, step)
      select id, 1, 3, sweep_id, 1, 1, 1 from runs where project_id = ${projectId}`;
    const before = await countsWithout(db, projectId);
    await deleteProject(context, { projectId, confirm: "gone" });
    expect(await purgeProjects(db, silent)).toBe(0); // agents have a minute to hear of it

    const rules = { afterMs: 0 };
    const slices = await Promise.all([
      purgeProjects(db, silent, rules),
      purgeProjects(other.db, silent, rules),
    ]);
    await purgeProjects(db, silent, rules);
    expect(slices.reduce((sum, n) => sum + n)).toBeGreaterThanOrEqual(4);
    expect(await countsWithout(db, projectId)).toEqual(before);
    const [left] = await db.sql`
      select (select count(*) from runs where project_id = ${projectId}) as runs,
        (select count(*) from sweeps where project_id = ${projectId}) as sweeps,
        (select purged_at is not null from projects where id = ${projectId}) as purged`;
    expect(left).toEqual({ runs: 0, sweeps: 0, purged: true });
    await work(context, await claimOne(context, kept));
  }));

test("a run that somebody works on while its project is purged goes in the next round", () =>
  withHouse(async ({ db, context }) => {
    const { runId } = await createRun(context, { project: "gone", params: "{}" });
    const projectId = await idOf(db, "gone");
    await deleteProject(context, { projectId, confirm: "gone" });
    const left = async () => {
      const [row] = await db.sql`select (select count(*) from runs where id = ${runId}) as runs,
        (select purged_at is not null from projects where id = ${projectId}) as purged`;
      return row;
    };
    await db.sql.begin(async (tx) => {
      await tx`select from runs where id = ${runId} for no key update`;
      await purgeProjects(db, silent, { afterMs: 0 });
    });
    expect(await left()).toEqual({ runs: 1, purged: false });
    await purgeProjects(db, silent, { afterMs: 0 });
    expect(await left()).toEqual({ runs: 0, purged: true });
  }));

test("whatever table refers to runs, sweeps or projects, a deleted project leaves nothing in it", () =>
  withHouse(async ({ db, context }) => {
    // By the catalog, so that a table of the future is not forgotten.
    await db.sql`truncate users, entities, audit_events restart identity cascade`;
    await fillTables(db, 3);
    await db.sql`update projects set deleted_at = now() - interval '1 hour', purged_at = null`;
    await purgeProjects(db, context.log, { afterMs: 0 });
    const stays = [
      "projects",
      "users",
      "entities",
      "api_keys",
      "invitations",
      "audit_events",
      "team_members",
    ];
    const tables = await db.sql<{ from: string }[]>`
      with recursive hanging as (
        select 'projects'::regclass as oid
        union select k.conrelid from pg_constraint k join hanging h on h.oid = k.confrelid
        where k.contype = 'f' and k.conrelid <> all(${["api_keys", "invitations"]}::regclass[])
      ) select oid::regclass::text as from from hanging`;
    expect(tables.length).toBeGreaterThan(15);
    for (const { from } of tables) {
      if (stays.includes(from)) continue;
      const [row] = await db.sql`select count(*) as n from ${db.sql(from)}`;
      expect([from, row?.n]).toEqual([from, 0]);
    }
  }));

async function work(
  context: Parameters<typeof logMetrics>[0],
  { runId, attempt }: { runId: number; attempt: number },
): Promise<void> {
  const metrics = { attempt, batch: 1, steps: [0], times: [0], series: [{ key: "loss", values: [1] }] };
  await logMetrics(context, { runId, metrics });
  const lines = [{ stream: "stdout", time: 0, text: "hello\n" }];
  await logOutput(context, { runId, attempt, batch: 1, lines });
}

/** Rows of everything that hangs on runs, but for this project's. */
async function countsWithout(db: Database, projectId: number) {
  const counts: Record<string, number> = {};
  for (const table of [
    "attempts",
    "run_tags",
    "output_chunks",
    "rungs",
    "metric_tails",
    "metric_summaries",
  ]) {
    const [row] = await db.sql<{ n: number }[]>`
      select count(*) as n from ${db.sql(table)} t left join runs r on r.id = t.run_id
      where r.project_id is distinct from ${projectId}`;
    counts[table] = row?.n ?? 0;
  }
  return counts;
}
