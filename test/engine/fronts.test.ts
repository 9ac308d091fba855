import { expect, test } from "vitest";
import type { Database } from "@/db/client";
import { findSweepsToClose } from "@/db/queries/close-sweeps";
import { closeSweeps } from "@/engine/close-sweeps";
import type { EngineContext } from "@/engine/context";
import { controlSweep } from "@/engine/control-sweep";
import { finishRun } from "@/engine/finish-run";
import { bringFront } from "@/engine/grow-front";
import { reopenRun } from "@/engine/reopen-run";
import { logMetrics } from "@/engine/report-metrics";
import { toBatch } from "../support/history";
import { claimOne, gridOf, startSweep, withHouse } from "./support/house";

const BOTH = gridOf(9, { metric: undefined, metrics: [{ name: "loss" }, { name: "acc", goal: "maximize" }] });

type Started = Awaited<ReturnType<typeof startSweep>>;

async function train(context: EngineContext, sweep: Started, loss: number, acc: number): Promise<number> {
  const { runId, attempt } = await claimOne(context, sweep);
  await logMetrics(context, { runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss, acc }]]) });
  await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
  return runId;
}

/** Ids of the runs in its front; undefined where it has none. */
async function readFront({ sql }: Database, sweepId: string): Promise<number[] | undefined> {
  const rows = await sql<{ members: { id: number }[] }[]>`
    select members from fronts where sweep_id = ${sweepId}`;
  return rows[0]?.members.map(({ id }) => id);
}

/** As it was before it was kept, or when the server died after the commit of the first finish. */
const loseFront = ({ sql }: Database) => sql`delete from fronts`;

test("a sweep that ended before fronts were kept gets one with the next round, and costs nothing from then on", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, BOTH);
    const { sweepId } = sweep;
    const runIds = [await train(context, sweep, 1, 0.5), await train(context, sweep, 2, 0.7)];
    await controlSweep(context, { sweepId, action: "stop" });
    await db.sql`update sweeps set finished_at = finished_at - interval '1 year'`;
    await loseFront(db);
    expect(await closeSweeps(db)).toEqual([]);
    expect(await readFront(db, sweepId)).toEqual(runIds);
    expect(await findSweepsToClose(db.sql)).toEqual([]);
  }));

test("a sweep with several metrics is looked after when its front is behind, and not while nothing ends", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, BOTH);
    const { sweepId } = sweep;
    await closeSweeps(db);
    expect(await findSweepsToClose(db.sql)).toEqual([]);
    const first = await train(context, sweep, 1, 0.5);
    await train(context, sweep, 2, 0.4);
    const open = await claimOne(context, sweep);
    expect(await findSweepsToClose(db.sql)).toEqual([]);
    expect(await findSweepsToClose(db.sql, [sweepId])).toEqual([{ sweepId, behind: true, unjudged: false }]);

    await db.sql`update runs set deleted_at = now() where id = ${first}`;
    expect(await findSweepsToClose(db.sql)).toEqual([{ sweepId, behind: true, unjudged: false }]);
    await db.sql`update runs set deleted_at = null where id = ${first}`;
    await db.sql`update runs set state = 'finished', finished_at = now() where id = ${open.runId}`;
    expect(await findSweepsToClose(db.sql)).toEqual([{ sweepId, behind: true, unjudged: false }]);
    await closeSweeps(db);
    expect(await findSweepsToClose(db.sql)).toEqual([]);

    await db.sql`update sweeps set started_at = now() - interval '3 hours', budget_hours = 2`;
    expect(await findSweepsToClose(db.sql)).toEqual([{ sweepId, behind: false, unjudged: false }]);
    expect(await closeSweeps(db)).toEqual([sweepId]);
  }));

test("a run that is done anew by hand leaves the front, and comes back with what it has come to", () =>
  withHouse(async ({ db, context }) => {
    const sweep = await startSweep(context, BOTH);
    const runId = await train(context, sweep, 1, 0.5);
    const other = await train(context, sweep, 2, 0.4);
    expect(await readFront(db, sweep.sweepId)).toEqual([runId]);
    const { attempt } = await reopenRun(context, { runId });
    expect(await readFront(db, sweep.sweepId)).toEqual([other]);
    await logMetrics(context, {
      ...{ runId, metrics: toBatch({ attempt, batch: 1 }, [[0, { loss: 3, acc: 0.1 }]]) },
    });
    await finishRun(context, { runId, attempt, state: "finished", exitCode: 0 });
    expect(await readFront(db, sweep.sweepId)).toEqual([other]);
  }));

test("a sweep that can't be looked after is told by its name, and the others are looked after all the same", () =>
  withHouse(async ({ db, context }) => {
    const sweeps = [await startSweep(context, BOTH), await startSweep(context, BOTH)] as const;
    const runIds = [await train(context, sweeps[0], 1, 0.5), await train(context, sweeps[1], 1, 0.5)];
    for (const [i, { sweepId: broken }] of sweeps.entries()) {
      await loseFront(db);
      await db.sql.unsafe(`alter table fronts add constraint broken check (sweep_id <> '${broken}')`);
      await expect(closeSweeps(db)).rejects.toThrow(`sweep ${broken} could not be looked after`);
      const other = 1 - i;
      expect(await readFront(db, sweeps[other]?.sweepId ?? "")).toEqual([runIds[other]]);
      await db.sql`alter table fronts drop constraint broken`;
    }
  }));

test("a front is not made while its sweep is purged, and neither fails for it", () =>
  withHouse(async ({ db, context, other }) => {
    const { sweepId } = await startSweep(context, BOTH);
    await loseFront(db);
    let bringing: Promise<void> | undefined;
    await db.sql.begin(async (tx) => {
      await tx`select from sweeps where id = ${sweepId} for update`;
      bringing = bringFront(other.db, sweepId);
      // It waits for the sweep, or has been through.
      await Promise.race([bringing.catch(() => {}), waitsForLock(db)]);
      for (const table of ["agents", "fronts", "sweep_generations"])
        await tx`delete from ${tx(table)} where sweep_id = ${sweepId}`;
      await tx`delete from sweeps where id = ${sweepId}`;
    });
    await bringing;
    expect(await readFront(db, sweepId)).toBeUndefined();
  }));

async function waitsForLock({ sql }: Database): Promise<void> {
  for (let waiting = 0; waiting === 0; ) {
    const [row] = await sql<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    waiting = row?.waiting ?? 0;
  }
}
