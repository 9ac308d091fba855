import { Agent, get } from "node:http";
import { expect, test } from "vitest";
import { createDatabase } from "../support/database";
import { waitFor } from "../support/recorder";
import { ask, withServer } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { claim, createSweep, registerAgent } from "../support/sweeps";

/** Over a kept connection, as a proxy asks. */
const request = (url: string, agent: Agent) =>
  new Promise<{ status: number | undefined; connection: string | undefined; text: string }>(
    (resolve, reject) => {
      get(url, { agent }, (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode, connection: response.headers.connection, text }),
        );
      }).on("error", reject);
    },
  );

test("a server that drains says so to balancers, answers everybody else, and asks them to reconnect", async () => {
  const database = await createDatabase();
  const server = await startServerProcess({ env: { DATABASE_URL: database.url, BESOM_DRAIN_MS: "600000" } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    expect(await request(`${server.url}/readyz`, agent)).toMatchObject({
      status: 200,
      connection: "keep-alive",
    });
    server.process.kill("SIGTERM");
    await waitFor("the server to say that it goes", async () => {
      const { status } = await request(`${server.url}/readyz`, agent);
      return status === 503;
    });
    expect(await request(`${server.url}/healthz`, agent)).toEqual({
      status: 200,
      connection: "close",
      text: "ok\n",
    });
    expect((await fetch(`${server.url}/graphql`, { method: "POST" })).status).toBe(400);
    // The second signal does not wait.
    server.process.kill("SIGTERM");
    expect(await server.stop("SIGTERM")).toBe(130);
  } finally {
    agent.destroy();
    await server.stop("SIGKILL");
    await database.drop();
  }
}, 60_000);

test("a connection is kept longer than balancers keep theirs, so that it is they who end it", async () => {
  await withServer(async ({ url }) => {
    const { headers } = await fetch(`${url}/healthz`);
    expect(Number(/^timeout=(\d+)$/.exec(headers.get("keep-alive") ?? "")?.[1])).toBeGreaterThan(60);
  });
});

test("metrics count what was done, by names and codes from closed lists", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server);
    const agentId = await registerAgent(server, sweepId);
    await claim(server, sweepId, agentId, 3);
    await ask(server, "query StrangersOwnName { viewer { name } }");
    await ask(server, `mutation { stopRun(input: {runId: "999999"}) { error { code } } }`);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const value = (name: string): number =>
      Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\S+)$`, "m").exec(text)?.[1]);
    expect(value("besom_claims_total")).toBe(3);
    expect(value("besom_runs_running")).toBe(3);
    expect(value("besom_agents_alive")).toBe(1);
    expect(value('besom_operation_seconds_count{operation="ClaimRun"}')).toBe(1);
    expect(value('besom_operation_seconds_count{operation="other"}')).toBeGreaterThan(1);
    expect(text).not.toContain("StrangersOwnName");
    expect(value('besom_errors_total{code="NOT_FOUND"}')).toBeGreaterThan(0);
    expect(value("besom_database_bytes")).toBeGreaterThan(1_000_000);
    expect(value("besom_disk_full")).toBe(0);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });
});
