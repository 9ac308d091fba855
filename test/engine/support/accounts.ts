import type { KeyScope } from "@/core/access";
import { insertUser } from "@/db/queries/users";
import { createApiKey, issueApiKey } from "@/engine/api-keys";
import { authenticate, authenticateSession } from "@/engine/authorize";
import type { EngineContext } from "@/engine/context";
import { createLoginLink, redeemLoginLink } from "@/engine/sessions";
import type { House } from "./house";

export type Someone = EngineContext & { userId: number; entityId: number; secret: string };

/** A user without any role, with a key. */
export async function addUser({ db, context }: House, name: string): Promise<Someone> {
  const made = await db.sql.begin((tx) => insertUser(tx, { name, admin: false }));
  const { key } = await issueApiKey(db, { userId: made.userId, name: "first" });
  return { ...context, ...made, access: await authenticate(db, key), secret: key };
}

/** The same caller by a key that may do less. */
export async function asKey(
  context: EngineContext,
  input: { name: string; scope?: KeyScope; entity?: string; project?: string },
): Promise<EngineContext & { keyId: number; secret: string }> {
  const { key, keyId } = await createApiKey(context, input);
  if (key === null) throw new Error("no key");
  return { ...context, access: await authenticate(context.db, key), secret: key, keyId };
}

/** The same by a browser. */
export async function asSession(
  { db, context }: House,
  userId: number,
): Promise<EngineContext & { token: string }> {
  const { session } = await redeemLoginLink(db, await createLoginLink(db, userId));
  const { secret: _none, ...rest } = context;
  return { ...rest, access: await authenticateSession(db, session), token: session };
}
