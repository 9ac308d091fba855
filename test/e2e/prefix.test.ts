import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "@/db/embedded/postmaster";
import { launchBrowser, openPage } from "../support/browser";
import { createDatabase } from "../support/database";
import { openProxy } from "../support/proxy";
import { ask, openSocket, subscribe } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { withRuns } from "../support/sweeps";

const PREFIX = "/ml/besom";
const ROOT = join(import.meta.dirname, "../..");

let browser: Browser;
beforeAll(async () => {
  build();
  browser = await launchBrowser();
}, 480_000);
afterAll(() => browser?.close());

/** As `npm start` builds the pages for a public URL with a path. */
function build(): void {
  execFileSync(process.execPath, ["-e", "import('./scripts/lib/build.mjs').then((m) => m.ensureBuilt())"], {
    cwd: ROOT,
    env: { ...process.env, BESOM_PUBLIC_URL: `http://127.0.0.1${PREFIX}` },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

describe.each([
  ["passes the path on", false],
  ["takes the prefix away", true],
])("behind a proxy that %s", (_title, strip) => {
  test("people sign in, walk through the pages and see what changes; programs claim and subscribe", async () => {
    const database = await createDatabase();
    const proxy = await openProxy({ prefix: PREFIX, strip });
    const port = await freePort(undefined);
    proxy.forwardTo(port);
    const publicUrl = `http://127.0.0.1:${proxy.port}${PREFIX}`;
    const server = await startServerProcess({
      env: {
        DATABASE_URL: database.url,
        BESOM_PORT: String(port),
        BESOM_PUBLIC_URL: publicUrl,
        BESOM_TRUSTED_PROXIES: "127.0.0.1",
      },
      args: [],
    });
    try {
      expect(server.url).toBe(publicUrl);
      const { page, context, troubles } = await openPage(browser, { baseURL: publicUrl });
      const failed: string[] = [];
      page.on("response", (response) => {
        if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
      });

      const link = /sign in \(once\): +(\S+)/.exec(server.output())?.[1] ?? "";
      expect(link.startsWith(`${publicUrl}/login#token=`)).toBe(true);
      await page.goto(link);
      await page.waitForURL((url) => url.pathname === PREFIX || url.pathname === `${PREFIX}/`);
      const cookie = (await context.cookies(publicUrl)).find(({ name }) => name.includes("besom_session"));
      expect([cookie?.path, cookie?.httpOnly, cookie?.sameSite]).toEqual([PREFIX, true, "Lax"]);

      const { key } = JSON.parse(readFileSync(join(server.dataDir, "credentials.json"), "utf8")) as {
        key: string;
      };
      const program = { url: publicUrl, key };
      const { sweepId, claims } = await withRuns(program, 2);
      const { sweep } = await ask<{ sweep: { url: string } }>(program, `{ sweep(id: "${sweepId}") { url } }`);
      expect(sweep.url.startsWith(`${publicUrl}/`)).toBe(true);
      const socket = openSocket(program);
      const changes = subscribe<object>(
        socket,
        `subscription { sweepChanged(sweepId: "${sweepId}") { id } }`,
      );
      expect(await changes.next()).toEqual({ sweepChanged: { id: sweepId } });

      await page.goto(sweep.url);
      await page.waitForFunction(() =>
        performance.getEntriesByType("resource").some((entry) => entry.name.endsWith("/graphql")),
      );
      const first = claims[0]?.name ?? "";
      const row = page
        .locator(`a[href="${new URL(sweep.url).pathname.replace(/\/sweeps\/.*/, "")}/runs/${first}"]`)
        .first();
      await row.waitFor();
      await row.click();
      await page.waitForURL((url) => url.pathname.endsWith(`/runs/${first}`));
      await page.reload();
      const links = await page
        .locator("a[href^='/']")
        .evaluateAll((all) => all.map((a) => a.getAttribute("href") ?? ""));
      expect(links.length).toBeGreaterThan(1);
      expect(links.filter((href) => href !== "/ml/besom" && !href.startsWith("/ml/besom/"))).toEqual([]);
      await socket.dispose();
      await context.close();

      expect(failed).toEqual([]);
      expect(troubles).toEqual([]);
      expect(proxy.paths.filter((path) => !path.startsWith(PREFIX) && path !== "/favicon.ico")).toEqual([]);
    } finally {
      await server.stop();
      await proxy.close();
      await database.drop();
    }
  });
});
