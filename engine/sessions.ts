import { randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import type { Database, Tx } from "@/db/client";
import {
  deleteOtherSessions,
  deleteSession,
  deleteSessionById,
  insertLoginLink,
  insertSession,
  useLoginLink,
} from "@/db/queries/sessions";
import { findUserByName } from "@/db/queries/users";
import { inTransaction, retrying } from "@/db/transaction";
import { endRights } from "./accounts/rights";
import { audit, auditAs } from "./audit";
import { requireAccount, requireServerAdmin } from "./authorize";
import { checkId, checkMutationId, checkText, show } from "./check";
import type { EngineContext } from "./context";
import { once } from "./once";
import { hashKey } from "./run-key";
import { mintSecret, secretAgain } from "./secrets";

const LINK_KEPT_MS = 24 * 3_600_000;
const SESSION_KEPT_MS = 30 * 24 * 3_600_000;
const PURPOSE = "login-link";

/** A browser as it comes: shown to its user among the places where they are signed in. */
export interface Browser {
  readonly userAgent?: string | undefined;
  readonly address?: string | undefined;
}

/** What a browser gets when it has signed in; the token is its cookie's. */
export interface SignedIn {
  readonly session: string;
  readonly expiresAt: Date;
  readonly userId: number;
}

/** The token of a link that signs a browser in once. */
export async function createLoginLink(db: Database, userId: number): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  await retrying(() => insertLoginLink(db.sql, { tokenHash: hashKey(token), userId, keptMs: LINK_KEPT_MS }));
  return token;
}

/**
 * A link for the caller itself, or by an administrator of the server for somebody who can't get in any more; undefined
 * to a repeated call from a browser session.
 */
export async function requestLoginLink(
  context: EngineContext,
  input: { user?: string | undefined; clientMutationId?: string | undefined },
): Promise<string | undefined> {
  const whom = await linkFor(context, input.user);
  const minted = mintSecret(context, PURPOSE);
  const { answer, repeated } = await once(
    context,
    {
      verb: "createLoginLink",
      input: { user: input.user },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      const tokenHash = hashKey(minted.bytes.toString("base64url"));
      await insertLoginLink(tx, { tokenHash, userId: whom.userId, keptMs: LINK_KEPT_MS });
      if (whom.name !== undefined) await audit(tx, context, "login_link.create", whom.name);
      return { salt: minted.salt };
    },
  );
  const bytes = repeated ? secretAgain(context, PURPOSE, answer.salt) : minted.bytes;
  return bytes?.toString("base64url");
}

/** The name is there when it is somebody else. @throws AppError NOT_FOUND, FORBIDDEN */
async function linkFor(
  { db, access }: EngineContext,
  name: string | undefined,
): Promise<{ userId: number; name?: string }> {
  const { userId } = requireAccount(access);
  if (name === undefined) return { userId };
  requireServerAdmin(access);
  const user = await retrying(() => findUserByName(db.sql, checkText("user", name, 128)));
  if (user !== undefined) return { userId: user.userId, name: user.name };
  throw new AppError("NOT_FOUND", `user ${show(name)} is unknown`, { details: { user: name } });
}

/** Uses the link up. @throws AppError UNAUTHENTICATED when it is unknown, used or too old */
export async function redeemLoginLink(db: Database, token: string, browser: Browser = {}): Promise<SignedIn> {
  const session = newSessionToken();
  return inTransaction(db, async (tx) => {
    const userId = await useLoginLink(tx, hashKey(token));
    if (userId === undefined) {
      throw new AppError(
        "UNAUTHENTICATED",
        "this login link is used up or too old: ask the server for another",
      );
    }
    await auditAs(tx, userId, "session.create", "link", { address: browser.address ?? null });
    return openSession(tx, { session, userId, browser });
  });
}

/** Chosen before the transaction, which may run twice. */
export const newSessionToken = (): string => randomBytes(32).toString("base64url");

/** @param session from `newSessionToken` */
export async function openSession(
  tx: Tx,
  { session, userId, browser }: { session: string; userId: number; browser: Browser },
): Promise<SignedIn> {
  const expiresAt = await insertSession(tx, {
    tokenHash: hashKey(session),
    userId,
    keptMs: SESSION_KEPT_MS,
    userAgent: browser.userAgent?.slice(0, 300) ?? null,
    address: browser.address ?? null,
  });
  return { session, expiresAt, userId };
}

/** By the browser itself, which shows its cookie. */
export async function endSession(db: Database, session: string): Promise<void> {
  const userId = await retrying(() => deleteSession(db.sql, hashKey(session)));
  if (userId !== undefined) endRights(db, [userId]);
}

/** Signs another of the caller's browsers out. @throws AppError NOT_FOUND */
export async function endSessionById(
  context: EngineContext,
  input: { sessionId: number; clientMutationId?: string | undefined },
): Promise<{ sessionId: number }> {
  const { userId } = requireAccount(context.access);
  const sessionId = checkId("sessionId", input.sessionId);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const { answer } = await once(
    context,
    { verb: "endSession", input: { sessionId }, clientMutationId },
    async (tx) => {
      if (!(await deleteSessionById(tx, { id: sessionId, userId }))) {
        throw new AppError("NOT_FOUND", `you have no session ${sessionId}`, { details: { sessionId } });
      }
      await audit(tx, context, "session.end", String(sessionId));
      return { sessionId };
    },
  );
  endRights(context.db, [userId]);
  return answer;
}

/** Signs all of the caller's browsers out but the one that asks, and ends login links that were not used. */
export async function endOtherSessions(
  context: EngineContext,
  input: { clientMutationId?: string | undefined },
): Promise<{ ended: number }> {
  const { userId, sessionId } = requireAccount(context.access);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const { answer } = await once(
    context,
    { verb: "endOtherSessions", input: {}, clientMutationId },
    async (tx) => {
      const ended = await deleteOtherSessions(tx, { userId, exceptId: sessionId });
      await audit(tx, context, "session.end", "others", { ended });
      return { ended };
    },
  );
  endRights(context.db, [userId]);
  return answer;
}
