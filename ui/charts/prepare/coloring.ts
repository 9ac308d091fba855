import { canLog } from "../scale";
import { STATE_LOOKS, stateIndex } from "../states";
import type { ChartRun, Dimension } from "./dimension";
import { placeAlong } from "./place";

/** How a run is drawn: a place on the ramp, a category's colour with its symbol, the look of its state, or plain ink. */
export interface Look {
  readonly kind: "ramp" | "category" | "state" | "ink" | "none";
  /** A fraction, the category's place, or the state's in `STATE_LOOKS`. */
  readonly value: number;
  /** By `toSymbol`. */
  readonly symbol: number;
}

/** A dimension as colour: few looks, so that thousands of runs are painted in as many strokes. */
export interface Coloring {
  readonly label: string;
  readonly looks: readonly Look[];
  /** Index into `looks`. */
  lookOf(run: ChartRun): number;
  /** What the legend says: the ends of the ramp, or each look's name. */
  readonly legend:
    | { readonly kind: "none" }
    | { readonly kind: "ramp"; readonly low: string; readonly high: string; readonly log: boolean }
    | {
        readonly kind: "category";
        readonly entries: readonly { readonly look: number; readonly label: string }[];
      };
}

/** Steps of a ramp that an eye can't tell apart any more. */
const RAMP_STEPS = 32;
/** More kinds than these can't be told apart: the rest shares one look. */
const MOST_CATEGORIES = 10;

const NONE: Look = { kind: "none", value: 0, symbol: 0 };
/** In the order of `STATE_LOOKS`. */
export const LOOKS_OF_STATES: readonly Look[] = STATE_LOOKS.map(({ symbol }, value) => ({
  kind: "state",
  value,
  symbol,
}));
const PLAIN: Coloring = { label: "", looks: [NONE], lookOf: () => 0, legend: { kind: "none" } };

export function toColoring(dimension: Dimension | undefined, runs: readonly ChartRun[]): Coloring {
  if (!dimension) return PLAIN;
  if (dimension.id === "f.state") return byState(dimension.label, runs);
  return dimension.kind === "category" ? byCategory(dimension, runs) : byRamp(dimension, runs);
}

function byCategory(dimension: Dimension, runs: readonly ChartRun[]): Coloring {
  const place = placeAlong(dimension, runs);
  if (!place) return PLAIN;
  const named = place.categories.slice(0, MOST_CATEGORIES);
  const others = place.categories.length - named.length;
  const looks: Look[] = [
    NONE,
    ...named.map((_, i): Look => ({ kind: "category", value: i, symbol: i + Math.floor(i / 7) })),
  ];
  const indexOf = new Map(named.map((value, i) => [value, i + 1]));
  const entries = named.map((value, i) => ({ look: i + 1, label: dimension.format(value) }));
  return {
    label: dimension.label,
    looks,
    lookOf: (run) => indexOf.get(String(dimension.valueOf(run))) ?? 0,
    legend: {
      kind: "category",
      entries: others > 0 ? [...entries, { look: 0, label: `${others} more` }] : entries,
    },
  };
}

function byState(label: string, runs: readonly ChartRun[]): Coloring {
  const present = new Set(runs.map(({ state }) => stateIndex(state)));
  return {
    label,
    looks: LOOKS_OF_STATES,
    lookOf: ({ state }) => stateIndex(state),
    legend: {
      kind: "category",
      entries: STATE_LOOKS.flatMap(({ state }, look) => (present.has(look) ? [{ look, label: state }] : [])),
    },
  };
}

function byRamp(dimension: Dimension, runs: readonly ChartRun[]): Coloring {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const run of runs) {
    const value = dimension.valueOf(run);
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return PLAIN;
  const log = dimension.log && canLog(low) && canLog(high);
  const span = log ? Math.log(high / low) : high - low;
  const fraction = (value: number): number =>
    span > 0 ? (log ? Math.log(value / low) : value - low) / span : 0.5;
  const looks: Look[] = [
    NONE,
    ...Array.from(
      { length: RAMP_STEPS },
      (_, i): Look => ({
        kind: "ramp",
        value: i / (RAMP_STEPS - 1),
        symbol: 0,
      }),
    ),
  ];
  return {
    label: dimension.label,
    looks,
    lookOf(run) {
      const value = dimension.valueOf(run);
      if (typeof value !== "number" || !Number.isFinite(value)) return 0;
      return 1 + Math.round(Math.min(1, Math.max(0, fraction(value))) * (RAMP_STEPS - 1));
    },
    legend: { kind: "ramp", low: dimension.format(low), high: dimension.format(high), log },
  };
}
