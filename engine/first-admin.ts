import { randomBytes } from "node:crypto";
import { toApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import { insertApiKey } from "@/db/queries/keys";
import { insertUser, lockUsers } from "@/db/queries/users";
import { inTransaction } from "@/db/transaction";
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
    await insertApiKey(tx, {
      userId,
      name: "first key",
      scope: "full",
      projectId: null,
      prefix: key.slice(0, PREFIX_LENGTH),
      hash: hashKey(key),
      expiresAt: null,
    });
    return { key, userId, entity };
  });
}
