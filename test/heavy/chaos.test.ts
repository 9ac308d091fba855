import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { readHistory } from "@/db/queries/read-history";
import { systemAccess } from "@/engine/authorize";
import { expectEveryPointOnce } from "../support/invariants";
import { readRecord, type Spawned, until, type World, withWorld } from "../support/world";

const MINUTE = 60_000;

/** A grid of real child processes that keep their own account of every step. */
const recordedGrid = ({ points, steps, delayMs }: { points: number; steps: number; delayMs: number }) => `
method: grid
metric: { name: loss, goal: minimize }
program: test/fixtures/train-and-record.mjs
command: [node, "\${program}", "\${args}"]
retries: 100
parameters:
  x: { values: [${Array.from({ length: points }, (_, i) => i).join(", ")}] }
  steps: { value: ${steps} }
  delay_ms: { value: ${delayMs} }
`;

test(
  "an agent that dies with work in hand loses its runs to another one, and nothing is lost or run twice",
  { timeout: 3 * MINUTE },
  () =>
    withWorld({}, async (world) => {
      const points = 8;
      const sweepId = await world.createSweep(recordedGrid({ points, steps: 20, delayMs: 100 }));
      const doomed = world.besom(["agent", sweepId, "--slots", "4"]);
      await untilRunning(world, sweepId, 4);
      doomed.child.kill("SIGKILL");
      await doomed.exited;
      const heir = world.besom(["agent", sweepId, "--slots", "4"]);
      expect(await heir.exited, heir.output()).toBe(0);
      await expectEveryPointOnce(world.db, sweepId, points);
      await expectRecordsInDatabase(world, sweepId);
      const [lost] = await world.db.sql`
      select max(extract(epoch from b.started_at - a.last_contact_at)) as seconds, count(*) as lost
      from attempts a join attempts b on b.run_id = a.run_id and b.number = a.number + 1 where a.sweep_id = ${sweepId}`;
      expect(lost?.lost).toBeGreaterThan(0);
      expect(Number(lost?.seconds)).toBeLessThan(30);
    }),
);

test(
  "a server killed at 50 random moments loses no point, no acknowledged metric and no result",
  { timeout: 10 * MINUTE },
  () =>
    withWorld({}, async (world) => {
      const points = 120;
      const sweepId = await world.createSweep(recordedGrid({ points, steps: 30, delayMs: 60 }));
      const [server] = world.servers;
      const agents = [1, 2].map(() => world.besom(["agent", sweepId, "--slots", "4"]));
      await untilRunning(world, sweepId, 4);
      for (let kills = 0; kills < 50; kills++) {
        await pause(randomInt(20, 600));
        await server?.kill();
        await server?.start();
      }
      await expectAllDone(agents);
      await expectEveryPointOnce(world.db, sweepId, points);
      await expectRecordsInDatabase(world, sweepId);
    }),
);

test(
  "a database that is restarted under load, and one that is away for a minute, cost no attempt; nor does a server away for a minute",
  { timeout: 8 * MINUTE },
  () =>
    withWorld({}, async (world) => {
      const points = 8;
      const sweepId = await world.createSweep(recordedGrid({ points, steps: 1_450, delayMs: 100 }));
      const agent = world.besom(["agent", sweepId, "--slots", "8"]);
      await untilRunning(world, sweepId, 8);
      const [server] = world.servers;

      for (let restarts = 0; restarts < 3; restarts++) {
        await pause(randomInt(200, 1_500));
        await (await world.stopPostgres())();
      }
      await pause(2_000);

      await server?.kill();
      await pause(60_000);
      await server?.start();
      await pause(randomInt(1_000, 8_000));

      const startPostgres = await world.stopPostgres();
      await pause(60_000);
      await startPostgres();

      expect(await agent.exited, agent.output()).toBe(0);
      await expectEveryPointOnce(world.db, sweepId, points);
      await expectRecordsInDatabase(world, sweepId);
      const lost = await world.db
        .sql`select run_id, number, state, reason from attempts where sweep_id = ${sweepId} and (number > 1 or state <> 'finished')`;
      expect(lost).toEqual([]);
    }),
);

test(
  "of two servers on one database one freezes for 40 s in the middle of claims and finishes, and the other goes on",
  { timeout: 5 * MINUTE },
  () =>
    withWorld({ servers: 2 }, async (world) => {
      const points = 3_000;
      const [first, second] = world.servers;
      if (second === undefined) throw new Error("two servers were asked for");
      const sweepId = await world.createSweep(`
method: grid
metric: { name: loss, goal: minimize }
program: none
retries: 100
parameters:
  x: { values: [${Array.from({ length: points }, (_, i) => i).join(", ")}] }
`);
      const drivers = [first, second].map((server) => world.driver(sweepId, 16, { server, workMs: 100 }));
      await untilFinished(world, sweepId, 100);
      second.signal("SIGSTOP");
      const before = await countFinished(world, sweepId);
      // The first server's agents are not kept waiting for long: no lock of the frozen one outlives 5 s, though another of its
      // sessions may have stood in line for the same row and have it for 5 s more.
      await untilFinished(world, sweepId, before + 200, 40_000);
      await pause(40_000);
      second.signal("SIGCONT");
      await expectAllDone(drivers);
      await expectEveryPointOnce(world.db, sweepId, points);
    }),
);

async function expectAllDone(processes: readonly Spawned[]): Promise<void> {
  for (const one of processes) expect(await one.exited, one.output()).toBe(0);
}

/** The training program's own file and the database agree, step by step and bit by bit. */
async function expectRecordsInDatabase({ db, folder }: World, sweepId: string): Promise<void> {
  const runs = await db.sql<
    { id: number; attempt: number }[]
  >`select id, attempt from runs where sweep_id = ${sweepId}`;
  for (const { id, attempt } of runs) {
    const record = readRecord(folder, id, attempt);
    const [line] = await readHistory(db, systemAccess(), { runIds: [id], keys: ["loss"], samples: 1_500 });
    if (!line?.exact) throw new Error(`run ${id} has no exact history`);
    expect({ run: id, steps: [...line.points.steps], values: [...line.points.values] }).toEqual({
      run: id,
      steps: record.map(({ step }) => step),
      values: record.map(({ loss }) => loss),
    });
  }
}

async function untilRunning({ db }: World, sweepId: string, count: number): Promise<void> {
  await until(
    async () => {
      const [row] =
        await db.sql`select count(distinct a.run_id) as n from attempts a join metric_tails t on t.run_id = a.run_id where a.sweep_id = ${sweepId}`;
      return row?.n >= count;
    },
    60_000,
    () => `${count} runs that log`,
  );
}

async function countFinished({ db }: World, sweepId: string): Promise<number> {
  const [row] = await db.sql<
    { n: number }[]
  >`select count(*) as n from runs where sweep_id = ${sweepId} and state = 'finished'`;
  return row?.n ?? 0;
}

async function untilFinished(
  world: World,
  sweepId: string,
  count: number,
  timeoutMs = 60_000,
): Promise<void> {
  await until(
    async () => (await countFinished(world, sweepId)) >= count,
    timeoutMs,
    async () => `${count} finished runs, there are ${await countFinished(world, sweepId)}`,
  );
}
