import { statfs } from "node:fs/promises";
import { AppError } from "@/core/errors";
import type { Database } from "./client";

/*
 * PostgreSQL that can't write its log ends itself (PANIC), reads and all. So the server refuses writes a little before
 * the disk of its embedded database is full: what was acknowledged is safe, reads and heartbeats go on, and clients try again
 * until there is room. A disk that others fill faster than we look, a quota, and an external database still meet PostgreSQL's
 * own refusal (53100), which is told by the same code.
 */

export interface Space {
  /** Undefined where the server can't see the disk. */
  readonly freeBytes: number | undefined;
  readonly reserveBytes: number;
  /** Writes are refused now, or were just refused by PostgreSQL. */
  readonly full: boolean;
}

/** Below it writes are refused; below half of it also those that make room. */
const RESERVE_BYTES = 256 * 2 ** 20;
/** Of a small disk this share is enough. */
const RESERVE_SHARE = 0.1;
/** Some 20 MB can be written meanwhile at full speed. */
const LOOK_EVERY_MS = 500;
/** Writes begin again with so much more than the reserve, so that the two don't take turns. */
const AGAIN = 1.1;
/** How long PostgreSQL's own refusal counts as "full". */
const REFUSED_MS = 10_000;

class Watched implements Space {
  freeBytes: number | undefined;
  reserveBytes = 0;
  low = false;
  refusedAt = Number.NEGATIVE_INFINITY;

  get full(): boolean {
    return this.low || performance.now() - this.refusedAt < REFUSED_MS;
  }

  look(freeBytes: number, totalBytes: number, reserveBytes: number | undefined): void {
    this.freeBytes = freeBytes;
    this.reserveBytes = reserveBytes ?? Math.min(RESERVE_BYTES, totalBytes * RESERVE_SHARE);
    this.low = freeBytes < this.reserveBytes * (this.low ? AGAIN : 1);
  }
}

const watched = new WeakMap<Database, Watched>();

function watchedOf(db: Database): Watched {
  const known = watched.get(db) ?? new Watched();
  watched.set(db, known);
  return known;
}

export const spaceOf = (db: Database): Space => watchedOf(db);

/**
 * Looks at the disk that `folder` lies on from now on.
 * @param reserveBytes 0 leaves it to PostgreSQL to refuse
 * @returns ends the looking
 */
export async function watchSpace(
  db: Database,
  folder: string,
  reserveBytes: number | undefined,
): Promise<() => void> {
  const space = watchedOf(db);
  const look = async () => {
    const { bavail, blocks, bsize } = await statfs(folder);
    space.look(bavail * bsize, blocks * bsize, reserveBytes);
  };
  await look();
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** @throws AppError DISK_FULL */
export function refuseWhenFull(db: Database, { makesRoom = false }: { makesRoom?: boolean } = {}): void {
  const space = watched.get(db);
  if (space === undefined || !space.low) return;
  if (makesRoom && (space.freeBytes ?? 0) > space.reserveBytes / 2) return;
  throw diskFull();
}

/** What PostgreSQL says when a file can't grow; remembered, so that operators hear of it. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "53100";
}

export const noteDiskFull = (db: Database): void => {
  watchedOf(db).refusedAt = performance.now();
};

export const diskFull = (cause?: unknown): AppError =>
  new AppError(
    "DISK_FULL",
    "the server's disk is full: nothing of this request was written; it can be sent again when there is room (docs/operations.md)",
    { cause },
  );

/** BESOM_DISK_RESERVE_MB. @throws AppError BAD_INPUT */
export function readReserve(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,7}$/.test(text)) return Number(text) * 2 ** 20;
  throw new AppError(
    "BAD_INPUT",
    `BESOM_DISK_RESERVE_MB is ${JSON.stringify(text)}, expected megabytes; 0 turns the reserve off`,
  );
}
