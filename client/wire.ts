/** A logged value as it goes over the wire: non-finite numbers as strings, text that PostgreSQL and UTF-8 can hold. */
export function toWireValue(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "string") return toSafeText(value);
  if (Array.isArray(value)) return value.map(toWireValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [toSafeText(key), toWireValue(item)]));
}

/** No half surrogate pairs, no NUL. */
export function toSafeText(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, "\uFFFD") : text;
}

const UNSAFE = /[\0\p{Surrogate}]/u;
const UNSAFE_ALL = /[\0\p{Surrogate}]/gu;
