import { countsItself, measureOf, placeOf, valueBetween } from "@/compute/stopping/place";
import type { Access } from "@/core/access";
import type { Goal } from "@/core/sweep";
import type { EarlyTerminate } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { readPlaces } from "@/db/queries/rung-order";
import {
  type BandRow,
  type RungOfRun,
  readBands,
  readRungs,
  readSavings,
  type SavingsRow,
} from "@/db/queries/stopping-view";

export interface StoppingBand extends BandRow {
  /** What a run that stands there is compared with by now; null where the rule does not compare yet, or not with one number. */
  readonly threshold: number | null;
}

/** What stopping has saved so far. What a stopped run would have logged nobody knows: it counts as long as the middle one of the finished. */
export interface StoppingSavings {
  readonly stopped: number;
  /** Values that the stopped runs logged, and those that they would have. */
  readonly stoppedValues: number;
  readonly fullValues: number;
  /** Values that were logged, as a share of those that would have been: the training that was spent. */
  readonly spent: number;
}

export interface StoppingView {
  readonly bands: readonly StoppingBand[];
  readonly rungs: readonly RungOfRun[];
  /** There are more rungs than were asked for, or more bands than are shown. */
  readonly more: boolean;
  /** Null before one was stopped and another one finished. */
  readonly savings: StoppingSavings | null;
}

const MAX_BANDS = 100;

/** Where a rule has looked at the runs of a sweep, what it compares with there, and where each of the newest runs stood. Four statements. */
export async function viewStopping(
  db: Database,
  access: Access,
  { sweepId, rule, goal, length }: { sweepId: string; rule: EarlyTerminate; goal: Goal; length: number },
): Promise<StoppingView> {
  const bands = await readBands(db, access, { sweepId, max: MAX_BANDS });
  const [thresholds, rungs, saved] = await Promise.all([
    findThresholds(db, { sweepId, rule, goal }, bands),
    readRungs(db, access, { sweepId, bands: bands.map(({ band }) => band), length: length + 1 }),
    readSavings(db, access, sweepId),
  ]);
  return {
    bands: bands.map((row, i) => ({ ...row, threshold: thresholds[i] ?? null })),
    rungs: rungs.slice(0, length),
    more: rungs.length > length || bands.length >= MAX_BANDS,
    savings: toSavings(saved),
  };
}

function toSavings({ stopped, stoppedValues, fullValues, values }: SavingsRow): StoppingSavings | null {
  if (stopped === 0 || fullValues === null) return null;
  // A run that was stopped beyond the usual length saved nothing, and cost nothing either.
  const unspent = Math.max(0, stopped * fullValues - stoppedValues);
  return { stopped, stoppedValues, fullValues: stopped * fullValues, spent: values / (values + unspent) };
}

/** As engine/judge-field.ts finds them, for a run that comes next. */
async function findThresholds(
  db: Database,
  { sweepId, rule, goal }: { sweepId: string; rule: EarlyTerminate; goal: Goal },
  bands: readonly BandRow[],
): Promise<(number | null)[]> {
  if (rule.type === "wilcoxon" || rule.type === "patience" || bands.length === 0) return [];
  const itself = countsItself(rule);
  let gone = 0;
  const asked = bands.map(({ band, runs, stopped }) => {
    const place = placeOf(rule, band, { others: itself ? runs - 1 : runs, gone });
    gone += stopped;
    return { band, runs, place };
  });
  const values = await readPlaces(
    db.sql,
    { sweepId, measure: measureOf(rule), goal },
    asked.map(({ band, runs, place }) => {
      const from = place === null ? 0 : Math.floor(place);
      const count = place === null ? 0 : Math.ceil(place) - from + 1;
      return { band, without: null, of: runs, from, count };
    }),
  );
  return asked.map(({ place }, i) => {
    const [low, high = low] = values[i] ?? [];
    return place === null || low === undefined || high === undefined ? null : valueBetween(place, low, high);
  });
}
