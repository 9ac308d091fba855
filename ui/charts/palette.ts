import { interpolateLab, piecewise, rgb } from "d3";
import type { Theme } from "@/ui/kit/theme";

/** Colour is identity, chosen once: a series keeps its place in this list on every chart of the page. */

/**
 * Okabe-Ito without its black, darkened for light ground and lightened for dark until each keeps 3:1
 * (its yellow is 1.3:1 on white). CSS reads both at once, so a theme switch needs no redraw.
 */
export const CATEGORIES = [
  { name: "blue", color: "light-dark(#0072b2, #4ba3dd)", dash: "none" },
  { name: "vermilion", color: "light-dark(#c95800, #ef7b34)", dash: "7 3" },
  { name: "green", color: "light-dark(#008a66, #1fb58c)", dash: "2 3" },
  { name: "purple", color: "light-dark(#b3588b, #d88db5)", dash: "9 3 2 3" },
  { name: "orange", color: "light-dark(#a87400, #e9a820)", dash: "12 4" },
  { name: "sky", color: "light-dark(#2f86b8, #7cc7ef)", dash: "4 2" },
  { name: "olive", color: "light-dark(#85800a, #e5dc55)", dash: "1 3" },
] as const;

export interface Category {
  readonly name: string;
  readonly color: string;
  /** The second channel besides colour: an SVG dash array. */
  readonly dash: string;
}

export const toCategory = (index: number): Category => CATEGORIES[index % CATEGORIES.length] ?? CATEGORIES[0];

/**
 * Of one of many lines: when the hues come round again the dashes do not, so that 49 lines differ in one or the other,
 * and the first seven of them in both.
 */
export function toSeriesCategory(index: number): Category {
  const count = CATEGORIES.length;
  const { dash } = toCategory(index + Math.floor(index / count));
  return { ...toCategory(index), dash };
}

/** `light-dark(a, b)` as one colour: canvas understands no other. */
export const toThemeColor = (color: string, theme: Theme): string => {
  const [, light, dark] = /^light-dark\(\s*(.+?)\s*,\s*([^,]+?)\s*\)$/.exec(color.trim()) ?? [];
  return (theme === "light" ? light : dark) ?? color.trim();
};

/**
 * Viridis, bent until each of its colours keeps 3:1: on light ground its yellow end is darkened to olive, on dark
 * ground its purple end is lightened. Lightness rises evenly along it in both, so that it reads without hues too.
 */
const RAMPS: Readonly<Record<Theme, readonly string[]>> = {
  light: ["#450255", "#432372", "#2a4280", "#035b7a", "#007168", "#458332", "#8b8a00"],
  dark: ["#8d60bf", "#7980d9", "#59a1d3", "#41bdb9", "#57d590", "#aae252", "#fce623"],
};

/** The colour of a value at this fraction of its range; what is outside takes the colour of the end. */
export const toRampColor = (at: number, theme: Theme): string =>
  rgb(INTERPOLATED[theme](Math.min(1, Math.max(0, at)))).formatHex();

/** The same for CSS, which picks the theme's by itself. */
export const toRampCss = (at: number): string =>
  `light-dark(${toRampColor(at, "light")}, ${toRampColor(at, "dark")})`;

const INTERPOLATED = {
  light: piecewise(interpolateLab, [...RAMPS.light]),
  dark: piecewise(interpolateLab, [...RAMPS.dark]),
};
