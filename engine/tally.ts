import type { Database } from "@/db/client";
import { perDatabase } from "./recent";

/** What this server has done since it started, for /metrics. */
export interface Tally {
  claims: number;
  finishes: number;
  batches: number;
  points: number;
  outputBytes: number;
  /** Attempts ended for want of a sign of life. */
  reaped: number;
  /** Rounds of background work that failed. */
  failedRounds: number;
}

export const tallyOf: (db: Database) => Tally = perDatabase(() => ({
  claims: 0,
  finishes: 0,
  batches: 0,
  points: 0,
  outputBytes: 0,
  reaped: 0,
  failedRounds: 0,
}));
