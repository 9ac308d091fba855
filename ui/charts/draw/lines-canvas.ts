import type { Line, Lines } from "../prepare/lines";
import type { ThemeColors } from "./use-theme";

/**
 * Lines of many runs. Strokes are batched: a path for each look instead of one for each line, since it is the strokes
 * that cost (100 lines of 1,250 points: see bench/charts-lines.ts). Bands lie below all lines, so that none hides a line.
 */
export function paintLines(
  context: CanvasRenderingContext2D,
  { lines }: Pick<Lines, "lines">,
  { width, height, colors, strong = false }: Sheet & { strong?: boolean },
): void {
  const place: Placing = { width, height };
  const crowded = lines.length > FEW;
  context.lineJoin = "round";
  context.lineCap = "butt";
  const byColor = groupBy(
    lines.filter(({ low }) => low !== undefined),
    ({ slot }) => colors.category(slot),
  );
  context.globalAlpha = strong ? 0.3 : crowded ? 0.14 : 0.2;
  for (const [color, same] of byColor) {
    context.fillStyle = color;
    context.beginPath();
    for (const line of same) addBand(context, line, place);
    context.fill();
  }
  context.lineWidth = 1;
  context.setLineDash([]);
  context.globalAlpha = crowded ? 0.2 : 0.35;
  for (const [color, same] of groupBy(
    lines.filter(({ ghost }) => ghost !== undefined),
    ({ slot }) => colors.category(slot),
  )) {
    context.strokeStyle = color;
    context.beginPath();
    for (const line of same) addLine(context, line.at, line.ghost as Float64Array, place);
    context.stroke();
  }
  context.globalAlpha = 1;
  const linePx = strong ? 2.75 : crowded ? 1.1 : 1.6;
  const looks = groupBy(lines, ({ slot, category }) => `${colors.category(slot)}|${category.dash}`);
  for (const same of looks.values()) {
    const [first] = same;
    if (!first) continue;
    context.strokeStyle = colors.category(first.slot);
    context.setLineDash(first.category.dash === "none" ? [] : first.category.dash.split(" ").map(Number));
    context.lineWidth = linePx;
    context.beginPath();
    for (const line of same) addLine(context, line.at, line.y, place);
    context.stroke();
    // A point with a gap on either side is a dot, or nobody would see it.
    context.setLineDash([]);
    context.fillStyle = context.strokeStyle;
    context.beginPath();
    for (const line of same) addDots(context, line, place);
    context.fill();
    context.lineWidth = 1;
    context.beginPath();
    for (const line of same) addSpikes(context, line, place);
    context.stroke();
  }
}

export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly colors: ThemeColors;
}

/** More lines than this are drawn thinner. */
const FEW = 12;
const DOT_PX = 2.5;

type Placing = Pick<Sheet, "width" | "height">;

function addLine(
  context: CanvasRenderingContext2D,
  at: Float64Array,
  y: Float64Array,
  { width, height }: Placing,
): void {
  let open = false;
  for (let i = 0; i < at.length; i++) {
    const px = (at[i] as number) * width;
    const py = (1 - (y[i] as number)) * height;
    if (Number.isNaN(px + py)) open = false;
    else if (open) context.lineTo(px, py);
    else {
      context.moveTo(px, py);
      open = true;
    }
  }
}

function addBand(context: CanvasRenderingContext2D, line: Line, { width, height }: Placing): void {
  const { at } = line;
  const [low, high] = [line.low as Float64Array, line.high as Float64Array];
  for (let start = 0; start < at.length; start++) {
    if (Number.isNaN((low[start] as number) + (at[start] as number))) continue;
    let end = start;
    while (end + 1 < at.length && !Number.isNaN((low[end + 1] as number) + (at[end + 1] as number))) end++;
    context.moveTo((at[start] as number) * width, (1 - (high[start] as number)) * height);
    for (let i = start + 1; i <= end; i++)
      context.lineTo((at[i] as number) * width, (1 - (high[i] as number)) * height);
    for (let i = end; i >= start; i--)
      context.lineTo((at[i] as number) * width, (1 - (low[i] as number)) * height);
    context.closePath();
    start = end;
  }
}

function addSpikes(
  context: CanvasRenderingContext2D,
  { at, low, high, spikes }: Line,
  { width, height }: Placing,
): void {
  for (const i of spikes) {
    const px = (at[i] as number) * width;
    context.moveTo(px, (1 - (low?.[i] as number)) * height);
    context.lineTo(px, (1 - (high?.[i] as number)) * height);
  }
}

function addDots(context: CanvasRenderingContext2D, { at, y }: Line, { width, height }: Placing): void {
  const missing = (i: number) =>
    i < 0 || i >= at.length || Number.isNaN((at[i] as number) + (y[i] as number));
  for (let i = 0; i < at.length; i++) {
    if (missing(i) || !missing(i - 1) || !missing(i + 1)) continue;
    const [px, py] = [(at[i] as number) * width, (1 - (y[i] as number)) * height];
    context.moveTo(px + DOT_PX, py);
    context.arc(px, py, DOT_PX, 0, 2 * Math.PI);
  }
}

function groupBy<T>(items: readonly T[], toKey: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = toKey(item);
    const known = groups.get(key);
    if (known) known.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
