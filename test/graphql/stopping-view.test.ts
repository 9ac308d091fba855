import { beforeAll, expect, test } from "vitest";
import { SweepStopping } from "@/graphql/operations/stopping";
import { addPerson } from "../support/people";
import { PLAIN_SOURCE, seedSweep } from "../support/seed-sweep";
import { ask, sharedServer, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const seed = (rule: string, id: string) =>
  seedSweep(server.databaseUrl, { id, runs: 200, source: `${PLAIN_SOURCE}early_terminate: ${rule}\n` });
const view = async (id: string) => (await ask(server, SweepStopping, { id })).sweep?.stopping;

test("early stopping shows its bands, how many came and were stopped, the threshold, and where each run stood", async () => {
  const { id } = await seed("{type: hyperband, min_iter: 3, eta: 2}", "hyper001");
  const stopping = await view(id);
  expect(stopping).toMatchObject({ rule: "hyperband", unit: "values", more: false });
  expect(stopping?.bands.map(({ band }) => band)).toEqual([3, 6, 12, 24]);
  const [row] = await server.db.sql`
    select count(*)::int as runs, (count(*) filter (where stopped))::int as stopped,
      percentile_disc(0.5) within group (order by value) as middle from rungs where sweep_id = ${id} and band = 3`;
  const [first] = stopping?.bands ?? [];
  expect(first).toMatchObject({ runs: row?.runs, stopped: row?.stopped });
  expect(first?.stopped).toBeGreaterThan(10);
  expect(Math.abs((first?.threshold ?? 0) - row?.middle)).toBeLessThan(0.05);
  const rungs = stopping?.run.length ?? 0;
  expect(rungs).toBe(stopping?.bands.reduce((sum, { runs }) => sum + runs, 0));
  expect(stopping?.stopped.reduce((sum, one) => sum + one, 0)).toBe(
    stopping?.bands.reduce((sum, { stopped }) => sum + stopped, 0),
  );
  expect([stopping?.band.length, stopping?.compared.length]).toEqual([rungs, rungs]);
});

test("a rule that looks at each value shows a hundred bands at most, the first and the last among them", async () => {
  const { id } = await seed("{type: median, grace: 1, every: 1}", "median01");
  await server.db.sql`
    insert into rungs (sweep_id, band, run_id, attempt, value, best, step)
    select ${id}, n, min(r.id), 1, 1, 1, n from runs r, generate_series(100, 700) n where r.sweep_id = ${id} group by n`;
  const stopping = await view(id);
  expect(stopping?.bands.length).toBeLessThanOrEqual(101);
  expect(stopping?.bands.length).toBeGreaterThan(90);
  expect([stopping?.bands[0]?.band, stopping?.bands.at(-1)?.band]).toEqual([1, 700]);
  expect(stopping?.bands[0]?.threshold).toEqual(expect.any(Number));
  expect(stopping?.more).toBe(true);
});

test("there is nothing without early stopping, and nothing for a stranger", async () => {
  const { id } = await seedSweep(server.databaseUrl, { id: "plain001", runs: 5 });
  expect(await view(id)).toBe(null);
  const mallory = await addPerson(server, "mallory");
  expect((await ask(mallory, SweepStopping, { id: "hyper001" })).sweep).toBe(null);
});
