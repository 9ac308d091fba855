import type { Sort } from "./rows";

/** A sort as it stands in the address: `lr` rises, `-lr` falls. Undefined when there is none. */
export function parseSort(text: string | undefined): Sort | undefined {
  if (!text || text === "-") return undefined;
  const descending = text.startsWith("-");
  return { column: descending ? text.slice(1) : text, descending };
}

export const formatSort = ({ column, descending }: Sort): string => `${descending ? "-" : ""}${column}`;
