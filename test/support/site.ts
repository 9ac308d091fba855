import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openDatabase } from "@/db/client";
import { createLoginLink, redeemLoginLink } from "@/engine/sessions";
import { sessionCookie } from "@/graphql/http/credentials";
import { ensureBuilt } from "@/scripts/lib/build.mjs";
import { createDatabase, type Origin } from "./database";
import { type Driver, openDriver } from "./seed";

/** The whole product as its user has it: a production build behind server.ts in a process of its own. */
export interface Site {
  url: string;
  /** The local administrator's entity. */
  entity: string;
  /** What the start printed; signs a browser in, once. */
  loginUrl: string;
  /** The cookie of a signed-in browser. */
  session: { name: string; value: string };
  driver: Driver;
  /** The administrator's; `driver` has it. */
  key: string;
  /** For `seedSweep`: thousands of runs go into the tables themselves. */
  databaseUrl: string;
  close(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");

/** @param origin outside of a test, which knows its own */
export async function openSite(origin?: Origin): Promise<Site> {
  await ensureBuilt();
  const database = await createDatabase(origin);
  const dataDir = mkdtempSync(join(tmpdir(), "besom-site-"));
  const server = spawn(process.execPath, ["--import", "tsx", "server.ts"], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: "production",
      DATABASE_URL: database.url,
      BESOM_PORT: "0",
      BESOM_DATA_DIR: dataDir,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const close = async () => {
    await stop(server);
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { url, loginUrl } = await readStart(server);
    const { key } = JSON.parse(readFileSync(join(dataDir, "credentials.json"), "utf8")) as { key: string };
    const { session, entity } = await signIn(database.url);
    return {
      url,
      loginUrl,
      entity,
      session: { name: sessionCookie(url), value: session },
      driver: openDriver(url, key),
      key,
      databaseUrl: database.url,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** `Besom is ready at http://...` and the one-time link are the first promises of the server's output. */
async function readStart(server: ChildProcess): Promise<{ url: string; loginUrl: string }> {
  if (!server.stdout) throw new Error("the server's output is not piped");
  let url: string | undefined;
  for await (const line of createInterface({ input: server.stdout })) {
    url ??= /ready at (http\S+)/.exec(line)?.[1];
    const loginUrl = /sign in \(once\):\s+(http\S+)/.exec(line)?.[1];
    if (url && loginUrl) {
      server.stdout.resume();
      return { url, loginUrl };
    }
  }
  throw new Error(`the server ended before it was ready, with exit code ${server.exitCode}`);
}

async function signIn(databaseUrl: string): Promise<{ session: string; entity: string }> {
  const db = openDatabase(databaseUrl, { max: 1 });
  try {
    const [user] = await db.sql<{ id: number; name: string }[]>`
      select u.id, e.name from users u join entities e on e.id = u.entity_id order by u.id limit 1`;
    if (!user) throw new Error("the server made no administrator");
    const { session } = await redeemLoginLink(db, await createLoginLink(db, user.id));
    return { session, entity: user.name };
  } finally {
    await db.close();
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill("SIGTERM");
  const killed = setTimeout(() => server.kill("SIGKILL"), 15_000);
  await ended;
  clearTimeout(killed);
}
