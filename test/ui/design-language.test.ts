import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tickLevels } from "@/ui/charts/axis";
import { CATEGORIES } from "@/ui/charts/palette";
import { STATE_LOOKS } from "@/ui/charts/states";
import { toSymbol } from "@/ui/charts/symbols";
import { contrast, GROUNDS, token, tokens } from "../support/contrast";

const page = readFileSync(new URL("../../docs/design-language.md", import.meta.url), "utf8");
const css = readFileSync(new URL("../../app/globals.css", import.meta.url), "utf8");
const rows = new Map(
  page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.replaceAll("`", "").trim()),
    )
    .map(([name = "", ...cells]) => [name, cells]),
);

/** The least contrast on paper, surface and sunken. */
const worst = (color: string, theme: "light" | "dark"): string =>
  Math.min(...GROUNDS.map((ground) => contrast(color, token(ground, theme)))).toFixed(1);

test("the page on the design language has each colour token with its values and its least contrast", () => {
  for (const [name, { light, dark }] of tokens) {
    const [values, onLight, onDark] = rows.get(`--${name}`) ?? [];
    expect(values, name).toBe(`${light} ${dark}`);
    if (GROUNDS.includes(name) || /wash$|^line$/.test(name)) continue;
    expect([name, onLight, onDark]).toEqual([name, worst(light, "light"), worst(dark, "dark")]);
  }
});

test("it has the sizes of text as the style sheet has them, and the colours of series with their dashes", () => {
  for (const [, name, rem] of css.matchAll(/--text-(\w+): ([\d.]+)rem;/g))
    expect(rows.get(`text-${name}`)?.[0], name).toBe(`${Number(rem) * 16} px`);
  for (const { name, color, dash } of CATEGORIES) {
    const [, light, dark] = /light-dark\((\S+), (\S+)\)/.exec(color) ?? [];
    expect(rows.get(name)?.slice(0, 2), name).toEqual([`${light} ${dark}`, dash]);
  }
});

test("it has the look of each state as charts draw it, and no two states share a dash and a colour, or a symbol and a colour", () => {
  for (const { state, token: color, symbol, dash, texture } of STATE_LOOKS)
    expect(rows.get(state), state).toEqual([`--${color}`, toSymbol(symbol).name, dash, texture]);
  for (const channel of ["dash", "symbol"] as const)
    expect(new Set(STATE_LOOKS.map((look) => `${look.token} ${look[channel]}`)).size).toBe(
      STATE_LOOKS.length,
    );
});

test("labels of ticks leave each other room on a phone, whatever their length", () => {
  const ticks = Array.from({ length: 9 }, (_, i) => ({
    at: i / 8,
    label: "Nov 30, 08:00",
    minor: i % 2 === 1,
  }));
  const levels = tickLevels(ticks);
  expect(levels[0]).toBe(0);
  for (const [level, px] of [
    [0, 250],
    [1, 384],
    [2, 672],
  ] as const) {
    const shown = ticks.filter((_, i) => (levels[i] ?? 3) <= level).map(({ at }) => at * px);
    for (const [i, at] of shown.entries())
      if (i > 0) expect(at - (shown[i - 1] ?? 0)).toBeGreaterThan(13 * 6.2);
  }
  expect(tickLevels(ticks.map((tick) => ({ ...tick, label: "1" })))).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0]);
});
