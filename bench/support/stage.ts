import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { type Database, openDatabase } from "@/db/client";
import { startEmbedded } from "@/db/embedded";
import { freePort } from "@/db/embedded/postmaster";
import { migrate } from "@/db/migrate";

const ROOT = join(import.meta.dirname, "../..");

/** A migrated database for one benchmark: on DATABASE_URL's server, else on an embedded one as `npm start` has it, fsync on. */
export async function withBenchDatabase<T>(body: (db: Database, url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "besom-bench-"));
  chmodSync(folder, 0o711); // as root, PostgreSQL runs as another user, who must get through
  const embedded = process.env.DATABASE_URL
    ? undefined
    : await startEmbedded({ dataDir: join(folder, "data") });
  const server = embedded?.url ?? process.env.DATABASE_URL ?? "";
  const name = `besom_bench_${process.pid}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  try {
    await admin.unsafe(`create database ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    const db = openDatabase(url.href, { max: 8, applicationName: "besom bench" });
    try {
      await migrate(db);
      const [facts] =
        await db.sql`select current_setting('server_version') as version, current_setting('fsync') as fsync,
        current_setting('synchronous_commit') as commit`;
      console.log(`PostgreSQL ${facts?.version}, fsync ${facts?.fsync}, synchronous_commit ${facts?.commit}`);
      return await body(db, url.href);
    } finally {
      await db.close();
      await admin.unsafe(`drop database if exists ${name} with (force)`);
    }
  } finally {
    await admin.end();
    await embedded?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Service {
  readonly url: string;
  readonly key: string;
  readonly db: Database;
  readonly databaseUrl: string;
}

/** The real server as a process of its own, without the pages unless they are asked for, on such a database. */
export function withService<T>(
  body: (service: Service) => Promise<T>,
  { pages = false }: { pages?: boolean } = {},
): Promise<T> {
  return withBenchDatabase(async (db, databaseUrl) => {
    const dataDir = mkdtempSync(join(tmpdir(), "besom-bench-server-"));
    const port = await freePort(undefined);
    const url = `http://127.0.0.1:${port}`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "server.ts", ...(pages ? [] : ["--no-pages"])],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          NODE_ENV: "production",
          DATABASE_URL: databaseUrl,
          BESOM_DATA_DIR: dataDir,
          BESOM_PORT: String(port),
          BESOM_RATE_LIMIT: "0",
        },
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    try {
      await untilReady(url, child);
      const { key } = JSON.parse(readFileSync(join(dataDir, "credentials.json"), "utf8")) as { key: string };
      return await body({ url, key, db, databaseUrl });
    } finally {
      child.kill("SIGTERM");
      await new Promise((resolve) =>
        child.exitCode === null ? child.once("exit", resolve) : resolve(undefined),
      );
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
}

export async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The value below which a share `p` of the sample lies. */
export function quantile(sample: readonly number[], p: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);
export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
export const perSecond = (value: number): string => `${Math.round(value).toLocaleString("en")}/s`;
