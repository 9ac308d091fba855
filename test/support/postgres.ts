import { randomBytes } from "node:crypto";
import type { TestProject } from "vitest/node";
import { openDatabase } from "@/db/client";
import { migrate } from "@/db/migrate";
import { withAdmin } from "./database";

/** Once a test run: a PostgreSQL to test on (DATABASE_URL, else the embedded one) with a migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
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
  return async () => {
    await withAdmin(adminUrl, (sql) => sql.unsafe(`drop database if exists ${templateName} with (force)`));
    await stop();
  };
}

async function startEmbedded(): Promise<{ adminUrl: string; stop: () => Promise<void> }> {
  throw new Error("set DATABASE_URL, e.g. postgres://root@127.0.0.1:5432/postgres");
}
