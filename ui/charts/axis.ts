import type { Scale } from "./scale";

/** What a frame needs to draw an axis: where the ticks are and what the axis is called. */
export interface Axis {
  readonly label: string;
  readonly scale: Scale;
}

/** The plot's inner box in SVG units; `preserveAspectRatio="none"` stretches it, strokes keep their width. */
export const BOX = 1_000;

/** To SVG units, y downwards, one decimal: a tenth of a thousandth of the plot is less than a pixel. */
export const toX = (at: number): number => Math.round(at * BOX * 10) / 10;
export const toY = (at: number): number => Math.round((1 - at) * BOX * 10) / 10;

/** Where text and marks of HTML stand over the plot. */
export const toPercent = (at: number): string => `${Math.round(at * 10_000) / 100}%`;
