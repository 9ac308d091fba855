import { beforeAll, expect, test } from "vitest";
import { SweepStopping } from "@/graphql/operations/stopping";
import { SweepTimeline } from "@/graphql/operations/timeline";
import { addPerson } from "../support/people";
import { PLAIN_SOURCE, seedSweep } from "../support/seed-sweep";
import { ask, sharedServer, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

test("a sweep tells of attempts that its runs' own times do not: all of runs that were tried again, and those in a slot", async () => {
  const { id } = await seedSweep(server.databaseUrl, { id: "attempt1", runs: 6 });
  const { sql } = server.db;
  const attemptsOf = async () => (await ask(server, SweepTimeline, { id })).sweep?.attempts;
  await sql`update attempts set slot = null where sweep_id = ${id}`;
  expect((await attemptsOf())?.run).toEqual([]);

  const runs = await sql<{ id: number }[]>`select id::int as id from runs where sweep_id = ${id} order by id`;
  const [again = 0, slotted = 0] = runs.map((run) => run.id);
  await sql`
    insert into attempts (run_id, number, sweep_id, state, started_at, ended_at, reason)
    values (${again}, 1, ${id}, 'crashed', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z', 'lease_expired'),
      (${again}, 2, ${id}, 'finished', '2026-01-01T00:02:00Z', '2026-01-01T00:03:00Z', null)
    on conflict (run_id, number) do update
      set state = excluded.state, started_at = excluded.started_at, ended_at = excluded.ended_at, reason = excluded.reason`;
  await sql`update runs set attempt = 2 where id = ${again}`;
  await sql`
    insert into attempts (run_id, number, sweep_id, state, slot) values (${slotted}, 1, ${id}, 'running', 3)
    on conflict (run_id, number) do update set slot = 3`;
  expect(await attemptsOf()).toMatchObject({
    run: [slotted, again, again],
    number: [1, 1, 2],
    slot: [3, null, null],
    state: [expect.any(String), "crashed", "finished"],
    reason: [null, "lease_expired", null],
    startedAt: [expect.any(Number), Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1, 0, 2)],
    more: false,
  });
  const mallory = await addPerson(server, "mallory");
  expect((await ask(mallory, SweepTimeline, { id })).sweep).toBe(null);
});

test("early stopping says how much training it saved: what stopped runs logged beside the length of finished ones", async () => {
  const { id } = await seedSweep(server.databaseUrl, {
    id: "savings1",
    runs: 200,
    source: `${PLAIN_SOURCE}early_terminate: {type: hyperband, min_iter: 3, eta: 2}\n`,
  });
  const rows = await server.db.sql<{ state: string; stopped: boolean; count: number }[]>`
    select r.state, m.count::int as count,
      exists (select from rungs g where g.run_id = r.id and g.stopped and g.counts) as stopped
    from runs r join sweeps s on s.id = r.sweep_id join metrics n on n.project_id = s.project_id and n.name = s.metric_name
      join metric_summaries m on m.run_id = r.id and m.attempt = r.attempt and m.metric_id = n.id
    where s.id = ${id} and r.state in ('finished', 'killed')`;
  const stopped = rows.filter((row) => row.stopped);
  const whole = rows.filter((row) => !row.stopped && row.state === "finished").map(({ count }) => count);
  const full = whole.sort((a, b) => a - b)[Math.ceil(whole.length / 2) - 1] ?? 0;
  const logged = (list: readonly { count: number }[]) => list.reduce((sum, { count }) => sum + count, 0);
  const unspent = stopped.length * full - logged(stopped);
  expect(unspent).toBeGreaterThan(0);
  const savings = (await ask(server, SweepStopping, { id })).sweep?.stopping?.savings;
  expect(savings).toMatchObject({
    stopped: stopped.length,
    stoppedValues: logged(stopped),
    fullValues: stopped.length * full,
  });
  expect(savings?.spent).toBeCloseTo(logged(rows) / (logged(rows) + unspent), 12);

  await server.db.sql`update rungs set stopped = false where sweep_id = ${id}`;
  expect((await ask(server, SweepStopping, { id })).sweep?.stopping?.savings).toBe(null);
});
