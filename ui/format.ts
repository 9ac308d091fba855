import { Float, isList, isValueMap, type Value } from "@/core/value";

/** Numbers, times and values as people read them. Pure, so the server's first paint and the browser agree. */

/** A number and its unit never part at the end of a line. */
const GAP = "\u00a0";

/** Up to `digits` significant digits; exponents below 1e-3 and from 1e7 on, where zeros can no longer be counted. */
export function formatNumber(value: number, digits = 5): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return String(value);
  if (size < 1e-3 || size >= 1e7) return trimZeros(value.toExponential(Math.min(digits, 4) - 1));
  return trimZeros(value.toPrecision(digits));
}

/** A mean and how well it is known, to the second digit of the latter: "0.0213 ± 0.0040". */
export function formatUncertain(mean: number, sd: number): string {
  const decimals = sd > 0 ? 1 - Math.floor(Math.log10(sd)) : Number.NaN;
  if (!(decimals >= 0 && decimals <= 7) || Math.abs(mean) >= 1e7)
    return `${formatNumber(mean)}${GAP}±${GAP}${formatNumber(sd, 2)}`;
  return `${mean.toFixed(decimals)}${GAP}±${GAP}${sd.toFixed(decimals)}`;
}

function trimZeros(text: string): string {
  const [mantissa = "", exponent] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace("+", "")}`;
}

/**
 * How the numbers of one column are written so that their points stand above each other: as many decimals as the
 * typical value needs for four digits. Values far smaller or larger than that fall back to exponents.
 */
export function toColumnFormat(values: readonly number[]): (value: number) => string {
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  if (sizes.length === 0 || values.every(Number.isInteger)) return (value) => formatNumber(value);
  const typical = sizes.sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 1;
  const decimals = 3 - Math.floor(Math.log10(typical));
  if (decimals < 0 || decimals > 7) return (value) => formatNumber(value);
  const [least, most] = [typical / 1_000, typical * 1_000];
  return (value) =>
    value === 0 || (Math.abs(value) >= least && Math.abs(value) <= most)
      ? value.toFixed(decimals)
      : formatNumber(value, 4);
}

/** 13020 -> "13,020". */
export const formatCount = (count: number): string => Math.round(count).toLocaleString("en-US");

/** A parameter's value: `1.0` stays `1.0`, text stands without quotes, lists and maps as JSON. */
export function formatValue(value: Value | undefined): string {
  if (value === undefined) return "";
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (typeof value === "number") return formatNumber(value);
  if (value instanceof Float) {
    const text = formatNumber(value.value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (isList(value)) return `[${value.map((item) => nested(item)).join(", ")}]`;
  if (isValueMap(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${nested(item)}`)
      .join(", ")}}`;
  return String(value);
}

const nested = (value: Value): string =>
  typeof value === "string" ? JSON.stringify(value) : formatValue(value);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two units at most: "0.4 s", "8 s", "2 min 5 s", "3 h 12 min", "4 d 2 h". */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 950) return `${(span / SECOND).toFixed(1)}${GAP}s`;
  const s = Math.round(span / SECOND);
  if (s < 60) return `${s}${GAP}s`;
  if (s < 3_600) return pair(Math.floor(s / 60), "min", s % 60, "s");
  const min = Math.round(span / MINUTE);
  if (min < 1_440) return pair(Math.floor(min / 60), "h", min % 60, "min");
  const h = Math.round(span / HOUR);
  return pair(Math.floor(h / 24), "d", h % 24, "h");
}

const pair = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${big}${GAP}${bigUnit}` : `${big}${GAP}${bigUnit} ${small}${GAP}${smallUnit}`;

/** "about 40 s", "a few seconds". One unit: nobody believes the seconds of an hour. */
export function formatRoughly(ms: number): string {
  if (ms < 10 * SECOND) return "a few seconds";
  return `about ${roundRoughly(ms)}`;
}

function roundRoughly(ms: number): string {
  if (ms < 55 * SECOND) return `${Math.ceil(ms / (10 * SECOND)) * 10}${GAP}s`;
  if (ms < 10 * MINUTE) return `${Math.round(ms / MINUTE) || 1}${GAP}min`;
  if (ms < 55 * MINUTE) return `${Math.round(ms / (5 * MINUTE)) * 5}${GAP}min`;
  if (ms < 36 * HOUR) return `${trimZeros((ms / HOUR).toFixed(ms < 10 * HOUR ? 1 : 0))}${GAP}h`;
  return `${Math.round(ms / DAY)}${GAP}days`;
}

/** "now", "8 s ago", "3 min ago", "5 h ago", "12 d ago". */
export function formatAgo(ms: number): string {
  if (ms < 1_500) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${GAP}s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}${GAP}min ago`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}${GAP}h ago`;
  return `${Math.floor(ms / DAY)}${GAP}d ago`;
}

/** "1 run", "2 runs", "13,020 runs". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;
