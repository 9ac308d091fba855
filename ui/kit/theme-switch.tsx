"use client";

import { useState } from "react";
import { HalfIcon } from "./icons";
import { THEME_COOKIE, type Theme } from "./theme";

/** One control: to the other theme. Until it is first used the system's preference holds. */
export function ThemeSwitch({ chosen }: { chosen: Theme | undefined }) {
  const [theme, setTheme] = useState(chosen);
  const toggle = () => {
    const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const next: Theme = dark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    // biome-ignore lint/suspicious/noDocumentCookie: cookieStore exists only in secure contexts, and a server on a LAN is plain HTTP
    document.cookie = `${THEME_COOKIE}=${next};path=/;max-age=31536000;samesite=lax`;
    setTheme(next);
  };
  return (
    <button
      type="button"
      onClick={toggle}
      aria-label="Switch between light and dark"
      title="Light or dark"
      className="inline-flex size-8 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <HalfIcon />
    </button>
  );
}
