import { log } from "@/math/elementary";
import { CATEGORIES, toCategory } from "@/ui/charts/palette";

/** A curve with a band around it over the number of runs. */
export interface Series {
  readonly label: string;
  /** Its place in the palette, or behind it: an engine looks the same on every chart. */
  readonly color: number;
  /** Ours is drawn thicker. */
  readonly strong: boolean;
  /** For x = 1, 2, ...; NaN where there is nothing yet. */
  readonly values: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface Chart {
  readonly title: string;
  readonly yTitle: string;
  readonly xTitle: string;
  readonly series: readonly Series[];
}

const SIZE = { width: 760, height: 420 };
const PLOT = { left: 64, right: 190, top: 44, bottom: 48 };
const LABEL_HEIGHT = 15;

/** An SVG that stands alone: logarithmic y, each line named at its end, readable on light and on dark ground. */
export function drawChart({ title, yTitle, xTitle, series }: Chart): string {
  const length = Math.max(...series.map(({ values }) => values.length));
  const shown = series
    .flatMap(({ values, low, high }) => [...values, ...low, ...high])
    .filter((each) => each > 0);
  const [bottom, top] = rangeOf(shown);
  const x = (run: number): number =>
    PLOT.left + ((run - 1) / (length - 1)) * (SIZE.width - PLOT.left - PLOT.right);
  const y = (value: number): number => {
    const part = log(Math.max(value, bottom) / bottom) / log(top / bottom);
    return SIZE.height - PLOT.bottom - part * (SIZE.height - PLOT.top - PLOT.bottom);
  };
  const right = x(length);
  const rows = ticksBetween(bottom, top).map(
    (tick) =>
      `<line class="grid" x1="${PLOT.left}" x2="${round(right)}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>` +
      `<text class="tick" x="${PLOT.left - 8}" y="${round(y(tick) + 4)}" text-anchor="end">${showTick(tick)}</text>`,
  );
  const columns = Array.from({ length: Math.floor(length / 10) + 1 }, (_, i) => Math.max(1, i * 10)).map(
    (run) =>
      `<text class="tick" x="${round(x(run))}" y="${SIZE.height - PLOT.bottom + 18}" text-anchor="middle">${run}</text>`,
  );
  const labels = spread(series.map(({ values }) => y(values[values.length - 1] ?? bottom)));
  const drawn = series.map((each, i) => drawSeries(each, x, y) + drawLabel(each, right, labels[i] ?? 0));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${styleOf(series)}</style>`,
    `<rect class="paper" width="${SIZE.width}" height="${SIZE.height}"/>`,
    `<text class="title" x="${PLOT.left}" y="24">${escapeXml(title)}</text>`,
    ...rows,
    ...columns,
    `<text class="tick" x="${round((PLOT.left + right) / 2)}" y="${SIZE.height - 10}" text-anchor="middle">${escapeXml(xTitle)}</text>`,
    `<text class="tick" transform="translate(14 ${round((SIZE.height - PLOT.bottom + PLOT.top) / 2)}) rotate(-90)" text-anchor="middle">${escapeXml(yTitle)}</text>`,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}

/** From the least to the largest, a tenth apart at least: numbers that are all one, or all 0, have no scale of their own. */
function rangeOf(shown: readonly number[]): [bottom: number, top: number] {
  if (shown.length === 0) return [0.1, 1];
  const [bottom, top] = [Math.min(...shown), Math.max(...shown)];
  return [bottom, Math.max(top, 1.1 * bottom)];
}

function drawSeries(
  { color, strong, values, low, high }: Series,
  x: (run: number) => number,
  y: (value: number) => number,
): string {
  const runs = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
  const at = (i: number, list: readonly number[]): string => `${round(x(i + 1))},${round(y(list[i] ?? 0))}`;
  const line = `<polyline class="line c${color}${strong ? " strong" : ""}" points="${runs.map((i) => at(i, values)).join(" ")}"/>`;
  const isKnown = runs.every((i) => (low[i] ?? 0) < (high[i] ?? 0));
  if (!isKnown) return line;
  const edge = [...runs.map((i) => at(i, high)), ...runs.reverse().map((i) => at(i, low))];
  return `<polygon class="band b${color}" points="${edge.join(" ")}"/>${line}`;
}

const drawLabel = ({ label, color, strong }: Series, right: number, y: number): string =>
  `<line class="line c${color}${strong ? " strong" : ""}" x1="${round(right + 8)}" x2="${round(right + 32)}" y1="${round(y)}" y2="${round(y)}"/>` +
  `<text class="name${strong ? " strong-name" : ""}" x="${round(right + 38)}" y="${round(y + 4)}">${escapeXml(label)}</text>`;

/** Places for labels close to where they are wanted, none over another. */
function spread(wanted: readonly number[]): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places = [...wanted];
  let last = PLOT.top - LABEL_HEIGHT;
  for (const i of order) last = places[i] = Math.max(places[i] ?? 0, last + LABEL_HEIGHT);
  let next = SIZE.height - PLOT.bottom + LABEL_HEIGHT;
  for (const i of order.reverse()) next = places[i] = Math.min(places[i] ?? 0, next - LABEL_HEIGHT);
  return places;
}

/** 1, 2 and 5 of each decade while they are few, else the decades. */
function ticksBetween(low: number, high: number): number[] {
  const decades = Array.from({ length: 41 }, (_, i) => Number(`1e${i - 20}`));
  const fine = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]);
  const within = (ticks: number[]): number[] => ticks.filter((tick) => tick >= low && tick <= high);
  return within(fine).length <= 9 ? within(fine) : within(decades);
}

const showTick = (tick: number): string =>
  tick < 1e-3 ? tick.toExponential(0) : String(Number(tick.toPrecision(1)));

function styleOf(series: readonly Series[]): string {
  const theme = (side: "light" | "dark"): string =>
    [
      `.paper{fill:${GROUND[side].paper}}.grid{stroke:${GROUND[side].grid}}`,
      `.title,.name{fill:${GROUND[side].ink}}.tick{fill:${GROUND[side].soft}}`,
      ...series.map(
        ({ color }) => `.c${color}{stroke:${shadesOf(color)[side]}}.b${color}{fill:${shadesOf(color)[side]}}`,
      ),
    ].join("");
  return [
    "text{font:12px system-ui,sans-serif}.title{font-size:14px;font-weight:600}.strong-name{font-weight:600}",
    ".line{fill:none;stroke-width:1.6}.strong{stroke-width:3}.band{opacity:.14}",
    ...series.map(({ color }) => `.c${color}{stroke-dasharray:${toShade(color).dash}}`),
    theme("light"),
    `@media(prefers-color-scheme:dark){${theme("dark")}}`,
  ].join("");
}

/** As ui/tokens.css has them: a picture in a page of documentation can't read the page's own. */
const GROUND = {
  light: { paper: "#ffffff", grid: "#e4e0d7", ink: "#1a1c20", soft: "#474b53" },
  dark: { paper: "#181b1f", grid: "#2b2f35", ink: "#eceded", soft: "#bcc1c8" },
} as const;

/** Behind the palette: a grey for what is only a yardstick, and ink. */
const MORE = [
  { color: "light-dark(#85888e, #7b818a)", dash: "3 2" },
  { color: "light-dark(#1a1c20, #eceded)", dash: "1 2" },
] as const;
const toShade = (color: number): { color: string; dash: string } =>
  MORE[color - CATEGORIES.length] ?? toCategory(color);

function shadesOf(color: number): { light: string; dark: string } {
  const [, light = "", dark = ""] = /light-dark\((.+), (.+)\)/.exec(toShade(color).color) ?? [];
  return { light, dark };
}

const round = (place: number): number => Math.round(place * 10) / 10;
const escapeXml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
