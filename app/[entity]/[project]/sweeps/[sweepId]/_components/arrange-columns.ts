import type { Sort } from "@/ui/charts/prepare/rows";
import type { RunColumn } from "./run-columns";
import type { TableSettings } from "./use-table-settings";

/** The columns that are shown, the pinned ones first. A name that no run knows any more leaves no gap. */
export function arrangeColumns(
  all: readonly RunColumn[],
  { columns, pinned }: Pick<TableSettings, "columns" | "pinned">,
): RunColumn[] {
  const byId = new Map(all.map((column) => [column.id, column]));
  const ids = columns.length > 0 ? columns : all.filter(({ usual }) => usual).map(({ id }) => id);
  const shown = [...pinned.filter((id) => ids.includes(id)), ...ids.filter((id) => !pinned.includes(id))];
  return shown.flatMap((id) => byId.get(id) ?? []);
}

/** `moved` stands where `before` stood; at the end without one. */
export function moveColumn(ids: readonly string[], moved: string, before: string | undefined): string[] {
  const rest = ids.filter((id) => id !== moved);
  const at = before === undefined ? -1 : rest.indexOf(before);
  // Dragged to the right, it comes behind the one it is dropped on: it was before that already.
  const right = before !== undefined && ids.indexOf(moved) < ids.indexOf(before);
  return at < 0 ? [...rest, moved] : rest.toSpliced(at + Number(right), 0, moved);
}

export function shiftColumn(ids: readonly string[], id: string, places: -1 | 1): string[] {
  const at = ids.indexOf(id);
  const neighbour = ids[at + places];
  if (at < 0 || neighbour === undefined) return [...ids];
  return ids.with(at, neighbour).with(at + places, id);
}

/**
 * A click on a head: its best first, then the other way. Among several (with Shift) a third click takes it out, and the
 * others keep their places.
 */
export function clickSort(
  sorts: readonly Sort[],
  column: string,
  descendingFirst: boolean,
  among: boolean,
): Sort[] {
  const at = sorts.findIndex((sort) => sort.column === column);
  const known = sorts[at];
  const first = { column, descending: descendingFirst };
  const next = known ? { column, descending: !known.descending } : first;
  if (!among) return [next];
  if (!known) return [...sorts, first];
  const wentRound = known.descending !== descendingFirst;
  if (wentRound && sorts.length > 1) return sorts.toSpliced(at, 1);
  return sorts.with(at, next);
}
