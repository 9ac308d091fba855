import type { Access } from "@/core/access";
import type { Database } from "@/db/client";
import { readLivingCredentials } from "@/db/queries/credentials";
import { hashKey } from "./run-key";

/** What an open connection came with. */
export interface Held {
  /** `hashOf` the key or the session's token. */
  readonly hash: string;
  readonly access: Access;
}

/** A connection keeps this instead of the secret's own digest each time it is asked for. */
export const hashOf = (secret: string): string => hashKey(secret).toString("hex");

/**
 * Those whose key or session has ended, by time too, or which are no longer (or have become) an administrator's. Signals
 * tell of most such changes at once; this finds those of which none came.
 */
export async function findOutdated<H extends Held>(db: Database, held: readonly H[]): Promise<H[]> {
  if (held.length === 0) return [];
  const rows = await readLivingCredentials(db.sql, [...new Set(held.map(({ hash }) => hash))]);
  const living = new Map(rows.map(({ hash, admin }) => [hash, admin]));
  return held.filter(
    ({ hash, access }) => living.get(hash) !== (access.kind === "user" ? access.admin : false),
  );
}
