import type { Goal } from "@/core/sweep";
import { formatCount, formatNumber, plural } from "@/ui/format";
import type { Axis } from "../axis";
import { canLog, type Scale, toLinearScale, toLogScale } from "../scale";
import { pad, viewRange } from "./best-so-far";
import { type Dots, toDots } from "./dots";
import { scatterOf } from "./place";

/** Where a rule of early stopping looks at runs. */
export interface StoppingBand {
  readonly band: number;
  /** Runs that came as far. */
  readonly runs: number;
  /** What the rule compares with there by now; null before it can. */
  readonly threshold: number | null;
  readonly stopped: number;
}

/** A run at a band. */
export interface Rung {
  readonly runId: string;
  readonly band: number;
  /** What the rule compares: the run's value there, or its best so far. */
  readonly value: number;
  readonly stopped: boolean;
}

export interface StoppingInput {
  readonly rule: string;
  readonly metric: string;
  readonly goal: Goal;
  /** "values" or "steps": what bands count. */
  readonly unit: string;
  readonly bands: readonly StoppingBand[];
  readonly rungs: readonly Rung[];
  labelOf(runId: string): string;
  readonly log: boolean;
}

export interface Strip {
  readonly band: number;
  readonly runs: number;
  readonly stopped: number;
  /** The rule's number, and where it lies; NaN outside the view. */
  readonly threshold: number | null;
  readonly y: number;
  /** Edges of the strip. */
  readonly from: number;
  readonly to: number;
}

export interface Stopping {
  readonly x: Axis;
  readonly y: Axis;
  readonly strips: readonly Strip[];
  /** Looks: 0 goes on, 1 was stopped there. */
  readonly dots: Dots;
  /** In the order of `dots`. */
  readonly rungs: readonly Rung[];
  readonly logPossible: boolean;
  readonly summary: string;
  readonly notes: readonly string[];
}

/** Each band as a strip of the runs that came there, its threshold across; undefined before a run has come to one. */
export function prepareStopping(input: StoppingInput): Stopping | undefined {
  const { goal, bands } = input;
  const rungs = input.rungs.filter(({ value }) => Number.isFinite(value));
  if (bands.length === 0 || rungs.length === 0) return undefined;
  const values = [...rungs.map(({ value }) => value), ...bands.flatMap(({ threshold }) => threshold ?? [])];
  const logPossible = values.every(canLog);
  const log = input.log && logPossible;
  const best = values.reduce((a, b) => ((goal === "minimize" ? b < a : b > a) ? b : a));
  const range = pad(viewRange(values, best, goal), log);
  const y: Scale = log ? toLogScale(range, 6) : toLinearScale(range, 6);
  const places = new Map(bands.map(({ band }, i) => [band, i]));
  const at = (band: number, within: number): number => ((places.get(band) ?? 0) + within) / bands.length;
  const placed = rungs.filter(({ band, value }) => places.has(band) && inside(y.at(value)));
  return {
    x: {
      label: `band: ${input.unit} logged`,
      scale: {
        kind: "linear",
        domain: [0, bands.length],
        ticks: bands.map(({ band }, i) => ({
          at: at(band, 0.5),
          label: formatCount(band),
          minor: bands.length > 5 && i % 2 === 1,
        })),
        at: (place) => place / bands.length,
        invert: (share) => share * bands.length,
      },
    },
    y: { label: `${input.metric} (${goal === "minimize" ? "lower" : "higher"} is better)`, scale: y },
    strips: bands.map((band) => ({
      ...band,
      y: band.threshold === null ? Number.NaN : y.at(band.threshold),
      from: at(band.band, 0.08),
      to: at(band.band, 0.92),
    })),
    dots: toDots(
      placed.map(({ runId, band, value, stopped }) => ({
        id: runId,
        label: input.labelOf(runId),
        x: at(band, 0.5 + 0.6 * (scatterOf(runId) - 0.5)),
        y: y.at(value),
        look: stopped ? 1 : 0,
      })),
    ),
    rungs: placed,
    logPossible,
    summary: toSummary(input),
    notes:
      placed.length < rungs.length
        ? [
            `${plural(rungs.length - placed.length, "value lies", "values lie")} outside the view: far off the others`,
          ]
        : [],
  };
}

const inside = (at: number): boolean => at >= 0 && at <= 1;

function toSummary({ rule, bands, rungs, metric }: StoppingInput): string {
  const came = new Set(rungs.map(({ runId }) => runId)).size;
  const stopped = bands.reduce((sum, band) => sum + band.stopped, 0);
  const base = `${plural(came, "run")} came to a band of ${rule}`;
  if (stopped === 0) return `${base}; none was stopped by its ${metric} yet.`;
  const most = bands.reduce((a, b) => (b.stopped > a.stopped ? b : a));
  const where =
    bands.filter((band) => band.stopped > 0).length === 1
      ? `at band ${formatCount(most.band)}`
      : `most of them at band ${formatCount(most.band)} (${formatCount(most.stopped)})`;
  const threshold = most.threshold === null ? "" : `, whose threshold is now ${formatNumber(most.threshold)}`;
  return `${base}; ${plural(stopped, "was", "were")} stopped, ${where}${threshold}.`;
}
