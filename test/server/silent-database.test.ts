import { expect, test } from "vitest";
import { layCable } from "../support/cable";
import { createDatabase } from "../support/database";
import { waitFor } from "../support/recorder";
import { type TestServer, withServerOn } from "../support/server";

/** Pulls the cable between a server and its database: no connection ends, nothing comes through any more. */
async function withSilence(body: (server: TestServer, plug: () => void) => Promise<void>): Promise<void> {
  const database = await createDatabase();
  const cable = await layCable(database.url);
  const behind = new URL(database.url);
  behind.hostname = "127.0.0.1";
  behind.port = new URL(cable.url).port;
  try {
    await withServerOn(behind.href, async (server) => {
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      cable.pull();
      try {
        await body(server, cable.plug);
      } finally {
        cable.plug();
      }
      server.errors.length = 0; // background work had something to say
    });
  } finally {
    await cable.close();
    await database.drop();
  }
}

test.skipIf(process.env.BESOM_CI === "brief")(
  "a server whose database says nothing any more says so to balancers, and gives its own metrics",
  async () => {
    await withSilence(async (server, plug) => {
      const startedAt = performance.now();
      const ready = async () => (await fetch(`${server.url}/readyz`)).status;
      expect(await ready()).toBe(503);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(performance.now() - startedAt).toBeLessThan(15_000);
      expect(metrics).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
      expect(metrics).not.toMatch(/^besom_database_bytes \d/m);
      plug();
      await waitFor("the database to be found again", async () => (await ready()) === 200);
    });
  },
  60_000,
);

test.skipIf(process.env.BESOM_CI === "brief")(
  "a server whose database says nothing any more stops when it is told to",
  async () => {
    await withSilence(async (server) => {
      await fetch(`${server.url}/readyz`);
      await server.close();
    });
  },
  60_000,
);
