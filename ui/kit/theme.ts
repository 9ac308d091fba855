export type Theme = "light" | "dark";

/** The server reads it and draws `<html data-theme>`: no script before the first paint, so no flash. */
export const THEME_COOKIE = "besom-theme";

export const isTheme = (text: string | undefined): text is Theme => text === "light" || text === "dark";
