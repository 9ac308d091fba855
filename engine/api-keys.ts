import { createHmac, randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import { toApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import { insertApiKey, revokeApiKey as revoke } from "@/db/queries/keys";
import { inTransaction } from "@/db/transaction";
import { audit } from "./audit";
import { forgetAccess, requireUser } from "./authorize";
import { badInput, checkId, checkMutationId, checkText } from "./check";
import type { EngineContext } from "./context";
import { PREFIX_LENGTH } from "./first-admin";
import { once } from "./once";
import { hashKey } from "./run-key";

export interface CreateApiKeyAnswer {
  readonly keyId: number;
  /** Shown once. Null for a call repeated from a browser session, where nothing secret was kept to make it from again. */
  readonly key: string | null;
  readonly prefix: string;
}

/** A further key for the caller itself. */
export async function createApiKey(
  context: EngineContext,
  input: { name: string; expiresAt?: Date | null | undefined; clientMutationId?: string | undefined },
): Promise<CreateApiKeyAnswer> {
  const { userId } = requireUser(context.access);
  const name = checkText("name", input.name, 200);
  const expiresAt = input.expiresAt ?? null;
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) {
    throw badInput("expiresAt", expiresAt, "a time in the future");
  }
  const clientMutationId = checkMutationId(input.clientMutationId);
  const key = newKey(context.secret, clientMutationId);
  const prefix = key.slice(0, PREFIX_LENGTH);
  const { answer, repeated } = await once(
    context,
    { verb: "createApiKey", input: { name, expiresAt: expiresAt?.toISOString() ?? null }, clientMutationId },
    async (tx) => {
      const keyId = await insertApiKey(tx, { userId, name, prefix, hash: hashKey(key), expiresAt });
      await audit(tx, context, "api_key.create", String(keyId), { name, prefix });
      return { keyId, prefix };
    },
  );
  return { ...answer, key: !repeated || isDerived(context.secret, clientMutationId) ? key : null };
}

const isDerived = (secret: string | undefined, mutationId: string | undefined) =>
  secret !== undefined && mutationId !== undefined;

/** Derived from the caller's own key where there is one, so that a repeated call shows the same key. */
function newKey(secret: string | undefined, mutationId: string | undefined): string {
  if (secret === undefined || mutationId === undefined) return toApiKey(randomBytes(32));
  return toApiKey(createHmac("sha256", secret).update(`api-key:${mutationId}`).digest());
}

/** Ends one of the caller's keys: here at once, at other servers within seconds. */
export async function revokeApiKey(
  context: EngineContext,
  input: { keyId: number },
): Promise<{ keyId: number }> {
  const { userId } = requireUser(context.access);
  const keyId = checkId("keyId", input.keyId);
  const known = await inTransaction(context.db, async (tx) => {
    await audit(tx, context, "api_key.revoke", String(keyId));
    return revoke(tx, { id: keyId, userId });
  });
  if (!known) {
    throw new AppError("NOT_FOUND", `you have no API key ${keyId}`, { details: { keyId } });
  }
  forgetAccess(context.db);
  return { keyId };
}

/** A key for a user, made by the server itself (a file for `besom` on the same machine). */
export async function issueApiKey(
  db: Database,
  { userId, name }: { userId: number; name: string },
): Promise<{ keyId: number; key: string }> {
  const key = toApiKey(randomBytes(32));
  const prefix = key.slice(0, PREFIX_LENGTH);
  const keyId = await inTransaction(db, (tx) =>
    insertApiKey(tx, { userId, name, prefix, hash: hashKey(key), expiresAt: null }),
  );
  return { keyId, key };
}
