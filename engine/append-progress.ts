import type { Rung, Schedule } from "@/core/history/bands";
import type { Batch } from "@/core/history/batch";
import type { TailSeries } from "@/core/history/codec";
import type { Summary } from "@/core/history/summary";
import type { Verdict } from "@/core/stopping";
import type { EarlyTerminate } from "@/core/sweep-config";
import type { LockedAttempt, TailRow } from "@/db/queries/append-history";
import type { RunFacts } from "@/db/queries/facts";
import { isLapsed } from "./settle-facts";

/** A checked batch, ready to be stored: what can be computed before the transaction is. */
export interface Append {
  readonly facts: RunFacts;
  readonly batch: Batch;
  readonly metricIds: ReadonlyMap<string, number>;
  readonly packed: Packed;
  /** The batch has no number of its own: it is these lines. */
  readonly lines?: LineRange | undefined;
}

/** Lines of a client that numbers them from 0 through all of a run: `from`, and those behind it up to but not including `to`. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
}

/** The early stopping that a run is under. */
export interface Stopping {
  readonly rule: EarlyTerminate;
  /** Where it looks at runs; null for patience, which looks at each value. */
  readonly schedule: Schedule | null;
}

/** What a group of batches gives a rule to look at: the last rung that it brought the run to, or the verdict itself. */
export type Look = { readonly rung: Rung } | { readonly verdict: Verdict };

export interface Packed {
  readonly series: readonly TailSeries[];
  readonly block: Uint8Array;
  /** By metric id. */
  readonly summaries: ReadonlyMap<number, Summary>;
}

export interface Appended {
  readonly runId: number;
  readonly attempt: number;
  readonly batch: number;
  /** It had been taken before; nothing was changed. */
  readonly repeated: boolean;
  /** The run has another attempt by now: the data is kept under this one, and its process should stop. */
  readonly stale: boolean;
  /** Of its run, whether before or with this. */
  stopRequested: LockedAttempt["stopRequested"];
  /** Points left out because their steps lie below the attempt's last one. */
  droppedPoints: number;
  lastStep: number | null;
  objectiveChanged: boolean;
  /** The sweep's metric has reached its target with this: the sweep may end. */
  targetReached: boolean;
  /** Its run had been given up for silence; this is a sign of life. */
  readonly silent: boolean;
  /** Runs of its sweep, its own or others, that were asked to stop with this. */
  readonly stopped: number[];
  /** Another run should have been asked, and somebody had it locked. */
  missed: boolean;
}

/** One attempt on its way through a group of batches: its row as it was, and what the batches add to it. */
export interface Progress {
  readonly row: LockedAttempt;
  readonly stopping: Stopping | null;
  look: Look | undefined;
  lastBatch: number;
  lines: number;
  lastStep: number | null;
  resumedFromStep: number | null;
  overtakenAtStep: number | null;
  readonly tails: TailRow[];
  /** By metric id. */
  readonly summaries: Map<number, Summary>;
  /** Metrics whose summary must be made anew from the history, since a step was written again. */
  readonly rebuild: Set<number>;
  /** It resumed with one of these batches: all summaries are made anew, from what it inherits. */
  inherits: boolean;
  /** The batches as they were stored, in order. */
  readonly taken: Append[];
  readonly answers: Appended[];
}

export function openProgress(row: LockedAttempt, stopping: Stopping | null): Progress {
  const { lastBatch, lines, lastStep, resumedFromStep, overtakenAtStep } = row;
  return {
    row,
    stopping,
    look: undefined,
    lastBatch,
    lines,
    lastStep,
    resumedFromStep,
    overtakenAtStep,
    tails: [],
    summaries: new Map(),
    rebuild: new Set(),
    inherits: false,
    taken: [],
    answers: [],
  };
}

/** State belongs to the current attempt: a stale one's data never enters the run, the search or early stopping. */
export const isStale = ({ row }: Progress): boolean => row.attempt !== row.current;

/**
 * May its data still decide anything beyond the history: objective, rungs, target? Not once its holder has said how it
 * ended, which comes after all of its data: what comes later would change a result that has been told. One that the
 * server gave up for want of a sign of life may go on.
 */
export const isDeciding = (progress: Progress): boolean =>
  !isStale(progress) && (!progress.row.ended || isLapsed(progress.row));
