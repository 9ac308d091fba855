import { randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { deleteSession, insertLoginLink, insertSession, useLoginLink } from "@/db/queries/sessions";
import { inTransaction, retrying } from "@/db/transaction";
import { forgetAccess } from "./authorize";
import { hashKey } from "./run-key";

const LINK_KEPT_MS = 24 * 3_600_000;
const SESSION_KEPT_MS = 30 * 24 * 3_600_000;

/** The token of a link that signs a browser in once. */
export async function createLoginLink(db: Database, userId: number): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await retrying(() => insertLoginLink(db.sql, { tokenHash: hashKey(token), userId, keptMs: LINK_KEPT_MS }));
  return token;
}

/** Uses the link up. @throws AppError UNAUTHENTICATED when it is unknown, used or too old */
export async function redeemLoginLink(
  db: Database,
  token: string,
): Promise<{ session: string; expiresAt: Date; userId: number }> {
  const session = randomBytes(32).toString("base64url");
  return inTransaction(db, async (tx) => {
    const userId = await useLoginLink(tx, hashKey(token));
    if (userId === undefined) {
      throw new AppError(
        "UNAUTHENTICATED",
        "this login link is used up or too old: ask the server for another",
      );
    }
    const expiresAt = await insertSession(tx, {
      tokenHash: hashKey(session),
      userId,
      keptMs: SESSION_KEPT_MS,
    });
    return { session, expiresAt, userId };
  });
}

export async function endSession(db: Database, session: string): Promise<void> {
  await retrying(() => deleteSession(db.sql, hashKey(session)));
  forgetAccess(db);
}
