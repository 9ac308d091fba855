import { toDocument } from "./document";

/** Where a rule of early stopping looks at runs. */
export interface StoppingBandLine {
  band: number;
  runs: number;
  stopped: number;
  threshold: number | null;
}

/** What early stopping looked at: bands, and of each run at each of them a place in the columns. */
export interface SweepStoppingView {
  rule: string;
  unit: string;
  bands: StoppingBandLine[];
  /** Numbers of runs; as text they are `RunLine.id`. */
  run: number[];
  band: number[];
  /** What the rule compares there. */
  compared: number[];
  /** 1 where it was stopped. */
  stopped: number[];
  more: boolean;
  savings: { stopped: number; stoppedValues: number; fullValues: number; spent: number } | null;
}

/** Null where the sweep's file has no early_terminate. */
export const SweepStopping = toDocument<
  { sweep: { stopping: SweepStoppingView | null } | null },
  { id: string }
>(/* GraphQL */ `
  query SweepStopping($id: ID!) {
    sweep(id: $id) {
      stopping(first: 20000) {
        rule unit
        bands { band runs stopped threshold }
        run band compared stopped more
        savings { stopped stoppedValues fullValues spent }
      }
    }
  }
`);
