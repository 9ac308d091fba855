import { expect, test } from "vitest";
import { LogMetrics } from "@/graphql/operations";
import { ask, openSocket, subscribe, withServer } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { withRuns } from "../support/sweeps";

interface MetricsLogged {
  metricsLogged: { cursor: string; series: { runId: string; steps: number[] }[] };
}
const METRICS = `subscription($id: ID!, $cursor: String) {
  metricsLogged(scope: {sweepId: $id}, cursor: $cursor) { cursor reset series { runId steps } } }`;

test("a subscriber of two servers on one database, who loses one of them for ever, gets every point once", async () => {
  await withServer(async (here) => {
    const there = await startServerProcess({ env: { DATABASE_URL: here.databaseUrl } });
    try {
      const { sweepId, claims } = await withRuns(here, 2);
      const runIds = claims.map(({ runId }) => runId);
      const servers = [here, { url: there.url, key: here.key }] as const;
      const got = new Map<string, number>();
      const take = ({ metricsLogged: { series } }: MetricsLogged) => {
        for (const { runId, steps } of series)
          for (const step of steps) got.set(`${runId}/${step}`, (got.get(`${runId}/${step}`) ?? 0) + 1);
      };
      let logged = 0;
      const log = async (server: { url: string; key: string }, batch: number) => {
        for (const runId of runIds) {
          const steps = [batch * 2, batch * 2 + 1];
          const series = [{ key: "loss", values: [1, 2] }];
          const input = { runId, batch: { attempt: 1, batch: batch + 1, steps, times: steps, series } };
          const { logMetrics } = await ask(server, LogMetrics, { input });
          expect(logMetrics.error).toBeNull();
          logged += 2;
        }
      };

      // Looking at the other server while writing to this one, then to both.
      let client = openSocket(servers[1]);
      let metrics = subscribe<MetricsLogged>(client, METRICS, { id: sweepId });
      let cursor = (await metrics.next()).metricsLogged.cursor;
      for (let batch = 0; batch < 20; batch++)
        await log(batch < 10 ? servers[0] : servers[batch % 2 === 0 ? 0 : 1], batch);
      await metrics.until((data) => {
        take(data);
        cursor = data.metricsLogged.cursor;
        return got.size >= logged / 2; // somewhere in the middle of it
      });

      // That server dies; what is logged meanwhile is found with the cursor at the other one.
      await there.stop("SIGKILL");
      await metrics.next().catch(() => {});
      await Promise.resolve(client.dispose());
      for (let batch = 20; batch < 30; batch++) await log(servers[0], batch);
      client = openSocket(servers[0]);
      metrics = subscribe<MetricsLogged>(client, METRICS, { id: sweepId, cursor });
      await metrics.until((data) => {
        take(data);
        return got.size === logged;
      });
      for (let batch = 30; batch < 32; batch++) await log(servers[0], batch);
      await metrics.until((data) => {
        take(data);
        return got.size === logged;
      });
      expect([...got.values()].every((times) => times === 1)).toBe(true);
      await client.dispose();
    } finally {
      await there.stop("SIGKILL");
    }
  });
}, 60_000);
