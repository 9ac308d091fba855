"use client";

import { useMemo, useSyncExternalStore } from "react";
import type { Theme } from "@/ui/kit/theme";
import { toCategory, toRampColor, toThemeColor } from "../palette";

/** The colours of the page's theme for code that draws on a canvas, which knows neither variables nor `light-dark()`. */
export interface ThemeColors {
  readonly theme: Theme;
  /** Of `ui/tokens.css`, without its dashes: `token("ink-soft")`. */
  token(name: string): string;
  /** Any colour that CSS is given: `var(--ink)`, `light-dark(#a, #b)`, `#a`. */
  of(color: string): string;
  /** Of a series, by its place. */
  category(index: number): string;
  /** Of a value at this fraction of its range. */
  ramp(at: number): string;
}

/** A new object when the theme changes, by the switch or by the system, and only then: an effect that depends on it draws anew. */
export function useTheme(): ThemeColors {
  const theme = useSyncExternalStore(watchTheme, readTheme, () => "light" as const);
  return useMemo(() => toThemeColors(theme), [theme]);
}

function toThemeColors(theme: Theme): ThemeColors {
  const tokens = new Map<string, string>();
  const token = (name: string): string => {
    const known = tokens.get(name);
    if (known !== undefined) return known;
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
    const color = toThemeColor(text, theme);
    tokens.set(name, color);
    return color;
  };
  return {
    theme,
    token,
    of: (color) => (color.startsWith("var(--") ? token(color.slice(6, -1)) : toThemeColor(color, theme)),
    category: (index) => toThemeColor(toCategory(index).color, theme),
    ramp: (at) => toRampColor(at, theme),
  };
}

const DARK = "(prefers-color-scheme: dark)";

/** The switch writes `data-theme`; without it the system's preference holds. */
function readTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia(DARK).matches ? "dark" : "light";
}

function watchTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  const system = matchMedia(DARK);
  system.addEventListener("change", listener);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", listener);
  };
}
