import type { Database } from "@/db/client";
import { deleteStalled, loosenUnwanted } from "@/db/queries/artifacts";
import { claimLooseBytes, loosenDeletedRuns, settleBytes } from "@/db/queries/files";
import { inTransaction, retrying } from "@/db/transaction";
import type { Store } from "@/store/store";

/** Each is one call of the store, 10 at once. */
const PLACES = 10;
/** A bucket that does not answer is given up after three tries of some seconds. */
const CLAIM_MS = 5 * 60_000;
const ROWS = 1_000;
/** Entries of a version are sent before it is committed: so long nobody takes them for left behind. */
const UNWANTED_MS = 2 * 24 * 3_600_000;
const MAKES_ROOM = { makesRoom: true };

/**
 * Removes bytes that nothing refers to: of deleted runs and projects, of files that were replaced, of uploads that broke off. A place is
 * claimed, its bytes go, then its row: should the server die in between, another removes them again. @returns how many places
 */
export async function removeLoose(
  db: Database,
  store: Store,
  { stopped = () => false }: { stopped?: () => boolean } = {},
): Promise<number> {
  while (!stopped() && (await inTransaction(db, (tx) => loosenDeletedRuns(tx, ROWS), MAKES_ROOM)) === ROWS);
  const unwanted = { afterMs: UNWANTED_MS, limit: ROWS };
  while (!stopped() && (await inTransaction(db, (tx) => deleteStalled(tx, unwanted), MAKES_ROOM)) === ROWS);
  while (!stopped() && (await inTransaction(db, (tx) => loosenUnwanted(tx, unwanted), MAKES_ROOM)) === ROWS);
  for (let total = 0; ; ) {
    if (stopped()) return total;
    const places = await inTransaction(
      db,
      (tx) => claimLooseBytes(tx, { limit: PLACES, forMs: CLAIM_MS }),
      MAKES_ROOM,
    );
    await Promise.all(places.map((place) => store.remove(place)));
    await retrying(() => settleBytes(db.sql, places));
    total += places.length;
    if (places.length < PLACES) return total;
  }
}
