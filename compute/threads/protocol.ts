import type { LoggedEvent } from "../search/logged-event";

/** What may be asked of a thread, and what comes back; both ends derive from this map. Plain data only. */
export interface Tasks {
  propose: { request: ProposeRequest; answer: ProposeAnswer };
}
export type TaskName = keyof Tasks;
export type Request = { [K in TaskName]: { readonly task: K } & Tasks[K]["request"] }[TaskName];

/** Tell a search what is new, then have it propose. */
export interface ProposeRequest {
  /** Names the search; a thread keeps the last ones it worked on. */
  readonly key: string;
  /** `serializeConfig`. */
  readonly config: string;
  readonly seed: string;
  /** The position in the log of the first event; 0 gives the whole log. */
  readonly from: number;
  readonly events: readonly LoggedEvent[];
  readonly count: number;
}

export type ProposeAnswer =
  /** This thread does not know the log before `from`: send all of it. */
  | { readonly known: false }
  | {
      readonly known: true;
      readonly proposals: readonly ComputedProposal[];
      /** The method at work and its version, and why it was picked where the file left that open. */
      readonly method: string;
      readonly version: string;
      readonly why: string;
    };

export interface ComputedProposal extends LoggedEvent {
  readonly computeMs: number;
}
