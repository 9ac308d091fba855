import { readFileSync } from "node:fs";

/** `light-dark(#a, #b)` of every colour token, by name. */
const css = readFileSync(new URL("../../ui/tokens.css", import.meta.url), "utf8");
export const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    String(name),
    { light: String(light), dark: String(dark) },
  ]),
);

/** What text and marks lie on. */
export const GROUNDS = ["paper", "surface", "sunken"];

/** WCAG 2.2, relative luminance and contrast ratio. */
export function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

export function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

export function token(name: string, theme: "light" | "dark"): string {
  const found = tokens.get(name);
  if (!found) throw new Error(`no colour token --${name}`);
  return found[theme];
}
