import { randomBytes } from "node:crypto";
import { KEY_SCOPES, type KeyScope } from "@/core/access";
import { AppError } from "@/core/errors";
import { toApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import { countLivingKeys, insertApiKey, revokeApiKey as revoke } from "@/db/queries/keys";
import { inTransaction } from "@/db/transaction";
import { endRights } from "./accounts/rights";
import { audit, auditByServer } from "./audit";
import { requireAccount } from "./authorize";
import { badInput, checkId, checkMutationId, checkOneOf, checkText } from "./check";
import type { EngineContext } from "./context";
import { PREFIX_LENGTH } from "./first-admin";
import { once } from "./once";
import { findPlace } from "./place";
import { hashKey } from "./run-key";
import { mintSecret, secretAgain } from "./secrets";

/** Keys that could still be used, a user. */
const MAX_LIVING_KEYS = 1_000;
const PURPOSE = "api-key";

export interface CreateApiKeyInput {
  readonly name: string;
  /** full when absent. */
  readonly scope?: KeyScope | undefined;
  /** With a project the key knows that one alone. */
  readonly entity?: string | undefined;
  readonly project?: string | undefined;
  readonly expiresAt?: Date | null | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface CreateApiKeyAnswer {
  readonly keyId: number;
  /** Shown once. Null for a call repeated from a browser session, where nothing secret was kept to make it from again. */
  readonly key: string | null;
  readonly prefix: string;
}

/** A further key for the caller itself. */
export async function createApiKey(
  context: EngineContext,
  input: CreateApiKeyInput,
): Promise<CreateApiKeyAnswer> {
  const { userId } = requireAccount(context.access);
  const name = checkText("name", input.name, 200);
  const scope = checkOneOf("scope", input.scope ?? "full", KEY_SCOPES);
  const expiresAt = input.expiresAt ?? null;
  if (expiresAt !== null && !(expiresAt.getTime() > Date.now())) {
    throw badInput("expiresAt", expiresAt, "a time in the future");
  }
  const projectId = await onlyProject(context, input);
  const minted = mintSecret(context, PURPOSE);
  const { answer, repeated } = await once(
    context,
    {
      verb: "createApiKey",
      input: { name, scope, projectId, expiresAt: expiresAt?.toISOString() ?? null },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      if ((await countLivingKeys(tx, userId)) >= MAX_LIVING_KEYS) {
        throw new AppError("RATE_LIMITED", `you have ${MAX_LIVING_KEYS} keys: revoke some first`);
      }
      const key = toApiKey(minted.bytes);
      const prefix = key.slice(0, PREFIX_LENGTH);
      const keyId = await insertApiKey(tx, {
        userId,
        name,
        scope,
        projectId,
        prefix,
        hash: hashKey(key),
        expiresAt,
      });
      await audit(tx, context, "api_key.create", String(keyId), { name, scope, prefix, projectId });
      return { keyId, prefix, salt: minted.salt };
    },
  );
  const { keyId, prefix, salt } = answer;
  const bytes = repeated ? secretAgain(context, PURPOSE, salt) : minted.bytes;
  return { keyId, prefix, key: bytes === undefined ? null : toApiKey(bytes) };
}

/** A limited key leaves the administrator's rights behind, so its user needs a role of their own there. */
async function onlyProject(
  context: EngineContext,
  { entity, project }: CreateApiKeyInput,
): Promise<number | null> {
  if (project === undefined) {
    if (entity !== undefined) throw badInput("project", project, "a project's name, beside the entity's");
    return null;
  }
  return (await findPlace(context, { entity, project })).id;
}

/** Ends one of the caller's keys: here at once, at other servers within seconds. */
export async function revokeApiKey(
  context: EngineContext,
  input: { keyId: number; clientMutationId?: string | undefined },
): Promise<{ keyId: number }> {
  const { userId } = requireAccount(context.access);
  const keyId = checkId("keyId", input.keyId);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const { answer } = await once(
    context,
    { verb: "revokeApiKey", input: { keyId }, clientMutationId },
    async (tx) => {
      if (!(await revoke(tx, { id: keyId, userId }))) {
        throw new AppError("NOT_FOUND", `you have no API key ${keyId}`, { details: { keyId } });
      }
      await audit(tx, context, "api_key.revoke", String(keyId));
      return { keyId };
    },
  );
  endRights(context.db, [userId]);
  return answer;
}

/** A key for a user, made by the server itself (a file for `besom` on the same machine). */
export async function issueApiKey(
  db: Database,
  { userId, name }: { userId: number; name: string },
): Promise<{ keyId: number; key: string }> {
  const key = toApiKey(randomBytes(32));
  const prefix = key.slice(0, PREFIX_LENGTH);
  const keyId = await inTransaction(db, async (tx) => {
    const made = await insertApiKey(tx, {
      userId,
      name,
      scope: "full",
      projectId: null,
      prefix,
      hash: hashKey(key),
      expiresAt: null,
    });
    await auditByServer(tx, "api_key.create", String(made), { name, prefix, userId });
    return made;
  });
  return { keyId, key };
}
