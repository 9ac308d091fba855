import { rgb } from "d3";
import { CATEGORIES, toCategory, toRampColor } from "../palette";
import type { Look } from "../prepare/coloring";
import type { Dots } from "../prepare/dots";
import { STATE_LOOKS } from "../states";
import { type Plot, tag } from "../svg";
import { symbolPath, toSymbol, traceSymbol } from "../symbols";
import type { PlotSize } from "./plot-canvas";
import type { ThemeColors } from "./use-theme";

/** In the theme that is on, for a canvas. */
export function toColor(look: Look, theme: ThemeColors): string {
  if (look.kind === "category") return theme.category(look.value);
  return look.kind === "ramp" ? theme.ramp(look.value) : theme.token(toToken(look));
}

/** In both themes, for the page and for pictures. */
export function toCssColor(look: Look): string {
  if (look.kind === "category") return toCategory(look.value % CATEGORIES.length).color;
  return look.kind === "ramp" ? toCssRamp(look.value) : `var(--${toToken(look)})`;
}

const toToken = ({ kind, value }: Look): string =>
  (kind === "state" && STATE_LOOKS[value]?.token) || (kind === "ink" ? "ink-soft" : "quiet-mark");

export const toCssRamp = (at: number): string =>
  `light-dark(${rgb(toRampColor(at, "light")).formatHex()}, ${rgb(toRampColor(at, "dark")).formatHex()})`;

/** All dots of one look are one path: a fill a look, not a fill a dot. */
export function paintDots(
  context: CanvasRenderingContext2D,
  { width, height }: PlotSize,
  dots: Dots,
  looks: readonly Look[],
  radius: number,
  theme: ThemeColors,
): void {
  for (const [look, indices] of byLook(dots)) {
    const own = looks[look];
    if (!own) continue;
    const symbol = toSymbol(own.symbol);
    context.beginPath();
    for (const i of indices)
      traceSymbol(context, symbol, (dots.x[i] ?? 0) * width, (1 - (dots.y[i] ?? 0)) * height, radius);
    context.fillStyle = toColor(own, theme);
    context.fill();
  }
}

/** The same in a picture. */
export const dotsToSvg = (plot: Plot, dots: Dots, looks: readonly Look[], radius: number): string =>
  byLook(dots)
    .map(([look, indices]) => {
      const own = looks[look];
      if (!own) return "";
      const symbol = toSymbol(own.symbol);
      return tag("path", {
        fill: toCssColor(own),
        d: indices
          .map((i) => symbolPath(symbol, plot.x(dots.x[i] ?? 0), plot.y(dots.y[i] ?? 0), radius))
          .join(""),
      });
    })
    .join("\n");

/** The first look, which is nothing's own, lies below the others. */
function byLook(dots: Dots): [look: number, indices: number[]][] {
  const groups = new Map<number, number[]>();
  for (const [i, look] of dots.looks.entries()) {
    const group = groups.get(look);
    if (group) group.push(i);
    else groups.set(look, [i]);
  }
  return [...groups].sort(([a], [b]) => a - b);
}
