import { describe, expect, test } from "vitest";
import { CATEGORIES, toRampColor, toThemeColor } from "@/ui/charts/palette";
import { contrast, GROUNDS, luminance, token } from "../support/contrast";

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
