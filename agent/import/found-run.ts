import type { FinishState } from "@/core/run";
import type { ValueMap } from "@/core/value";
import type { AttemptFacts } from "@/graphql/operations";
import type { RunFile } from "./run-files";

/** A run that lies in files of another tracker's, and how it is read: first what it is, then line by line what it did. */
export interface FoundRun {
  /** The folder or file that it lies in, as it is shown. */
  readonly place: string;
  /** Reads all of it once, so that nothing is sent of what can't be read. @throws AppError BAD_INPUT naming the file and the place in it */
  readHead(): RunHead;
  /** What it logged, in order; memory does not grow with it. */
  readLines(): Generator<Line>;
  /** The digest that it had when there were only so many records; undefined where there never were, or it has no records. */
  digestOf(records: number): string | undefined;
  /** Pictures, tables, and what its program saved. */
  listFiles(): Generator<RunFile>;
}

export interface RunHead {
  readonly id: string;
  readonly project?: string | undefined;
  readonly displayName?: string | undefined;
  readonly notes?: string | undefined;
  readonly tags: readonly string[];
  readonly group?: string | undefined;
  readonly jobType?: string | undefined;
  readonly sweepId?: string | undefined;
  readonly host?: string | undefined;
  readonly program?: string | undefined;
  readonly git?: { readonly remote?: string; readonly commit?: string } | undefined;
  /** By name, as the training program has them. */
  readonly config: ValueMap;
  readonly summary: ValueMap;
  /** Of the client that wrote it. */
  readonly clientVersion?: string | undefined;
  readonly facts: AttemptFacts;
  /** Milliseconds since 1970. */
  readonly startedMs?: number | undefined;
  readonly finishedMs?: number | undefined;
  readonly end: RunEnd;
  /** Lines of its history. */
  readonly historyLines: number;
  /** SHA-256 of all that it was read from: the same run read again has the same. */
  readonly digest: string;
  /** How many records that were, where its client adds to them while it runs. */
  readonly records?: number | undefined;
  /** What whoever moves it in should know: that it breaks off, for one. */
  readonly remarks: readonly string[];
}

export interface RunEnd {
  readonly state: FinishState;
  readonly exitCode?: number;
  readonly reason?: string;
  /** A sentence for people. */
  readonly detail?: string;
}

/** The streams of a W&B client, by the names under which it sends them. */
export const STREAMS = {
  history: "wandb-history.jsonl",
  events: "wandb-events.jsonl",
  output: "output.log",
} as const;
export type Stream = keyof typeof STREAMS;

export interface Line {
  readonly stream: Stream;
  /** As the client sends it: JSON text, without a line end. */
  readonly text: string;
}

/** What W&B calls an end by its exit code. */
export function endOf(exitCode: number): RunEnd {
  if (exitCode === 0) return { state: "finished", exitCode };
  return exitCode === INTERRUPTED
    ? { state: "killed", exitCode }
    : { state: "failed", exitCode, reason: "exit_code" };
}
/** By the keyboard. */
const INTERRUPTED = 255;
