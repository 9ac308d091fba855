/** What stands in an address may have been typed by anybody: a name comes once, twice or not at all. */
type Typed<Name extends string> = { readonly [name in Name]?: string | readonly string[] | undefined };

/** As much as the API takes as one text of a filter. */
export const MOST_CHARACTERS = 1_000;

/** `?q=a&q=b` counts once, empty counts as absent, and no text holds control characters. */
export function readSearch<Name extends string>(search: Typed<Name>): { [name in Name]?: string } {
  const read: { [name in Name]?: string } = {};
  for (const name of Object.keys(search) as Name[]) {
    const value: string | readonly string[] | undefined = search[name];
    const [first = ""] = typeof value === "string" ? [value] : (value ?? []);
    const text = first
      .replaceAll(/\p{Cc}/gu, "")
      .trim()
      .slice(0, MOST_CHARACTERS);
    if (text !== "") read[name] = text;
  }
  return read;
}

/** How many rows `show=` asks for: a whole number from 1 to `most`. */
export function readRows(text: string | undefined, { first, most }: { first: number; most: number }): number {
  const rows = Number(text);
  return Number.isInteger(rows) && rows > 0 ? Math.min(rows, most) : first;
}

/** A page's address, by which a sign-in finds back to all of it. */
export function toAddress(path: string, search: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(search).toString();
  return query === "" ? path : `${path}?${query}`;
}

/** As it stands behind `?`, for a page whose parts read their own keys: each key once. */
export function toSearchText(
  search: Readonly<Record<string, string | readonly string[] | undefined>>,
): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    const text = typeof value === "string" ? value : value?.[0];
    if (text !== undefined) params.set(key, text);
  }
  return params.toString();
}
