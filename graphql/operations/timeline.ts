import { toDocument } from "./document";

/** Attempts that the runs' own times do not tell of, in columns. */
export interface SweepAttemptsView {
  /** Numbers of runs; as text they are `RunLine.id`. */
  run: number[];
  number: number[];
  agent: (number | null)[];
  slot: (number | null)[];
  startedAt: number[];
  endedAt: (number | null)[];
  state: string[];
  reason: (string | null)[];
  more: boolean;
}

export const SweepTimeline = toDocument<{ sweep: { attempts: SweepAttemptsView } | null }, { id: string }>(
  /* GraphQL */ `
  query SweepTimeline($id: ID!) {
    sweep(id: $id) {
      attempts(first: 20000) { run number agent slot startedAt endedAt state reason more }
    }
  }
`,
);
