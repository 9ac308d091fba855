import { createHash, createHmac } from "node:crypto";
import { toApiKey } from "@/core/ids";

/**
 * The key of one attempt, derived from the API key of whoever claimed it: a claim that is repeated because its
 * answer got lost gives the same key, and the database needs to keep nothing secret for that.
 */
export function deriveRunKey(secret: string, runId: number, attempt: number): string {
  return toApiKey(createHmac("sha256", secret).update(`run:${runId}/${attempt}`).digest());
}

/** What the database keeps of any key or token: 256 random bits need no salt and no slow hash. */
export const hashKey = (key: string): Buffer => createHash("sha256").update(key).digest();
