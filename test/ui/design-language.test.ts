import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CATEGORIES } from "@/ui/charts/palette";
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
