import type { Sort } from "./rows";

/** Sorts as they stand in the address: `-lr,p.layers` falls by lr, and where that is equal rises by layers. */
export function parseSorts(text: string | undefined): readonly Sort[] {
  const sorts = new Map<string, Sort>();
  for (const part of text?.split(",") ?? []) {
    const descending = part.startsWith("-");
    const column = (descending ? part.slice(1) : part).replaceAll("%2C", ",").replaceAll("%25", "%");
    if (column !== "" && !sorts.has(column)) sorts.set(column, { column, descending });
  }
  return [...sorts.values()];
}

export const formatSorts = (sorts: readonly Sort[]): string =>
  sorts
    .map(
      ({ column, descending }) =>
        `${descending ? "-" : ""}${column.replaceAll("%", "%25").replaceAll(",", "%2C")}`,
    )
    .join(",");
