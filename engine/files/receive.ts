import { randomBytes } from "node:crypto";
import { AppError } from "@/core/errors";
import type { Database, Tx } from "@/db/client";
import { announceBytes, loosenBytes, settleBytes } from "@/db/queries/files";
import { inTransaction, retrying } from "@/db/transaction";
import type { Limits, Store, Stored } from "@/store/store";

/** What the verbs of files need beside the engine's context. */
export interface FileContext {
  readonly db: Database;
  readonly store: Store;
  readonly maxBytes: number;
}

/** An upload that takes longer is broken off: its bytes count as left behind. 5 GB at 1 Mbit/s take half a day. */
export const LONGEST_UPLOAD_MS = 24 * 3_600_000;

/**
 * Takes bytes to a new place of the store. Their place is written down before the first one comes, so whatever happens they are either kept by
 * `settle`, in the transaction that writes down whose they are, or removed (remove-loose.ts).
 * @param settle false: they are not wanted after all
 */
export async function receiveBytes(
  { db, store, maxBytes }: FileContext,
  bytes: AsyncIterable<Uint8Array>,
  { expectedBytes, maxBytes: fewer }: { expectedBytes?: number | undefined; maxBytes?: number },
  settle: (tx: Tx, stored: Stored & { place: string }) => Promise<boolean>,
): Promise<Stored> {
  const place = randomBytes(16).toString("hex");
  await inTransaction(db, (tx) => announceBytes(tx, place, { forMs: LONGEST_UPLOAD_MS }));
  try {
    const limits: Limits = { maxBytes: Math.min(maxBytes, fewer ?? maxBytes), expectedBytes };
    const stored = await store.put(place, bytes, limits);
    const kept = await inTransaction(db, async (tx) => {
      if (!(await settle(tx, { ...stored, place }))) return false;
      if ((await settleBytes(tx, [place])) === 1) return true;
      throw new AppError("UNAVAILABLE", "the upload took too long, its bytes are gone: send it again");
    });
    if (!kept) await retrying(() => loosenBytes(db.sql, place));
    return stored;
  } catch (error) {
    // Later the round removes it anyway.
    await loosenBytes(db.sql, place).catch(() => {});
    throw error;
  }
}
