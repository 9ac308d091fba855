import { scaleLinear, scaleLog, scaleUtc, tickStep } from "d3";
import { formatCount, formatDuration, formatNumber } from "@/ui/format";

/**
 * Positions are fractions of the plot (0 left or bottom, 1 right or top): the browser stretches them to any width,
 * so a chart is drawn on the server, needs no measuring and never shifts the page.
 */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Left out where the plot is narrow. */
  readonly minor: boolean;
}

export interface Scale {
  readonly kind: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly Tick[];
  /** Fraction of the plot; outside 0..1 where the value is outside the domain; NaN for what the scale can't show. */
  at(value: number): number;
  /** The value at a fraction. */
  invert(at: number): number;
}

export function toLinearScale([low, high]: readonly [number, number], count: number): Scale {
  const [min, max] = spread(low, high);
  const scale = scaleLinear([min, max], [0, 1]);
  const digits = tickDigits(min, max, count);
  return {
    kind: "linear",
    domain: [min, max],
    ticks: scale
      .ticks(count)
      .map((tick, i) => ({ at: scale(tick), label: digits(tick), minor: i % 2 === 1 })),
    at: (value) => scale(value),
    invert: (at) => scale.invert(at),
  };
}

/** Beyond this a ratio of two values, or one value halved, leaves the range of doubles. */
export const canLog = (value: number): boolean => value > 1e-140 && value < 1e140;

/** For a domain whose ends both `canLog`. */
export function toLogScale([low, high]: readonly [number, number], count: number): Scale {
  const [min, max] = high / low < 1 + 1e-9 ? [low / 2, high * 2] : [low, high];
  const scale = scaleLog([min, max], [0, 1]);
  const decades = Math.log10(max / min);
  // d3 offers every 1..9 of each decade; keep whole decades where there are enough of them, else 1-2-5.
  const kept = scale.ticks(count).filter((tick) => {
    const lead = Number(tick.toExponential().split("e")[0]);
    return lead === 1 || (decades < 3 && (lead === 2 || lead === 5));
  });
  const ticks = kept.length >= 2 ? thin(kept, count) : scaleLinear([min, max]).ticks(count).filter(positive);
  return {
    kind: "log",
    domain: [min, max],
    ticks: ticks.map((tick, i) => ({ at: scale(tick), label: formatNumber(tick, 3), minor: i % 2 === 1 })),
    at: (value) => (value > 0 ? scale(value) : Number.NaN),
    invert: (at) => scale.invert(at),
  };
}

/** Things counted from 1 on. */
export const toCountScale = (most: number, count: number): Scale =>
  toWholeScale([1, Math.max(most, 2)], count);

/** Steps, counts: ticks at whole numbers only. */
export function toWholeScale([low, high]: readonly [number, number], count: number): Scale {
  const [min, max] = spread(low, high);
  const scale = scaleLinear([min, max], [0, 1]);
  const whole = scale.ticks(count).filter(Number.isInteger);
  return {
    kind: "linear",
    domain: [min, max],
    ticks: whole.map((tick, i) => ({ at: scale(tick), label: formatCount(tick), minor: i % 2 === 1 })),
    at: (value) => scale(value),
    invert: (at) => scale.invert(at),
  };
}

/** Elapsed time in ms, with ticks at round seconds, minutes, hours or days; from zero when only its end is given. */
export function toElapsedScale(span: number | readonly [number, number], count: number): Scale {
  const [low, high] = typeof span === "number" ? [0, span] : span;
  const max = Math.max(high, low + (low === 0 ? 1_000 : 1));
  const room = max - low;
  const step = ELAPSED_STEPS_MS.find((ms) => room / ms <= count) ?? Math.ceil(room / count / DAY_MS) * DAY_MS;
  const ticks: Tick[] = [];
  for (let ms = Math.ceil(low / step) * step, i = 0; ms <= max; ms += step, i++)
    ticks.push({ at: (ms - low) / room, label: ms === 0 ? "0" : toElapsedLabel(ms), minor: i % 2 === 1 });
  return {
    kind: "linear",
    domain: [low, max],
    ticks,
    at: (value) => (value - low) / room,
    invert: (at) => low + at * room,
  };
}

/** A clock that is behind puts points before the start. */
const toElapsedLabel = (ms: number): string => (ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms));

/** Milliseconds since 1970, with ticks at round times of day or dates, in UTC: a link shows somebody else the same. */
export function toClockScale([low, high]: readonly [number, number], count: number): Scale {
  const [min, max] = high > low ? [low, high] : [low - 500, low + 500];
  const scale = scaleUtc([min, max], [0, 1]);
  const ticks = scale.ticks(count);
  const step = ticks.length > 1 ? Number(ticks[1]) - Number(ticks[0]) : DAY_MS;
  return {
    kind: "linear",
    domain: [min, max],
    ticks: ticks.map((tick, i) => ({ at: scale(tick), label: toClockLabel(tick, step), minor: i % 2 === 1 })),
    at: (value) => scale(value),
    invert: (at) => Number(scale.invert(at)),
  };
}

function toClockLabel(time: Date, stepMs: number): string {
  const [date = "", clock = ""] = time.toISOString().split("T");
  if (stepMs >= DAY_MS) return date.slice(stepMs >= 300 * DAY_MS ? 0 : 5);
  return clock.slice(0, stepMs >= 60_000 ? 5 : stepMs >= 1_000 ? 8 : 12);
}

const DAY_MS = 86_400_000;
const ELAPSED_STEPS_MS = [
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((s) => s * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((min) => min * 60_000),
  ...[1, 2, 3, 6, 12].map((h) => h * 3_600_000),
  ...[1, 2, 7].map((d) => d * DAY_MS),
];

/**
 * A flat domain gets room on both sides, else every point would stand on the frame. So does one so narrow (a
 * trillionth of its values, or near the smallest double) that ticks between its ends would be equal numbers.
 */
function spread(low: number, high: number): [number, number] {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > Math.max(size * 1e-12, SMALLEST)) return [low, high];
  const room = size > SMALLEST ? size * 0.05 : 1;
  return [low - room, high + room];
}

/** Far above the denormal numbers, whose steps are as large as they are. */
const SMALLEST = 1e-290;

/** Ticks of one axis show the same number of decimals. */
function tickDigits(min: number, max: number, count: number): (tick: number) => string {
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (size >= 1e6 || size < 1e-3) return (tick) => formatNumber(tick, 3);
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(tickStep(min, max, count)) - 1e-9)));
  return (tick) => (tick === 0 ? "0" : tick.toFixed(decimals));
}

const positive = (value: number): boolean => value > 0;

function thin(ticks: readonly number[], count: number): number[] {
  const every = Math.ceil(ticks.length / Math.max(2, count));
  return ticks.filter((_, i) => i % every === 0);
}
