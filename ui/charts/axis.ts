import type { Scale, Tick } from "./scale";

/** What a frame needs to draw an axis: where the ticks are and what the axis is called. */
export interface Axis {
  readonly label: string;
  readonly scale: Scale;
}

/**
 * How wide an axis must be for each tick's label: 0 always, 1 from `@sm` on, 2 from `@2xl` on, 3 never, so that no label lies
 * on the next one at any width. What is left out is every second one, every fourth, ...; the axis keeps its ticks.
 */
export function tickLevels(ticks: readonly Tick[]): readonly (0 | 1 | 2 | 3)[] {
  const letters = ticks.reduce((most, { label }) => Math.max(most, label.length), 0);
  const gap = ticks.reduce(
    (least, { at }, i) => Math.min(least, i > 0 ? at - (ticks[i - 1]?.at ?? 0) : 1),
    1,
  );
  // A label at an end of the axis begins there, and so reaches half its width further.
  const shifted = ticks.some(({ at }) => at < 0.03 || at > 0.95);
  const room = letters * CHAR_PX * (shifted ? 1.5 : 1) + 6;
  const strideAt = (px: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(room / (gap * px))));
  const [narrow, middle, wide] = WIDTHS_PX.map(strideAt) as [number, number, number];
  const least = ticks.some(({ minor }) => minor) ? Math.max(2, narrow) : narrow;
  return ticks.map((_, i) => (i % least === 0 ? 0 : i % middle === 0 ? 1 : i % wide === 0 ? 2 : 3));
}

/** Of a plot on a phone, at `@sm` and at `@2xl` (24 and 42 rem). */
const WIDTHS_PX = [250, 384, 672];
/** A figure at 11 px. */
const CHAR_PX = 6.2;

/** The plot's inner box in SVG units; `preserveAspectRatio="none"` stretches it, strokes keep their width. */
export const BOX = 1_000;

/** To SVG units, y downwards, one decimal: a tenth of a thousandth of the plot is less than a pixel. */
export const toX = (at: number): number => Math.round(at * BOX * 10) / 10;
export const toY = (at: number): number => Math.round((1 - at) * BOX * 10) / 10;

/** Where text and marks of HTML stand over the plot. */
export const toPercent = (at: number): string => `${Math.round(at * 10_000) / 100}%`;
