import { setTimeout as pause } from "node:timers/promises";
import { AppError, isAppError } from "@/core/errors";
import type { Database, Settings, Tx } from "./client";
import type { WithLast } from "./driver";
import { diskFull, isDiskFull, noteDiskFull, refuseWhenFull } from "./space";

/** serialization_failure, deadlock_detected: the transaction was rolled back for another's sake. */
const COLLISIONS = new Set(["40001", "40P01"]);

/**
 * The connection died (or was cut off for sitting idle in a transaction), or the server is starting or stopping.
 * Whether a commit in flight took effect is unknown: only what may run twice may be retried.
 */
const LOST = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "08000",
  "08001",
  "08003",
  "08004",
  "08006",
  "08P01", // protocol_violation: what a pooler says of a server that it lost
  "25P03", // idle_in_transaction_session_timeout
  "53300", // too_many_connections
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
]);

const COLLISION_TRIES = 8;
/** 50 + 100 + 200 + 400 ms: a restart of the pool's connection, not an outage. Clients sit out outages. */
const LOST_TRIES = 5;

export const isConnectionLost = (error: unknown): boolean => LOST.has(codeOf(error));

/**
 * Runs `body` in a transaction (read committed), and runs all of it again after a collision with another
 * transaction or a lost connection. So `body` must be safe to run twice even if the first run did commit: it
 * inserts under ids chosen beforehand, or it goes through an idempotency answer.
 *
 * `body` awaits queries of its own transaction and nothing else: postgres.js rejects the query in flight when
 * the connection dies, but a body that is waiting for a timer then would go on with a connection that another
 * transaction may already use.
 *
 * @param options makesRoom: it deletes, so that it is let through while the disk is nearly full
 * @throws AppError UNAVAILABLE when the database stays out of reach, DISK_FULL
 */
export async function inTransaction<T>(
  db: Database,
  body: (tx: Tx) => Promise<T>,
  { makesRoom = false }: { makesRoom?: boolean } = {},
): Promise<T> {
  refuseWhenFull(db, { makesRoom });
  const { settings } = db;
  // Sent ahead of the first statement, without waiting for the answer.
  const withSettings = async (tx: Tx) =>
    settings === undefined ? body(tx) : (await Promise.all([set(tx, settings), body(tx)]))[1];
  try {
    return await retrying(() => db.sql.begin(withSettings) as Promise<T>);
  } catch (error) {
    if (isAppError(error) && error.code === "DISK_FULL") noteDiskFull(db);
    throw error;
  }
}

/** For this transaction alone. */
function set(tx: Tx, settings: Settings): Promise<unknown> {
  return tx`select set_config(name, value, true) from json_each_text(${JSON.stringify(settings)}::text::json)
    as given (name, value)`.execute();
}

/** What a transaction ends with: its last statements, and what it has to say once they are committed. */
export interface LastStep<T> {
  readonly answer: T;
  /** Sends the last statements, all at once; nothing for a transaction that only looked. */
  readonly write?: (() => Promise<unknown>) | undefined;
}

/**
 * As `inTransaction`, with the commit in the same exchange as the last statements: when all cores are busy, each
 * exchange waits for its turn on one, and whatever the transaction has locked waits with it. A last statement that fails
 * makes PostgreSQL answer the commit with a rollback.
 */
export function inShortTransaction<T>(db: Database, body: (tx: Tx) => Promise<LastStep<T>>): Promise<T> {
  return inTransaction(db, async (tx) => {
    const { answer, write } = await body(tx);
    const written = write?.();
    const [{ command }] = await Promise.all([(tx as Tx & WithLast).last(), written]);
    if (command !== "COMMIT") throw new Error(`the transaction ended with ${command}`);
    return answer;
  });
}

/** The same for a single statement. */
export async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (isDiskFull(error)) throw diskFull(error);
      const lost = isConnectionLost(error);
      if (!lost && !COLLISIONS.has(codeOf(error))) throw error;
      if (tries >= (lost ? LOST_TRIES : COLLISION_TRIES)) throw unavailable(error, lost);
      const ceilingMs = lost ? 50 * 2 ** (tries - 1) : 5 * tries;
      await pause(ceilingMs * (0.5 + Math.random() / 2));
    }
  }
}

function unavailable(cause: unknown, lost: boolean): AppError {
  const why = lost ? "the database is out of reach" : "the database is too busy with colliding transactions";
  return new AppError(
    "UNAVAILABLE",
    `${why} (${codeOf(cause)}): nothing was lost, send the same request again`,
    {
      cause,
    },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
