import { isAppError } from "@/core/errors";
import { connect } from "@/db/connect";
import { appliedMigrations, readMigrations } from "@/db/migrate";

/** For `besom doctor`: one finding, as JSON, about the database of the server on this machine. */
const finding = await inspect().catch((error: unknown) => {
  if (!isAppError(error)) throw error;
  return { ok: false, message: error.message };
});
console.log(JSON.stringify({ check: "database", ...finding }));

async function inspect(): Promise<{ ok: boolean; message: string }> {
  const { db, kind, place, version, close } = await connect({
    attach: true,
    max: 1,
    applicationName: "besom-doctor",
  });
  try {
    const missing = readMigrations().length - (await appliedMigrations(db.sql)).length;
    const [size] = await db.sql<{ text: string }[]>`
      select pg_size_pretty(pg_database_size(current_database())) as text`;
    const state =
      missing === 0
        ? "up to date"
        : missing > 0
          ? `${missing} migrations behind: the next start applies them`
          : "newer than this program: update the clone";
    return {
      ok: missing >= 0,
      message: `${kind} PostgreSQL ${version} at ${place}, ${size?.text}, ${state}`,
    };
  } finally {
    await close();
  }
}
