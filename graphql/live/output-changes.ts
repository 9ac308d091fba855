import type { Access } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { type NewOutput, type OutputPlace, readNewOutput } from "@/db/queries/changes";
import { parseSnapshot } from "@/db/snapshot";
import { retrying } from "@/db/transaction";
import type { Item, Source } from "./feed";

/** A piece of what a run printed. */
export type OutputItem = Item & NewOutput["pieces"][number];

/** Ten screens of text: whoever missed more reads the end of the output instead. */
const MAX_BYTES = 1024 * 1024;
const REST_MS = 100;

/**
 * Batches of an attempt are numbered in the order of writing and attempts in the order of their beginning, so what was
 * printed is one sequence: a snapshot in which nothing is open stands for a place in it.
 */
const AN_ATTEMPT = 1n << 31n;

const toXid = ({ attempt, batch }: OutputPlace): bigint => BigInt(attempt) * AN_ATTEMPT + BigInt(batch);

/** Everything up to and including the place was seen. */
const toCursor = (place: OutputPlace): string => {
  const next = toXid(place) + 1n;
  return `${next}:${next}:`;
};

/** @throws AppError BAD_INPUT for the cursor of another subscription */
export function toPlace(cursor: string): OutputPlace {
  const { xmin, xmax } = parseSnapshot(cursor);
  const last = xmin - 1n;
  const attempt = Number(last / AN_ATTEMPT);
  if (xmin !== xmax || attempt > 2_147_483_647) {
    throw new AppError("BAD_INPUT", `${JSON.stringify(cursor)} is no cursor of outputLogged`);
  }
  return { attempt, batch: Number(last % AN_ATTEMPT) };
}

export interface OutputScope {
  readonly runId: number;
  /** The current attempt, and those that follow it, unless it is named. */
  readonly attempt?: number;
}

export function openOutputSource(
  db: Database,
  access: Access,
  scope: OutputScope,
  onError: (error: unknown) => void,
): Source<OutputItem> {
  const read = (since: OutputPlace, limitBytes: number) =>
    retrying(() => readNewOutput(db, access, { ...scope, since, limitBytes }));
  return {
    async read(cursor) {
      const { end, pieces, truncated } = await read(toPlace(cursor), MAX_BYTES);
      const items = truncated ? [] : pieces.map((piece) => ({ ...piece, xid: toXid(piece) }));
      return { cursor: toCursor(end), items, truncated };
    },
    async now() {
      // Of any place only the end is asked: one from which there is never anything to read.
      const { end } = await read({ attempt: 2_147_483_647, batch: 0 }, 0);
      return toCursor(end);
    },
    probe: (name, since) => [
      { name, kind: "output", id: scope.runId, attempt: scope.attempt, since: toPlace(since) },
    ],
    weigh: ({ text }) => 100 + text.length,
    maxWeight: MAX_BYTES,
    restMs: () => REST_MS,
    onError,
  };
}
