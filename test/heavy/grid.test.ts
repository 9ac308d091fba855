import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { expectEveryPointOnce } from "../support/invariants";
import { until, withWorld } from "../support/world";

/** 13,020 is the whole test; CI takes a thirtieth of it. A multiple of 6. */
const POINTS = Number(process.env.BESOM_GRID_POINTS ?? 432);
const MINUTES = POINTS > 5_000 ? 40 : 12;

test(
  `a grid of ${POINTS} points ends at exactly ${POINTS} finished runs with 200 agents, a tenth of them killed, and the server killed three times`,
  {
    timeout: MINUTES * 60_000,
  },
  () =>
    withWorld({}, async (world) => {
      const { db } = world;
      const sweepId = await world.createSweep(`
method: grid
metric: { name: loss, goal: minimize }
program: test/fixtures/train.sh
command: [sh, "\${program}", "\${args}"]
retries: 100
parameters:
  a: { min: 1, max: ${POINTS / 6} }
  b: { values: [x, y, z] }
  c: { values: [true, false] }
`);
      // 8 agents with 24 slots and real child processes; 8 processes that simulate 24 agents each: 200 agents.
      const agents = Array.from({ length: 8 }, () => world.besom(["agent", sweepId, "--slots", "24"]));
      const drivers = Array.from({ length: 8 }, () => world.driver(sweepId, 24, { workMs: 50 }));
      const everyone = [...agents, ...drivers];
      const finished = async () => {
        const [row] = await db.sql<
          { n: number }[]
        >`select count(*) as n from runs where sweep_id = ${sweepId} and state = 'finished'`;
        return row?.n ?? 0;
      };
      const untilShare = (share: number) =>
        until(
          async () => (await finished()) >= share * POINTS,
          MINUTES * 60_000,
          async () => `${share} of the grid; ${await finished()} are finished`,
        );

      // A tenth of 200: a process of 24 in the midst of it all, and a real agent once the last server has come back.
      const [server] = world.servers;
      const early = drivers[randomInt(8)];
      const late = agents[randomInt(8)];
      for (const [kill, share] of [0.15, 0.35, 0.55].entries()) {
        await untilShare(share + randomInt(100) / 1_000);
        await server?.kill();
        if (kill === 1) early?.child.kill("SIGKILL");
        await pause(randomInt(1_500));
        await server?.start();
      }
      await untilShare(0.7);
      late?.child.kill("SIGKILL");
      for (const one of everyone) {
        const end = await one.exited;
        if (end !== "SIGKILL") expect(end, one.output()).toBe(0);
      }
      await expectEveryPointOnce(db, sweepId, POINTS);

      const [lost] = await db.sql<{ lost: number; seconds: number | null }[]>`
      select count(*) as lost, max(extract(epoch from b.started_at - a.last_contact_at))::float8 as seconds
      from attempts a join attempts b on b.run_id = a.run_id and b.number = a.number + 1 join agents g on g.id = a.agent_id
      where a.sweep_id = ${sweepId} and a.state = 'crashed' and g.pid = ${late?.child.pid ?? 0}`;
      expect(lost?.lost).toBeGreaterThan(0);
      console.log(
        `${lost?.lost} runs were lost and handed out again, the slowest ${lost?.seconds?.toFixed(1)} s after its last contact`,
      );
      expect(lost?.seconds).toBeLessThan(30);
    }),
);
