import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CATEGORIES, toRampColor, toThemeColor } from "@/ui/charts/palette";

/** `light-dark(#a, #b)` of every colour token, by name. */
const css = readFileSync(new URL("../../ui/tokens.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    String(name),
    { light: String(light), dark: String(dark) },
  ]),
);

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}
function token(name: string, theme: "light" | "dark"): string {
  const found = tokens.get(name);
  if (!found) throw new Error(`no colour token --${name}`);
  return found[theme];
}

const GROUNDS = ["paper", "surface", "sunken"];
const TEXTS = ["ink", "ink-soft", "ink-faint", "link", "best", "running", "good", "bad", "crash", "quiet"];
const MARKS = [
  "line-strong",
  "focus",
  "best-mark",
  "running-mark",
  "good-mark",
  "bad-mark",
  "crash-mark",
  "quiet-mark",
];
const TONES = ["best", "running", "good", "bad", "crash", "quiet"];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  test.each(TEXTS)("--%s is readable on every ground (4.5:1)", (text) => {
    for (const ground of GROUNDS)
      expect(contrast(token(text, theme), token(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
  });
  test.each(MARKS)("--%s is visible on every ground (3:1)", (mark) => {
    for (const ground of GROUNDS)
      expect(contrast(token(mark, theme), token(ground, theme)), ground).toBeGreaterThanOrEqual(3);
  });
  test.each(TONES)("a chip's text is readable on its own wash: %s (4.5:1)", (tone) => {
    expect(contrast(token(tone, theme), token(`${tone}-wash`, theme))).toBeGreaterThanOrEqual(4.5);
  });
  test.each(CATEGORIES.map(({ name, color }) => [name, color] as const))(
    "the series colour %s is visible on every ground (3:1)",
    (_name, color) => {
      const own = toThemeColor(color, theme);
      for (const ground of GROUNDS)
        expect(contrast(own, token(ground, theme)), ground).toBeGreaterThanOrEqual(3);
    },
  );

  const ramp = Array.from({ length: 101 }, (_, i) => toRampColor(i / 100, theme));
  test("every colour of the ramp is visible on every ground (3:1)", () => {
    for (const [i, color] of ramp.entries())
      for (const ground of GROUNDS)
        expect(contrast(color, token(ground, theme)), `${i} % on ${ground}`).toBeGreaterThanOrEqual(3);
  });
  test("the ramp grows lighter from end to end, so that it is read without hues", () => {
    const light = ramp.map(luminance);
    for (const [i, own] of light.entries())
      if (i > 0) expect(own, `${i} %`).toBeGreaterThan(light[i - 1] ?? 0);
  });
});

test("no two series share a dash", () => {
  expect(new Set(CATEGORIES.map(({ dash }) => dash)).size).toBe(CATEGORIES.length);
});
