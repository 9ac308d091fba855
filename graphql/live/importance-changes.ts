import { setTimeout as pause } from "node:timers/promises";
import { type AppError, isAppError } from "@/core/errors";
import type { Importance } from "@/core/importance";
import type { Database } from "@/db/client";
import { readCursor } from "@/db/queries/changes";
import { BEGINNING } from "@/db/snapshot";
import { retrying } from "@/db/transaction";
import { systemAccess } from "@/engine/authorize";
import { answerImportance, type ImportanceQuery } from "@/engine/importance";
import type { Item, Source, Update } from "./feed";

/** What matters by now. */
export interface ImportanceItem extends Item {
  /** The same for the same answer. */
  readonly version: string;
  readonly outcome: { readonly importance: Importance } | { readonly error: AppError };
}

/** Runs end many times a second, and nobody reads faster. */
const REST_MS = 2_000;
/** An answer is new whatever was seen. */
const ALWAYS = { xid: 1n << 62n, always: true } as const;

/**
 * Each reading is the whole answer, computed if it has to be: here and not where updates are written, since this source is told when
 * nobody looks any more, and since of answers that come while one is computed only the last is read.
 */
export function openImportanceSource(
  db: Database,
  query: ImportanceQuery,
  projectId: number,
  onError: (error: unknown) => void,
): Source<ImportanceItem> {
  const closing = new AbortController();
  const { signal } = closing;
  const own = { ...db, root: db.root ?? db, ended: signal };
  let told: string | undefined;
  const read = async (): Promise<Omit<ImportanceItem, keyof Item> | undefined> => {
    while (!signal.aborted) {
      try {
        const { importance, version } = await answerImportance({ db: own, access: systemAccess() }, query);
        return { version, outcome: { importance } };
      } catch (error) {
        if (signal.aborted) break;
        if (!isAppError(error)) throw error;
        if (error.code !== "UNAVAILABLE") return { version: error.message, outcome: { error } };
        await pause(REST_MS, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  };
  return {
    async read() {
      const cursor = await retrying(() => readCursor(db));
      const found = await read();
      return { cursor, items: found === undefined ? [] : [{ ...ALWAYS, ...found }] };
    },
    settle(items) {
      const news = items.filter(({ version }) => version !== told);
      told = items.at(-1)?.version ?? told;
      return news;
    },
    beginning: BEGINNING,
    now: () => retrying(() => readCursor(db)),
    probe: (name, since) =>
      query.scope === "project"
        ? [{ name, kind: "project", id: projectId, since }]
        : [{ name, kind: "sweep", id: query.sweepId, since }],
    weigh: () => 1,
    // One that waits is replaced by what is read in its place.
    maxWeight: 1,
    restMs: () => REST_MS,
    onError,
    close: () => closing.abort(),
  };
}

/** Of one subscriber: what it has read for itself is told to all a moment later. */
export function refineImportance(): (update: Update<ImportanceItem>) => Update<ImportanceItem> {
  let had: string | undefined;
  return (update) => {
    const items = update.items.filter(({ version }) => version !== had);
    had = update.items.at(-1)?.version ?? had;
    return items.length === update.items.length ? update : { ...update, items, shared: {} };
  };
}
