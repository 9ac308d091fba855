import { randomBytes } from "node:crypto";
import { toApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import { insertApiKey } from "@/db/queries/keys";
import { insertUser, lockUsers } from "@/db/queries/users";
import { inTransaction } from "@/db/transaction";
import { auditByServer } from "./audit";
import { checkEntityName } from "./place";
import { hashKey } from "./run-key";

export const PREFIX_LENGTH = 10;

/** The first start's administrator with a key, shown once; undefined when there are users already. Two servers may start at once. */
export async function createFirstAdmin(
  db: Database,
  { name }: { name: string },
): Promise<{ key: string; userId: number; entity: string } | undefined> {
  const entity = checkEntityName(name);
  const key = toApiKey(randomBytes(32));
  return inTransaction(db, async (tx) => {
    if (await lockUsers(tx)) return undefined;
    const { userId } = await insertUser(tx, { name: entity, admin: true });
    const name = "first key";
    const prefix = key.slice(0, PREFIX_LENGTH);
    const keyId = await insertApiKey(tx, {
      userId,
      name,
      scope: "full",
      projectId: null,
      prefix,
      hash: hashKey(key),
      expiresAt: null,
    });
    await auditByServer(tx, "user.create", entity, { admin: true });
    await auditByServer(tx, "api_key.create", String(keyId), { name, prefix, userId });
    return { key, userId, entity };
  });
}
