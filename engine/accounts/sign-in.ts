import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { findPassword, isKnownAddress } from "@/db/queries/passwords";
import { inTransaction, retrying } from "@/db/transaction";
import { auditAs } from "../audit";
import { checkText } from "../check";
import { type Browser, newSessionToken, openSession, type SignedIn } from "../sessions";
import { MAX_PASSWORD } from "./password";
import { verifyPassword } from "./password-hash";
import { withThrottle } from "./throttle";

/** Where somebody comes from who wants to sign in. */
export interface Visitor extends Browser {
  readonly address: string;
  /** What of the address one client can't change at will. */
  readonly near: string;
}

/**
 * By user name or email, and password. An unknown name, an account without a password and a wrong password are told
 * apart neither by the answer nor by its time.
 * @throws AppError UNAUTHENTICATED, RATE_LIMITED, BAD_INPUT
 */
export async function signInByPassword(
  db: Database,
  given: { name: unknown; password: unknown },
  visitor: Visitor,
): Promise<SignedIn> {
  const name = checkText("name", given.name, 254).trim();
  const password = checkText("password", given.password, MAX_PASSWORD);
  const user = await retrying(() => findPassword(db.sql, name));
  const { address, near } = visitor;
  // The account's own name, so that its address gives no further tries.
  const account = (user?.name ?? name).toLowerCase();
  const known = await retrying(() => isKnownAddress(db.sql, { userId: user?.userId ?? 0, address }));
  const buckets = [`address:${near}`, `pair:${account}/${near}`, ...(known ? [] : [`name:${account}`])];
  const userId = await withThrottle(db, buckets, async () => {
    if ((await verifyPassword(password, user?.hash)) && user !== undefined) return user.userId;
    throw new AppError("UNAUTHENTICATED", "the name or the password is wrong");
  });
  const session = newSessionToken();
  return inTransaction(db, async (tx) => {
    await auditAs(tx, userId, "session.create", "password", { address });
    return openSession(tx, { session, userId, browser: visitor });
  });
}
