import { AppError } from "@/core/errors";

/**
 * A cursor of the change sequence is the text of a `pg_snapshot` (`xmin:xmax:xip,...`): which transactions the
 * reader had seen. Rows carry the transaction that wrote them (`changedXid` in schema/columns.ts), so "what is new
 * since then" is exact: a transaction that was still open is in the list and is read when it has committed, one
 * that was seen is not read again. To callers a cursor is opaque text.
 */
export interface Snapshot {
  /** Everything below was over. */
  readonly xmin: bigint;
  /** Everything from here on had not begun. */
  readonly xmax: bigint;
  /** Between the two: still open. */
  readonly open: ReadonlySet<bigint>;
}

export function parseSnapshot(text: string): Snapshot {
  const match = text.length <= 20_000 ? /^(\d{1,20}):(\d{1,20}):((?:\d{1,20},)*\d{1,20})?$/.exec(text) : null;
  if (match === null) throw badCursor(text);
  const xmin = BigInt(match[1] ?? "");
  const xmax = BigInt(match[2] ?? "");
  const open = (match[3] ?? "").split(",").filter(Boolean).map(BigInt);
  // The order PostgreSQL's own parser asks for; it would answer with an error that looks like ours.
  const ordered = open.every((xid, i) => xid >= (i === 0 ? xmin : (open[i - 1] ?? 0n)) && xid < xmax);
  if (xmin > xmax || xmin === 0n || xmax >= 1n << 63n || !ordered) throw badCursor(text);
  return { xmin, xmax, open: new Set(open) };
}

/** Whether a reader with this snapshot had seen what the transaction wrote. */
export function isSeen(xid: bigint, { xmin, xmax, open }: Snapshot): boolean {
  if (xid < xmin) return true;
  return xid < xmax && !open.has(xid);
}

/** A reader with this cursor has seen nothing. */
export const BEGINNING = "1:1:";

/** No later snapshot of one database ends before an earlier one does. */
export const isAhead = (cursor: string, now: string): boolean =>
  parseSnapshot(cursor).xmax > parseSnapshot(now).xmax;

/** Of two snapshots of one database the one taken later: it had seen at least what the other had. */
export function toLater(a: Snapshot, b: Snapshot): Snapshot {
  if (a.xmax !== b.xmax) return a.xmax > b.xmax ? a : b;
  return a.open.size <= b.open.size ? a : b;
}

export const stringifySnapshot = ({ xmin, xmax, open }: Snapshot): string =>
  `${xmin}:${xmax}:${[...open].join(",")}`;

const badCursor = (text: string) =>
  new AppError(
    "BAD_INPUT",
    `${JSON.stringify(text.slice(0, 60))} is no cursor of this server: take the one of the last event`,
  );
