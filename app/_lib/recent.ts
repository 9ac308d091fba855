/** Pages that somebody has looked at, newest first, kept by their browser under their name. */
export interface Recent {
  href: string;
  label: string;
  /** Where it is: the pages above it. */
  detail: string;
}

const MOST = 12;
const keyOf = (viewer: string) => `besom-recent:${viewer}`;

export function readRecent(viewer: string): Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(viewer)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return []; // the browser keeps nothing, or somebody else wrote there
  }
}

export function keepRecent(viewer: string, page: Recent): void {
  const others = readRecent(viewer).filter(({ href }) => href !== page.href);
  write(viewer, JSON.stringify([page, ...others].slice(0, MOST)));
}

/** Whoever sits here next is not told what was looked at. */
export const forgetRecent = (viewer: string): void => write(viewer, "[]");

function write(viewer: string, text: string): void {
  try {
    localStorage.setItem(keyOf(viewer), text);
  } catch {
    // Nothing is kept, then.
  }
}

const isRecent = (one: unknown): one is Recent =>
  typeof one === "object" &&
  one !== null &&
  ["href", "label", "detail"].every((key) => typeof (one as Record<string, unknown>)[key] === "string") &&
  (one as Recent).href.startsWith("/");
