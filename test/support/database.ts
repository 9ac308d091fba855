import { createHash, randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject, type ProvidedContext } from "vitest";
import { type Database, openDatabase } from "@/db/client";

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's URL of the server that the tests use. */
    adminUrl: string;
    /** The migrated database that each test's own is a copy of. */
    templateName: string;
    /** How the copy is made: `file_copy` asks for a checkpoint, which is cheap only without fsync. */
    copyStrategy: "wal_log" | "file_copy";
  }
}

/** Runs `body` on a database of its own, copied from the migrated template, and drops it afterwards. */
export async function withDatabase<T>(body: (db: Database, url: string) => Promise<T>): Promise<T> {
  const { url, drop } = await createDatabase();
  const db = openDatabase(url, { max: 8 });
  try {
    return await body(db, url);
  } finally {
    await db.close();
    await drop();
  }
}

/** Where databases of tests come from. */
export type Origin = Pick<ProvidedContext, "adminUrl" | "templateName" | "copyStrategy">;

const here = (): Origin => ({
  adminUrl: inject("adminUrl"),
  templateName: inject("templateName"),
  copyStrategy: inject("copyStrategy"),
});

/** A database of its own for tests that start servers as processes: they connect by URL. */
export async function createDatabase(
  { adminUrl, templateName, copyStrategy }: Origin = here(),
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `besom_t_${createHash("sha256").update(randomBytes(16)).digest("hex").slice(0, 16)}`;
  await withAdmin(adminUrl, (sql) =>
    sql.unsafe(`create database ${name} template ${templateName} strategy ${copyStrategy}`),
  );
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await withAdmin(adminUrl, (sql) => sql.unsafe(`drop database if exists ${name} with (force)`));
    },
  };
}

export async function withAdmin<T>(adminUrl: string, body: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    return await body(sql);
  } finally {
    await sql.end();
  }
}
