import { MAX_KEY_LENGTH } from "@/core/history/batch";

/** Deeper lists and objects are cut: recursion over what a program prints must not overflow our stack. */
const MAX_DEPTH = 100;

/** A logged value as it goes over the wire: non-finite numbers as strings, text that PostgreSQL and UTF-8 can hold. */
export function toWireValue(value: unknown, depth = 0): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") return toSafeText(value);
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MAX_DEPTH) return "…";
  if (Array.isArray(value)) return value.map((item) => toWireValue(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [toSafeText(key), toWireValue(item, depth + 1)]),
  );
}

/** A metric's name; a longer one than the server takes is cut rather than lost with all of its batch. */
export const toWireKey = (key: string): string =>
  toSafeText(key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH - 1)}…` : key);

/** No half surrogate pairs, no NUL. */
export function toSafeText(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, "\uFFFD") : text;
}

const UNSAFE = /[\0\p{Surrogate}]/u;
const UNSAFE_ALL = /[\0\p{Surrogate}]/gu;
