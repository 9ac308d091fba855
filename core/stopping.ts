import type { EarlyTerminate } from "./sweep-config";

/** What a rule of early stopping said of a run, in the metric's own unit and sign. */
export interface Verdict {
  readonly stop: boolean;
  readonly rule: EarlyTerminate["type"];
  /** Where the run was looked at: after so many logged values (asha by step: at this step). */
  readonly band: number;
  /** What was compared: of the run at the band, or its best so far. */
  readonly value: number;
  /** What it was compared with; null where there was nothing to compare with. */
  readonly threshold: number | null;
  /** 1 is the best of those that came as far, equal ones share a rank; null for a rule that looks at the run alone. */
  readonly rank: number | null;
  /** How many came as far, the run among them. */
  readonly of: number | null;
}

/** A verdict as it is stored with the run that it stopped. */
export type EarlyStop = Omit<Verdict, "stop">;

/** One sentence for people: why the run was stopped. */
export function describeEarlyStop({ rule, band, value, threshold, rank, of }: EarlyStop): string {
  const where = rule === "hyperband" || rule === "asha" ? `at band ${band}` : `after ${band} values`;
  const place = rank === null || of === null ? "" : `, number ${rank} of ${of}`;
  return `Stopped early by ${rule} ${where}: ${toShort(value)} is ${RELATION[rule]} ${toShort(threshold)}${place}.`;
}

const RELATION: Readonly<Record<EarlyStop["rule"], string>> = {
  hyperband: "worse than",
  asha: "worse than",
  median: "worse than the others' median,",
  percentile: "worse than the others' percentile,",
  funnel: "behind the best share of all runs, which ends at",
  wilcoxon: "a mean that is surely worse than the best run's,",
  patience: "no improvement any more on",
};

/** Six significant digits. */
const toShort = (value: number | null): string =>
  value === null ? "none" : String(Number(value.toPrecision(6)));
