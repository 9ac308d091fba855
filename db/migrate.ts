import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@/core/errors";
import type { Database, Sql, Tx } from "./client";

export interface Migration {
  tag: string;
  hash: string;
  statements: string[];
}

/** Any number will do, as long as every server asks for the same lock. */
const MIGRATION_LOCK = 7_236_001;

/**
 * Brings the database to this program's version. Two servers may start at once: the second waits for the
 * advisory lock and then finds nothing to do. A database newer than the program is refused.
 * @param upTo the tag of the last migration to apply: a database as an older program made it, for tests
 * @returns the tags applied by this call, oldest first
 */
export async function migrate(db: Database, { upTo }: { upTo?: string } = {}): Promise<string[]> {
  const known = readMigrations();
  const last = upTo === undefined ? known.length - 1 : known.findIndex(({ tag }) => tag === upTo);
  if (last < 0) throw new Error(`there is no migration ${upTo}`);
  return db.sql.begin((tx) => migrateTo(tx, known.slice(0, last + 1)));
}

/** The same within a transaction, and for `known` cut short up to an older version: a restored backup's. */
export async function migrateTo(tx: Tx, known: readonly Migration[]): Promise<string[]> {
  await tx`select pg_advisory_xact_lock(${MIGRATION_LOCK})`;
  await tx`create table if not exists besom_migrations (
    number int primary key, tag text not null, hash text not null, applied_at timestamptz not null default now())`;
  const applied = await appliedMigrations(tx);
  refuseForeign(applied, known);
  const missing = known.slice(applied.length);
  for (const [offset, migration] of missing.entries()) {
    for (const statement of migration.statements) await tx.unsafe(statement);
    await tx`insert into besom_migrations (number, tag, hash)
      values (${applied.length + offset}, ${migration.tag}, ${migration.hash})`;
  }
  return missing.map((migration) => migration.tag);
}

export const appliedMigrations = (sql: Sql | Tx): Promise<{ tag: string; hash: string }[]> =>
  sql<{ tag: string; hash: string }[]>`select tag, hash from besom_migrations order by number`;

function refuseForeign(applied: { tag: string; hash: string }[], known: readonly Migration[]): void {
  if (applied.length > known.length) {
    const newest = applied.at(-1)?.tag;
    throw new AppError(
      "DATABASE_NEWER",
      `the database is at migration ${newest}, this program knows only up to ${known.at(-1)?.tag}: start a newer Besom, or restore a backup made with this version`,
      { details: { newest, known: known.at(-1)?.tag } },
    );
  }
  for (const [i, row] of applied.entries()) {
    if (row.hash === known[i]?.hash) continue;
    throw new AppError(
      "DATABASE_NEWER",
      `migration ${row.tag} of the database is not the ${known[i]?.tag} of this program: another version made it; start that version`,
      {
        details: { applied: row.tag, known: known[i]?.tag },
      },
    );
  }
}

export function readMigrations(): Migration[] {
  const folder = join(import.meta.dirname, "migrations");
  const journal = JSON.parse(readFileSync(join(folder, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string }[];
  };
  return journal.entries.map(({ tag }) => {
    const text = readFileSync(join(folder, `${tag}.sql`), "utf8");
    return {
      tag,
      hash: createHash("sha256").update(text).digest("hex"),
      statements: text
        .split("--> statement-breakpoint")
        .map((statement) => statement.trim())
        .filter(Boolean),
    };
  });
}
