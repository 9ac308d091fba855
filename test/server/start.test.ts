import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startServer } from "@/server";
import { createDatabase } from "../support/database";
import { ask, openSocket, subscribe, withServer } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { createSweep } from "../support/sweeps";

const withDataDir = async (body: (folder: string, databaseUrl: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), "besom-start-"));
  const database = await createDatabase();
  try {
    await body(folder, database.url);
  } finally {
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
};

describe("starting", () => {
  test("prints where it is, a link that signs in once, and leaves a key for this machine's owner alone", async () => {
    await withDataDir(async (folder, databaseUrl) => {
      const env = { BESOM_DATA_DIR: folder, DATABASE_URL: databaseUrl };
      const first = await startServerProcess({ env });
      try {
        expect(first.output()).toMatch(/sign in \(once\): +http:\/\/127\.0\.0\.1:\d+\/login#token=\S+/);
        const path = join(folder, "credentials.json");
        expect(statSync(path).mode & 0o777).toBe(0o600);
        const { url, key } = JSON.parse(readFileSync(path, "utf8")) as { url: string; key: string };
        expect(url).toBe(first.url);
        expect(await ask({ url, key }, "{ viewer { admin } }")).toEqual({ viewer: { admin: true } });
        expect(await first.stop("SIGTERM")).toBe(0);

        // A second start keeps the key, and replaces one that is not taken any more.
        const again = await startServerProcess({ env });
        expect((JSON.parse(readFileSync(path, "utf8")) as { key: string }).key).toBe(key);
        await again.stop();
      } finally {
        await first.stop("SIGKILL");
      }
    });
  }, 60_000);

  test("on a port that is taken says so, and how to go on", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    await withDataDir(async (folder, databaseUrl) => {
      const env = { NODE_ENV: "test" as const, BESOM_DATA_DIR: folder, DATABASE_URL: databaseUrl };
      await expect(startServer({ env, port, next: false })).rejects.toMatchObject({
        code: "PORT_IN_USE",
        message: expect.stringContaining("BESOM_PORT"),
      });
    });
    other.close();
  });

  test.each([
    [{ BESOM_PORT: "http" }, "BESOM_PORT"],
    [{ BESOM_PORT: "70000" }, "BESOM_PORT"],
    [{ BESOM_PORT: "0", BESOM_PUBLIC_URL: "besom.example" }, "BESOM_PUBLIC_URL"],
    [{ BESOM_PORT: "0", BESOM_PUBLIC_URL: "https://example.com/be som" }, "the path of letters"],
    [{ BESOM_PORT: "0", BESOM_PUBLIC_URL: "https://example.com/?besom" }, "BESOM_PUBLIC_URL"],
    [{ BESOM_PORT: "0", BESOM_PUBLIC_URL: "https://me:secret@example.com" }, "BESOM_PUBLIC_URL"],
    [{ BESOM_PORT: "0", BESOM_HOST: "203.0.113.7" }, "BESOM_HOST"],
  ])("with %j names the variable", async (env, name) => {
    await expect(startServer({ env: { NODE_ENV: "test", ...env }, next: false })).rejects.toThrow(name);
  });
});

/** `fetch` sets the Host header itself. */
const statusOf = (url: string, headers: Record<string, string>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });

describe("a running server", () => {
  test("says with every answer that nobody may guess its type, frame it, or learn its addresses", async () => {
    await withServer(async ({ url, loginUrl }) => {
      for (const path of ["/healthz", "/nothing", "/graphql", loginUrl.slice(url.length)]) {
        const { headers } = await fetch(`${url}${path}`, { redirect: "manual" });
        expect([headers.get("x-content-type-options"), headers.get("content-security-policy")]).toEqual([
          "nosniff",
          "default-src 'none'; frame-ancestors 'none'",
        ]);
        expect(headers.get("referrer-policy")).toMatch(/^(same-origin|no-referrer)$/);
      }
    });
  });

  test("tells that it lives, is ready, and how it does", async () => {
    await withServer(async ({ url, key }) => {
      await ask({ url, key }, "{ viewer { name } }");
      const text = async (path: string) => {
        const response = await fetch(`${url}${path}`);
        return [response.status, await response.text()] as const;
      };
      expect(await text("/healthz")).toEqual([200, "ok\n"]);
      expect(await text("/readyz")).toEqual([200, "ready\n"]);
      const [status, metrics] = await text("/metrics");
      expect(status).toBe(200);
      expect(metrics).toMatch(/besom_http_request_seconds_bucket/);
      expect(metrics).toMatch(/besom_listening 1/);
      const outside = (headers: Record<string, string>) => statusOf(`${url}/metrics`, headers);
      const host = "besom.example";
      expect(await outside({ "x-forwarded-for": "203.0.113.7" })).toBe(401);
      // A proxy on this machine that says nothing of itself still passes on the name it is reached by.
      expect(await outside({ host })).toBe(401);
      expect(await outside({ host, authorization: `Bearer ${key}` })).toBe(200);
      expect(await outside({ host: "localhost:3000" })).toBe(200);
      expect((await fetch(`${url}/nothing`)).status).toBe(404);
    });
  });

  test("stops when it is told to, with subscriptions open and requests under way", async () => {
    await withServer(async (server) => {
      const sweepId = await createSweep(server);
      const client = openSocket(server);
      const closed = new Promise<number>((resolve) =>
        client.on("closed", (event) => resolve((event as { code: number }).code)),
      );
      const sweep = subscribe(client, `subscription { sweepChanged(sweepId: "${sweepId}") { id } }`);
      await sweep.next();
      const ended = sweep.next().catch(() => "ended");
      await server.db.sql.begin(async (tx) => {
        await tx`lock table runs in access exclusive mode`;
        const underWay = ask(server, `{ sweep(id: "${sweepId}") { counts { total } } }`);
        // It is waiting for the lock when the server stops, and is answered all the same.
        const waiting = () => server.db.sql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        while ((await waiting()).length === 0) {}
        const stopping = server.close();
        expect(await closed).toBe(1001);
        await tx`commit`;
        expect(await underWay).toEqual({ sweep: { counts: { total: 0 } } });
        await stopping;
      });
      expect(await ended).toBe("ended");
      await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
      await client.dispose();
    });
  });

  test("ends at once at the second signal", async () => {
    await withDataDir(async (folder, databaseUrl) => {
      const server = await startServerProcess({ env: { BESOM_DATA_DIR: folder, DATABASE_URL: databaseUrl } });
      const socket = fetch(`${server.url}/graphql`, {
        method: "POST",
        body: new ReadableStream(),
        duplex: "half",
      } as RequestInit).catch(() => {});
      server.process.kill("SIGINT");
      server.process.kill("SIGINT");
      expect([0, 130]).toContain(await server.stop("SIGINT"));
      await socket;
    });
  }, 60_000);
});
