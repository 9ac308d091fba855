import type { Importance } from "@/core/importance";
import type { ImportanceInput } from "../analysis/importance";
import type { Winner } from "../search/bayes-winner";
import type { LoggedEvent } from "../search/logged-event";

/** What may be asked of a thread, and what comes back; both ends derive from this map. Plain data only. */
export interface Tasks {
  propose: { request: ProposeRequest; answer: ProposeAnswer };
  winner: { request: TellRequest; answer: WinnerAnswer };
  importance: { request: ImportanceInput; answer: Importance };
}
export type TaskName = keyof Tasks;
export type Request = { [K in TaskName]: { readonly task: K } & Tasks[K]["request"] }[TaskName];

/** Tell a search what is new. */
export interface TellRequest {
  /** Names the search; a thread keeps the last ones it worked on. */
  readonly key: string;
  /** `serializeConfig`. */
  readonly config: string;
  readonly seed: string;
  /** The position in the log of the first event; 0 gives the whole log. */
  readonly from: number;
  readonly events: readonly LoggedEvent[];
}

/** This thread does not know the log before `from`: send all of it. */
interface Unknown {
  readonly known: false;
}

/** Tell it, then have it propose. */
export interface ProposeRequest extends TellRequest {
  readonly count: number;
  /** So many milliseconds may pass from one proposal to the next if all that are asked for are to be had in time. */
  readonly paceMs: number;
  /** Milliseconds after which it begins no further one: whoever waits for the first does not wait for all. */
  readonly withinMs: number;
}

export type ProposeAnswer =
  | Unknown
  | {
      readonly known: true;
      readonly proposals: readonly ComputedProposal[];
      /** There was no more to propose. */
      readonly spent: boolean;
      /** The method at work and its version, and why it was picked where the file left that open. */
      readonly method: string;
      readonly version: string;
      readonly why: string;
    };

export interface ComputedProposal extends LoggedEvent {
  readonly computeMs: number;
  /** What it is expected to gain, in the metric's unit; null where no expected improvement chose it. */
  readonly gain: number | null;
}

/** The winner is null where the method has no model, or the model no answer. */
export type WinnerAnswer = Unknown | { readonly known: true; readonly winner: Winner | null };
