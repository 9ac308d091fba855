"use client";

import { useMemo } from "react";
import { NAMES, type ParamCodec, TEXT, useParam } from "@/app/_live/use-param";
import type { Sort } from "@/ui/charts/prepare/rows";
import { formatSorts, parseSorts } from "@/ui/charts/prepare/sort-param";

/** How the table is arranged; all of it stands in the address. */
export interface TableSettings {
  readonly sorts: readonly Sort[];
  setSorts(sorts: readonly Sort[]): void;
  /** Ids of the columns behind the run's name, in their order; empty for the usual ones. */
  readonly columns: readonly string[];
  setColumns(ids: readonly string[]): void;
  readonly pinned: readonly string[];
  setPinned(ids: readonly string[]): void;
  /** In px, of the columns that somebody has made wider or narrower. */
  readonly widths: ReadonlyMap<string, number>;
  setWidth(id: string, px: number): void;
  /** Id of the column that rows are grouped by. */
  readonly group: string;
  setGroup(id: string): void;
  /** Keys of the groups that are unfolded. */
  readonly open: ReadonlySet<string>;
  setOpen(keys: Iterable<string>): void;
}

const NEWEST_FIRST: Sort = { column: "f.created", descending: true };
/** What columns were called in addresses before they had the names that charts use. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  metric: "objective",
  state: "f.state",
  duration: "f.duration",
  agent: "f.agent",
  ordinal: "f.created",
};
const SORTS: ParamCodec<readonly Sort[]> = {
  read(text) {
    const sorts = parseSorts(text).map(({ column, descending }) => ({
      column: OLD_NAMES[column] ?? column,
      descending,
    }));
    return sorts.length > 0 ? sorts : [NEWEST_FIRST];
  },
  write(sorts) {
    const text = formatSorts(sorts);
    return text === formatSorts([NEWEST_FIRST]) ? undefined : text;
  },
};
export const MIN_WIDTH = 56;
export const MAX_WIDTH = 640;

const WIDTHS: ParamCodec<ReadonlyMap<string, number>> = {
  read(text) {
    const widths = new Map<string, number>();
    for (const part of NAMES.read(text)) {
      const end = part.lastIndexOf(":");
      const px = Number(part.slice(end + 1));
      if (end > 0 && px >= MIN_WIDTH && px <= MAX_WIDTH) widths.set(part.slice(0, end), px);
    }
    return widths;
  },
  write: (widths) => NAMES.write([...widths].map(([id, px]) => `${id}:${Math.round(px)}`)),
};

export function useTableSettings(): TableSettings {
  const [sorts, setSorts] = useParam("sort", SORTS);
  const [columns, setColumns] = useParam("tc.cols", NAMES);
  const [pinned, setPinned] = useParam("tc.pin", NAMES);
  const [widths, setWidths] = useParam("tc.w", WIDTHS);
  const [group, setGroup] = useParam("tc.group", TEXT);
  const [openKeys, setOpen] = useParam("tc.open", NAMES);
  return useMemo(
    () => ({
      sorts,
      setSorts,
      columns,
      setColumns,
      pinned,
      setPinned,
      widths,
      setWidth: (id: string, px: number) =>
        setWidths(new Map(widths).set(id, Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, px)))),
      group,
      setGroup,
      open: new Set(openKeys),
      setOpen: (keys: Iterable<string>) => setOpen([...keys]),
    }),
    [
      sorts,
      setSorts,
      columns,
      setColumns,
      pinned,
      setPinned,
      widths,
      setWidths,
      group,
      setGroup,
      openKeys,
      setOpen,
    ],
  );
}
