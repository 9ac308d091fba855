import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { PauseSweep, ResumeSweep } from "@/graphql/operations";
import { createDatabase } from "../support/database";
import { ask, openSocket, subscribe } from "../support/server";
import { startServerProcess } from "../support/server-process";
import { cookieOf, openLink } from "../support/sign-in";
import { createSweep } from "../support/sweeps";

/**
 * The trap of design section 2: at its first request Next attaches an `upgrade` listener to the server it is given,
 * and `/[entity]` matches /graphql, so subscriptions died with 1006 after the first page was opened.
 */
const root = join(import.meta.dirname, "../..");
const HOLD_MS = 10_000;

describe.each([
  ["production", []],
  ["development", ["--dev"]],
] satisfies [string, string[]][])("in %s", (mode, args) => {
  test("a subscription survives pages being opened", { timeout: 300_000 }, async () => {
    if (mode === "production" && !existsSync(join(root, ".next/BUILD_ID"))) {
      const build = spawnSync("npx", ["next", "build"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, NODE_ENV: "production" },
      });
      expect(build.status, build.stdout + build.stderr).toBe(0);
    }
    const database = await createDatabase();
    const server = await startServerProcess({
      env: { DATABASE_URL: database.url, NEXT_TELEMETRY_DISABLED: "1" },
      args: [...args],
    });
    try {
      const [, loginUrl = ""] = /sign in \(once\): +(\S+)/.exec(server.output()) ?? [];
      const cookie = cookieOf(await openLink(loginUrl));
      const key = JSON.parse(await readKey(server.dataDir)).key as string;
      const here = { url: server.url, key };
      const sweepId = await createSweep(here);
      const openPage = async (path: string) =>
        (await fetch(`${server.url}${path}`, { headers: { cookie } })).status;
      expect(await openPage("/")).toBe(200);

      const client = openSocket(here);
      let closed: unknown;
      client.on("closed", (event) => {
        closed = (event as { code: number }).code;
      });
      const sweep = subscribe<{ sweepChanged: { state: string } }>(
        client,
        `subscription { sweepChanged(sweepId: "${sweepId}") { state } }`,
      );
      await sweep.next();
      const until = Date.now() + HOLD_MS;
      for (let i = 0; Date.now() < until; i++) {
        await openPage("/");
        const { control } = await ask(here, i % 2 === 0 ? PauseSweep : ResumeSweep, { input: { sweepId } });
        const state = control.sweep?.state;
        await sweep.until(({ sweepChanged }) => sweepChanged.state === state);
        await sleep(500);
      }
      expect(closed).toBeUndefined();
      await client.dispose();
    } finally {
      await server.stop();
      await database.drop();
    }
  });
});

async function readKey(folder: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(join(folder, "credentials.json"), "utf8");
}
