"use client";

import { HalfIcon } from "./icons";
import { THEME_COOKIE, type Theme } from "./theme";

/** To the other theme, from now on. Until it is first used the system's preference holds. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const next: Theme = dark ? "light" : "dark";
  root.dataset.theme = next;
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore exists only in secure contexts, and a server on a LAN is plain HTTP
  document.cookie = `${THEME_COOKIE}=${next};path=/;max-age=31536000;samesite=lax`;
}

/** The one control. */
export function ThemeSwitch() {
  return (
    <button
      type="button"
      onClick={toggleTheme}
      aria-label="Switch between light and dark"
      title="Light or dark"
      className="inline-flex size-8 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <HalfIcon />
    </button>
  );
}
