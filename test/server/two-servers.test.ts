import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { CreateRun, FinishRun, Heartbeat, LogMetrics, LogOutput, textOf } from "@/graphql/operations";
import { StopRun } from "@/graphql/operations/run-page";
import { waitFor } from "../support/recorder";
import { ask, openSocket, subscribe, withServer } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { createSweep, gridOf, withRuns } from "../support/sweeps";

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

test("what a run prints and what happens in a project is followed from a server that dies to another, without loss", async () => {
  await withServer(async (here) => {
    const there = await startServerProcess({ env: { DATABASE_URL: here.databaseUrl } });
    try {
      const { createRun } = await ask(here, CreateRun, { input: { project: "followed" } });
      const runId = createRun.run?.id ?? "";
      const { project } = await ask<{ project: { id: string } }>(
        here,
        '{ project(name: "followed") { id } }',
      );
      const print = async (batch: number) => {
        const lines = [{ stream: "stdout" as const, time: 1, text: `${batch}\n` }];
        const { logOutput } = await ask(here, LogOutput, { input: { runId, attempt: 1, batch, lines } });
        expect(logOutput.error).toBeNull();
      };
      let text = "";
      const sweeps = new Set<string>();
      const cursors: { output?: string; project?: string } = {};
      const follow = (client: ReturnType<typeof openSocket>) => {
        const output = subscribe<{ outputLogged: { cursor: string; pieces: { text: string }[] } }>(
          client,
          "subscription($id: ID!, $cursor: String) { outputLogged(runId: $id, cursor: $cursor) { cursor pieces { text } } }",
          { id: runId, cursor: cursors.output },
        );
        const changes = subscribe<{ projectChanged: { cursor: string; sweeps: { id: string }[] } }>(
          client,
          "subscription($id: ID!, $cursor: String) { projectChanged(projectId: $id, cursor: $cursor) { cursor sweeps { id } } }",
          { id: project.id, cursor: cursors.project },
        );
        return {
          output: (until: string) =>
            output.until(({ outputLogged }) => {
              for (const piece of outputLogged.pieces) text += piece.text;
              cursors.output = outputLogged.cursor;
              return text.endsWith(until);
            }),
          project: (count: number) =>
            changes.until(({ projectChanged }) => {
              for (const { id } of projectChanged.sweeps) sweeps.add(id);
              cursors.project = projectChanged.cursor;
              return sweeps.size === count;
            }),
        };
      };

      let client = openSocket({ url: there.url, key: here.key });
      let look = follow(client);
      await Promise.all([look.output(""), look.project(0)]);
      await print(1);
      await print(2);
      const made = [await createSweep(here, gridOf(1), "followed")];
      await Promise.all([look.output("2\n"), look.project(1)]);

      await there.stop("SIGKILL");
      await Promise.resolve(client.dispose());
      await print(3);
      made.push(await createSweep(here, gridOf(1), "followed"));
      client = openSocket(here);
      look = follow(client);
      await Promise.all([look.output("3\n"), look.project(2)]);
      await print(4);
      await look.output("4\n");
      expect(text).toBe("1\n2\n3\n4\n");
      expect([...sweeps].sort()).toEqual(made.sort());
      await client.dispose();
    } finally {
      await there.stop("SIGKILL");
    }
  });
}, 60_000);

test("an agent that waits at one server hears of a stop that was asked for at another, and is answered when its server drains", async () => {
  await withServer(async (here) => {
    const there = await startServerProcess({
      env: { DATABASE_URL: here.databaseUrl, BESOM_DRAIN_MS: "600000" },
    });
    try {
      const { agentId, claims } = await withRuns(here, 2);
      const [first, second] = claims.map(({ runId, attempt }) => ({ runId, attempt }));
      const beat = (server: { url: string; key: string }) =>
        ask(server, Heartbeat, { input: { agentId, attempts: [], waitMs: 15_000 } });
      for (const [waitsAt, asksAt, run] of [
        [here, { url: there.url, key: here.key }, first],
        [{ url: there.url, key: here.key }, here, second],
      ] as const) {
        const waiting = beat(waitsAt);
        await pause(300);
        const askedAt = performance.now();
        await ask(asksAt, StopRun, { input: { runId: run?.runId ?? "" } });
        const { heartbeat } = await waiting;
        expect(performance.now() - askedAt).toBeLessThan(1_000);
        expect(heartbeat.commands).toContainEqual({ ...run, command: "STOP" });
        await ask(here, FinishRun, { input: { runId: run?.runId ?? "", attempt: 1, state: "killed" } });
      }
      // Who hangs up is no longer waited for, and the time that it waited is no time of the server's.
      const metric = async (name: string) => {
        const text = await (await fetch(`${here.url}/metrics`)).text();
        return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
      };
      const caller = new AbortController();
      const gone = fetch(`${here.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${here.key}` },
        body: JSON.stringify({
          query: textOf(Heartbeat),
          variables: { input: { agentId, attempts: [], waitMs: 15_000 } },
        }),
        signal: caller.signal,
      }).catch(() => {});
      await waitFor("the heartbeat to wait", async () => (await metric("besom_heartbeats_waiting")) === 1);
      caller.abort();
      await gone;
      await waitFor("it to be given up", async () => (await metric("besom_heartbeats_waiting")) === 0);
      expect(await metric('besom_operation_seconds_sum{operation="Heartbeat"}')).toBeLessThan(0.5);

      const last = beat({ url: there.url, key: here.key });
      await pause(300);
      const leavesAt = performance.now();
      there.process.kill("SIGTERM");
      expect((await last).heartbeat.directive).toBe("CONTINUE");
      expect(performance.now() - leavesAt).toBeLessThan(2_000);
    } finally {
      await there.stop("SIGKILL");
    }
  });
}, 60_000);
