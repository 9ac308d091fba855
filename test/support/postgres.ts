import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openDatabase } from "@/db/client";
import { startEmbedded as startEmbeddedPostgres } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { withAdmin } from "./database";

/** Once a test run: a folder for agents' spools, and a PostgreSQL to test on (DATABASE_URL, else the embedded one) with a migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Agents of tests deliver what others left: never what the user's own did.
  const state = mkdtempSync(join(tmpdir(), "besom-state-"));
  process.env.XDG_STATE_HOME = state;
  const removeState = () => rmSync(state, { recursive: true, force: true });
  // For suites that need none, such as the house alone in `npm run check`.
  if (process.env.BESOM_TEST_DATABASE === "none") return async () => removeState();
  const given = process.env.DATABASE_URL;
  const { adminUrl, stop } = given ? { adminUrl: given, stop: async () => {} } : await startEmbedded();
  const templateName = `besom_template_${randomBytes(6).toString("hex")}`;
  await withAdmin(adminUrl, (sql) => sql.unsafe(`create database ${templateName}`));
  const url = new URL(adminUrl);
  url.pathname = `/${templateName}`;
  const db = openDatabase(url.href, { max: 1 });
  await migrate(db);
  await db.close();
  project.provide("adminUrl", adminUrl);
  project.provide("templateName", templateName);
  project.provide("copyStrategy", given ? "wal_log" : "file_copy");
  return async () => {
    await withAdmin(adminUrl, (sql) => sql.unsafe(`drop database if exists ${templateName} with (force)`));
    await stop();
    removeState();
  };
}

/**
 * A folder of its own, gone afterwards, with what would cost real users their data: no fsync, and in memory where
 * there is room. Measured: a test's database is copied in 12 ms on a tmpfs, in 120 ms on the disk (700 files).
 */
async function startEmbedded(): Promise<{ adminUrl: string; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(hasRoom("/dev/shm") ? "/dev/shm" : tmpdir(), "besom-test-"));
  const embedded = await startEmbeddedPostgres({
    dataDir,
    settings: { fsync: "off", full_page_writes: "off", max_connections: "300", shared_buffers: "128MB" },
  });
  return {
    adminUrl: embedded.url,
    stop: async () => {
      await embedded.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function hasRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 4 * 2 ** 30;
  } catch {
    return false;
  }
}
