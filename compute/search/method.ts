import type { SweepConfig } from "@/core/sweep-config";
import type { ValueMap } from "@/core/value";

/**
 * The contract of a search method: events in, proposals out. All that a method knows is its problem and the events it was
 * told, in their order; so a proposal is a pure function of (problem, events before it, haste), and whoever kept the events and
 * the haste of each proposal can derive every one again, byte for byte. Nothing here reads a clock, a database or Math.random.
 */

/** What is searched. Two equal problems are searched alike. */
export interface Problem {
  /** Parameters, metric or metrics, constraints, repeats and run_cap are looked at; the rest is not. */
  readonly config: SweepConfig;
  /** Any text. */
  readonly seed: string;
}

/** What a method may be told. `number` is that of a proposal; a prior run has one of its own, below zero. */
export type SearchEvent =
  | Proposed
  | Withdrawn
  | Started
  | Intermediate
  | Observed
  | Failed
  | Lost
  | Pruned
  | Prior;

/** A proposal was accepted: from now on it is pending. What `propose` gave, unchanged (or a prior's, by another method). */
export interface Proposed extends Proposal {
  readonly type: "proposed";
}
/** A proposal that nobody will run: it grew stale before anybody took it. Its point may be proposed again. */
export interface Withdrawn extends MayKeepPoint {
  readonly type: "withdrawn";
  readonly number: number;
}
/** An agent has it. Methods treat it like a pending one. */
export interface Started {
  readonly type: "started";
  readonly number: number;
}
/** A run under way has logged this many finite values of the (first) metric, and this is the best of them. */
export interface Intermediate extends MayHaveReached {
  readonly type: "intermediate";
  readonly number: number;
  readonly count: number;
  readonly value: number;
}
/** It has finished. */
export interface Observed extends Outcome, MayHaveReached {
  readonly type: "observed";
  readonly number: number;
}
/** Its program failed: no result is to be had there. */
export interface Failed extends MayHaveReached {
  readonly type: "failed";
  readonly number: number;
}
interface MayHaveReached {
  /** Told where the sweep imputes runs by what they had reached (`impute`, `impute_while_running`), and it had reached something. */
  readonly reached?: Reached;
}
/** What a run without a result has logged: of each metric the best and the last finite value, NaN where it logged none. */
export interface Reached {
  readonly best: readonly number[];
  readonly last: readonly number[];
}
/**
 * The infrastructure lost it: says nothing about the point, which may be proposed again. One that keeps its point may be found
 * again, and is observed or has failed then.
 */
export interface Lost extends MayKeepPoint {
  readonly type: "lost";
  readonly number: number;
}
interface MayKeepPoint {
  /** A run has the point and keeps it, so that no other run can: it is not proposed again. */
  readonly keepsPoint?: boolean;
}
/** Early stopping (or a person) ended it; the outcome is what it had reached, an upper bound on how good it is. */
export interface Pruned extends Outcome {
  readonly type: "pruned";
  readonly number: number;
  /** Finite values of the metric it had logged. */
  readonly count: number;
}
/** A run of an earlier sweep, or made by hand: a result that this search did not ask for. */
export interface Prior extends Outcome {
  readonly type: "prior";
  readonly number: number;
  readonly params: ValueMap;
}

/** What a run came to. */
export interface Outcome {
  /**
   * The objective of each metric in the order of the config, as the training program logged it: the best finite value in
   * its history. NaN where it logged none (or no finite one), which counts as a failure.
   */
  readonly objectives: readonly number[];
  /** Last values of the metrics that soft constraints ask for, by name; absent ones are unknown. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** A configuration to run next, and why. */
export interface Proposal {
  /** From 0, rising by one a proposal of this search, withdrawn ones included. */
  readonly number: number;
  /** Sorted by name at every level; inactive parameters are absent, constants present. */
  readonly params: ValueMap;
  /** 64 hexadecimal digits: what makes two runs of a sweep the same configuration. */
  readonly hash: string;
  /** From 0: how many runs of this configuration came before. Above 0 only under `repeats`, or where replication was asked for. */
  readonly repeat: number;
  readonly reason: ProposalReason;
  /** What the surrogate expected of it, in the metric's own unit; null where no model was asked. */
  readonly predicted: Prediction | null;
  /** What the next fit starts from (log hyperparameters, a step size): plain numbers, so that a restart is a warm one too. */
  readonly memory: readonly number[] | null;
}

export interface Prediction {
  readonly mean: number;
  readonly sd: number;
  /** The value of the acquisition function that chose it, and which function that was. */
  readonly acquisition: number;
  readonly by: string;
}

/**
 * Why a point was chosen: `grid` (its turn), `design` (space-filling, before there is a model), `model`, `random` (method
 * random, or interleaved), `enumerated` (a finite space that the budget covers), `replicate` (repeats), `fallback` (no model's
 * answer was ready in time).
 */
export type ProposalReason = "grid" | "design" | "model" | "random" | "enumerated" | "replicate" | "fallback";

/** Beyond this there is little left to save: what a proposal costs before it looks at any point stays. */
export const MOST_HASTE = 3;

/** One search under way. */
export interface Search {
  /** Events must come in order; one of an unknown number throws RangeError, a second outcome of a number is ignored. */
  observe(event: SearchEvent): void;
  /**
   * Up to `count` proposals that differ from each other, from all pending and from all known points (but for repeats);
   * fewer, or none, where the space holds no more. Each is pending at once, as if its `proposed` event had been observed.
   *
   * @param haste 0 when left out; each step up to MOST_HASTE takes about half the time of the one before, from a method
   *   that searches for its choice. Others have no use for it.
   */
  propose(count: number, haste?: number): Proposal[];
  /** All that it knows, as JSON-safe data; `restore` goes on from it as if nothing had happened. */
  snapshot(): Snapshot;
}

/** JSON-safe: non-finite numbers are texts, values keep their lexical kind (see `stringifyJson`). */
export interface Snapshot {
  readonly method: string;
  readonly version: string;
  readonly data: string;
}

export interface SearchMethod {
  readonly name: string;
  /** Rises whenever the same events may give other proposals: a replay by another version is refused. */
  readonly version: string;
  open(problem: Problem): Search;
  /** @throws RangeError when the snapshot is another method's or version's */
  restore(problem: Problem, snapshot: Snapshot): Search;
}
