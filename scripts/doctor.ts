import { isAppError } from "@/core/errors";
import { connect } from "@/db/connect";
import { dataDir } from "@/db/data-dir";
import { findRunning } from "@/db/embedded";
import { appliedMigrations, readMigrations } from "@/db/migrate";

interface Finding {
  ok: boolean;
  message: string;
}

/** For `besom doctor`: one finding, as JSON, about the database of the server on this machine. */
const finding = await inspect().catch((error: unknown): Finding => {
  if (!isAppError(error)) throw error;
  return { ok: false, message: error.message };
});
console.log(JSON.stringify({ check: "database", ...finding }));

async function inspect(): Promise<Finding> {
  // Asking must not start, let alone make, a database.
  if (!process.env.DATABASE_URL && findRunning(dataDir(process.env)) === undefined)
    return {
      ok: true,
      message: "none runs here (a server may use one elsewhere: set DATABASE_URL to check it)",
    };
  const { db, kind, place, version, close } = await connect({
    attach: true,
    max: 1,
    applicationName: "besom-doctor",
  });
  try {
    const [facts] = await db.sql<{ size: string; ours: boolean }[]>`
      select pg_size_pretty(pg_database_size(current_database())) as size,
        to_regclass('besom_migrations') is not null as ours`;
    const missing = readMigrations().length - (facts?.ours ? (await appliedMigrations(db.sql)).length : 0);
    const what = `${kind} PostgreSQL ${version} at ${place}, ${facts?.size}`;
    return { ok: missing >= 0, message: `${what}, ${facts?.ours ? toState(missing) : "empty"}` };
  } finally {
    await close();
  }
}

function toState(missing: number): string {
  if (missing === 0) return "up to date";
  return missing > 0
    ? `${missing} migrations behind: the next start applies them`
    : "newer than this program: update the clone";
}
