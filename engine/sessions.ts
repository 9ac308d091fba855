import { createHmac, randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { deleteSession, insertLoginLink, insertSession, useLoginLink } from "@/db/queries/sessions";
import { inTransaction, retrying } from "@/db/transaction";
import { forgetAccess, requireUser } from "./authorize";
import { checkMutationId } from "./check";
import type { EngineContext } from "./context";
import { once } from "./once";
import { hashKey } from "./run-key";

const LINK_KEPT_MS = 24 * 3_600_000;
const SESSION_KEPT_MS = 30 * 24 * 3_600_000;

/** The token of a link that signs a browser in once. */
export async function createLoginLink(db: Database, userId: number): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await retrying(() => insertLoginLink(db.sql, { tokenHash: hashKey(token), userId, keptMs: LINK_KEPT_MS }));
  return token;
}

/**
 * A link for the caller itself. Derived from the caller's own key where there is one, so that a repeated call gives the
 * same link and nothing secret is stored; to a repeated call from a browser session, undefined.
 */
export async function requestLoginLink(
  context: EngineContext,
  input: { clientMutationId?: string | undefined },
): Promise<string | undefined> {
  const { userId } = requireUser(context.access);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const derived = context.secret !== undefined && clientMutationId !== undefined;
  const token = derived
    ? createHmac("sha256", context.secret).update(`login-link:${clientMutationId}`).digest("base64url")
    : randomBytes(32).toString("base64url");
  const link = { tokenHash: hashKey(token), userId, keptMs: LINK_KEPT_MS };
  const { repeated } = await once(
    context,
    { verb: "createLoginLink", input: {}, clientMutationId },
    async (tx) => {
      await insertLoginLink(tx, link);
      return {};
    },
  );
  return derived || !repeated ? token : undefined;
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
