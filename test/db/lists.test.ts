import { expect, test } from "vitest";
import { PROJECT_FIELDS, readProjectFilter, readProjectOrder } from "@/core/project-filter";
import { readSweepFilter, readSweepOrder, SWEEP_FIELDS } from "@/core/sweep-filter";
import { listRuns } from "@/db/queries/filter-runs";
import { listProjects } from "@/db/queries/projects";
import { listSweeps } from "@/db/queries/sweeps";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, systemContext } from "../support/history";

/** What is missing in a sweep that nobody has started and that names no metric, and in a bare project. */
const MISSING = ["stateReason", "metric", "startedAt", "finishedAt", "description"];

test("each field of sweeps and projects can be filtered and ordered by", () =>
  withDatabase(async (db) => {
    const { access } = systemContext(db);
    const { projectId, sweepId } = await makeSweep(db);
    await db.sql`insert into sweeps (id, project_id, name, method, metric_name, seed)
      values ('sweep000', ${projectId}, 'another', 'grid', 'loss', '1')`;
    await db.sql`insert into sweep_generations (sweep_id, generation, source, config) values ('sweep000', 1, '', '{}')`;
    for (const field of Object.keys(SWEEP_FIELDS)) {
      const filter = readSweepFilter({
        and: [
          { field: "id", op: "eq", value: sweepId },
          { field, op: "exists" },
        ],
      });
      const order = readSweepOrder([{ field, direction: "desc" }]);
      const found = await listSweeps(db, access, [projectId], { filter, order, length: 5, counted: true });
      const rows = found.get(projectId)?.rows.map(({ id }) => id);
      expect([field, rows]).toEqual([field, MISSING.includes(field) ? [] : [sweepId]]);
      const { rows: all = [], total } =
        (await listSweeps(db, access, [projectId], { order, length: 5, counted: true })).get(projectId) ?? {};
      expect([field, all.map(({ id }) => id).sort(), total]).toEqual([field, ["sweep000", sweepId], 2]);
    }
    for (const field of Object.keys(PROJECT_FIELDS)) {
      const filter = readProjectFilter({ field, op: "exists" });
      const order = readProjectOrder([{ field }]);
      const { rows, total } = await listProjects(db, access, { filter, order, length: 5, counted: true });
      const expected = MISSING.includes(field) ? [] : [projectId];
      expect([field, rows.map(({ id }) => id), total]).toEqual([field, expected, expected.length]);
    }
  }));

test("a list has pages of several projects and sweeps at once, each with its own number", () =>
  withDatabase(async (db) => {
    const { access } = systemContext(db);
    const place = await makeSweep(db);
    const [empty] = await db.sql<{ id: number }[]>`
      insert into projects (entity_id, name) select min(id), 'empty' from entities returning id`;
    for (let i = 0; i < 3; i++) await makeRun(db, { ...place, sweepId: i === 0 ? null : place.sweepId });
    const asked = { length: 2, counted: true, asOf: 0 };
    const projectIds = [place.projectId, empty?.id ?? 0, 999];
    const pages = await listRuns<number>(db, access, { projectIds }, asked);
    expect([...pages].map(([id, { rows, more, total }]) => [id, rows.length, more, total])).toEqual([
      [place.projectId, 2, true, 3],
      [empty?.id, 0, false, 0],
    ]);
    const ofSweeps = await listRuns<string>(db, access, { sweepIds: [place.sweepId, "unknown0"] }, asked);
    expect([...ofSweeps].map(([id, { rows, total }]) => [id, rows.length, total])).toEqual([
      [place.sweepId, 2, 2],
    ]);
  }));

test("strangers get no list, however they ask", () =>
  withDatabase(async (db) => {
    const place = await makeSweep(db);
    await makeRun(db, place);
    const { access } = systemContext(db);
    const stranger = { kind: "user", userId: 99, entityId: 99, admin: false, scope: "full" } as typeof access;
    const asked = { length: 5, counted: true, asOf: 0 };
    expect(await listRuns(db, stranger, { projectIds: [place.projectId] }, asked)).toEqual(new Map());
    expect(await listRuns(db, stranger, { sweepIds: [place.sweepId] }, asked)).toEqual(new Map());
    expect(await listSweeps(db, stranger, [place.projectId], asked)).toEqual(new Map());
    expect(await listProjects(db, stranger, asked)).toEqual({ rows: [], more: false, total: 0 });
    const limited = {
      ...stranger,
      admin: false,
      onlyProjectId: place.projectId + 1,
      entityId: 1,
    } as typeof access;
    expect(await listRuns(db, limited, { projectIds: [place.projectId] }, asked)).toEqual(new Map());
  }));
