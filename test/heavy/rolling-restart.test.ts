import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDatabase } from "@/db/client";
import { createFirstAdmin } from "@/engine/first-admin";
import { type Claim, ClaimRun, FinishRun, LogMetrics, LogOutput } from "@/graphql/operations";
import { withBalancer } from "../support/balancer";
import { createDatabase } from "../support/database";
import { openSocket, send, subscribe } from "../support/server";
import { type ServerProcess, startServerProcess } from "../support/server-process";
import { createSweep, gridOf, registerAgent } from "../support/sweeps";

const METRICS = `subscription($id: ID!, $cursor: String) {
  metricsLogged(scope: {sweepId: $id}, cursor: $cursor) { cursor reset series { runId steps } } }`;
interface MetricsLogged {
  metricsLogged: { cursor: string; series: { runId: string; steps: number[] }[] };
}

const DRAIN_MS = 2_000;
const RESTARTS = 4;

test("a rolling restart of two servers under load loses no request, and subscribers get every point once", async () => {
  const database = await createDatabase();
  const db = openDatabase(database.url, { max: 2 });
  const servers: ServerProcess[] = [];
  const start = async () => {
    const env = { DATABASE_URL: database.url, BESOM_DRAIN_MS: String(DRAIN_MS) };
    const server = await startServerProcess({ env });
    servers.push(server);
    return server;
  };
  try {
    const admin = await createFirstAdmin(db, { name: "ada" });
    const key = admin?.key ?? "";
    const running = [await start(), await start()];
    await withBalancer(async (balancer) => {
      for (const { url } of running) await balancer.add(url);
      const door = { url: balancer.url, key };
      const sweepId = await createSweep(door, gridOf(20_000));
      const agentId = await registerAgent(door, sweepId);
      let going = true;
      let answered = 0;
      const lost: string[] = [];
      /** As a script does it: one request, no second try. */
      const once = async <T>(call: () => ReturnType<typeof send<T>>): Promise<T | undefined> => {
        try {
          const { status, data, errors } = await call();
          const payload = Object.values(data ?? {})[0] as { error?: unknown } | undefined;
          if (status === 200 && !errors && !payload?.error) {
            answered++;
            return data;
          }
          lost.push(`${status} ${JSON.stringify(errors ?? payload?.error)}`);
        } catch (error) {
          lost.push(String((error as Error).cause ?? error));
        }
        return undefined;
      };
      let points = 0;
      const work = async () => {
        while (going) {
          const claimed = await once<{ claimRun: { claims: Claim[] } }>(() =>
            send(door, ClaimRun, { input: { sweepId, agentId } }),
          );
          const claim = claimed?.claimRun.claims[0];
          if (claim === undefined) continue;
          const { runId, attempt } = claim;
          const own = { url: balancer.url, key: claim.apiKey };
          const series = [{ key: "loss", values: [1, 2] }];
          const batch = { attempt, batch: 1, steps: [0, 1], times: [0, 1], series };
          if (await once(() => send(own, LogMetrics, { input: { runId, batch } }))) points += 2;
          const lines = [{ stream: "stdout" as const, time: 0, text: "hello\n" }];
          await once(() => send(own, LogOutput, { input: { runId, attempt, batch: 1, lines } }));
          await once(() => send(own, FinishRun, { input: { runId, attempt, state: "finished" } }));
        }
      };
      const look = async () => {
        while (going)
          await once(() => send(door, `{ sweep(id: "${sweepId}") { state counts { total finished } } }`));
      };
      const got = new Map<string, number>();
      let resumes = 0;
      let writing = true;
      let looksOn = () => {};
      let hangUp = () => {};
      const looking = new Promise<void>((resolve) => {
        looksOn = resolve;
      });
      const watch = async () => {
        let cursor: string | undefined;
        while (writing || got.size < points) {
          const client = openSocket(door);
          hangUp = () => void client.dispose();
          try {
            const metrics = subscribe<MetricsLogged>(client, METRICS, { id: sweepId, cursor });
            for (;;) {
              const { metricsLogged } = await metrics.next();
              cursor = metricsLogged.cursor;
              looksOn();
              for (const { runId, steps } of metricsLogged.series)
                for (const step of steps) got.set(`${runId}/${step}`, (got.get(`${runId}/${step}`) ?? 0) + 1);
              if (!writing && got.size >= points) break;
            }
          } catch (error) {
            // Before its first event, or again and again, it is no resume.
            if (cursor === undefined || resumes > 20 * RESTARTS) throw error;
            resumes++;
          } finally {
            await Promise.resolve(client.dispose()).catch(() => {});
          }
        }
      };
      const watching = watch();
      await Promise.race([looking, watching]);
      const load = [...Array.from({ length: 6 }, work), ...Array.from({ length: 4 }, look)];
      for (let restarts = 0; restarts < RESTARTS; restarts++) {
        const old = running.shift();
        if (old === undefined) throw new Error("no server runs");
        const before = answered;
        expect(await old.stop("SIGTERM")).toBe(0);
        balancer.remove(old.url);
        expect(answered).toBeGreaterThan(before);
        const fresh = await start();
        await balancer.add(fresh.url);
        running.push(fresh);
        await pause(500);
      }
      going = false;
      await Promise.all(load);
      writing = false;
      // Nothing more will come that could wake it: it looks once more from its cursor on.
      hangUp();
      await watching;
      expect(lost).toEqual([]);
      expect(answered).toBeGreaterThan(200);
      expect(resumes).toBeGreaterThan(0);
      expect(got.size).toBe(points);
      expect([...got.values()].every((times) => times === 1)).toBe(true);
      const [row] = await db.sql`
        select count(*) as runs, count(*) filter (where state = 'finished') as finished from runs`;
      expect(row?.runs).toBe(row?.finished);
      console.log(`${answered} requests, ${points} points, ${resumes} resumes, ${RESTARTS} restarts`);
    });
  } finally {
    for (const server of servers) await server.stop("SIGKILL");
    await db.close();
    await database.drop();
  }
});
