"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useRouter } from "next/navigation";
import { type KeyboardEvent, type MouseEvent, type Ref, useEffect, useMemo, useRef, useState } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import type { TableItem } from "@/ui/charts/prepare/group-rows";
import { Scroll } from "@/ui/kit/scroll";
import { ColumnHeader, Handle, type HeaderVerbs, SortButton, type SortMark } from "./column-header";
import { GroupRow } from "./group-row";
import { type RunActions, RunActionsContext } from "./run-actions";
import { NAME, type RunColumn } from "./run-columns";
import { type Placed, ROW_PX, RunRow, toNameWidth } from "./run-row";
import { useColumnWindow } from "./use-column-window";
import type { useHeldOrder } from "./use-held-order";
import type { TableSettings } from "./use-table-settings";

/** The height the server supposes, so that its first paint has rows. */
const FIRST_RECT = { width: 1_200, height: 17 * ROW_PX };
const NAME_PX = 232;
const PAGE = 15;

/**
 * The table itself: ten thousand rows and hundreds of columns, of which it draws those near the view. Arrows move through the
 * rows, Space chooses, Enter opens.
 */
export function RunGrid(props: {
  items: readonly TableItem<Row>[];
  columns: readonly RunColumn[];
  settings: TableSettings;
  verbs: HeaderVerbs;
  actions: RunActions;
  watch: ReturnType<typeof useHeldOrder>["watch"];
  groupLabel: (key: string) => string;
  onSelectAll: () => void;
  scroller: Ref<HTMLElement>;
}) {
  const { items, columns, settings, verbs, actions, watch, groupLabel, onSelectAll } = props;
  const { data, projectPath, pointed, selected, select } = useSweepView();
  const { head } = data;
  const router = useRouter();
  const scroller = useRef<HTMLElement>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const [activeKey, setActiveKey] = useState<string>();
  /** Where the focus goes once that row is drawn. */
  const wanted = useRef<string>(undefined);

  const pinnedCount = settings.pinned.filter((id) => columns.some((column) => column.id === id)).length;
  const widthOf = (column: { id: string; width: number }) => settings.widths.get(column.id) ?? column.width;
  const namePx = widthOf({ id: NAME.id, width: NAME_PX });
  const widths = columns.map(widthOf);
  const pinnedPx = widths.slice(0, pinnedCount).reduce((sum, px) => sum + px, namePx);
  const near = useColumnWindow(scroller, widths.slice(pinnedCount), pinnedPx);
  const tagsInName = !columns.some(({ id }) => id === "tags");
  const layout = `${widths} ${pinnedCount} ${near.from} ${near.to} ${namePx} ${tagsInName}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `layout` says all that widths and ranges can
  const placed = useMemo((): Placed => {
    let left = namePx;
    const all = columns.map((column, i) => {
      const width = widths[i] ?? column.width;
      const pinned = i < pinnedCount;
      const one = { column, width, left: pinned ? left : undefined };
      if (pinned) left += width;
      return one;
    });
    const sum = (from: number, to?: number) => all.slice(from, to).reduce((px, { width }) => px + width, 0);
    const [from, to] = [pinnedCount + near.from, pinnedCount + near.to];
    return {
      namePx,
      pinned: all.slice(0, pinnedCount),
      near: all.slice(from, to),
      beforePx: sum(pinnedCount, from),
      afterPx: sum(to),
      tagsInName,
    };
  }, [columns, layout]);
  const cells =
    1 + placed.pinned.length + placed.near.length + Number(placed.beforePx > 0) + Number(placed.afterPx > 0);

  const activeIndex = Math.max(
    0,
    items.findIndex((item) => keyOf(item) === activeKey),
  );
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => keyOf(items[index]) ?? index,
    overscan: 12,
    initialRect: FIRST_RECT,
    // The row with the focus stays in the document, wherever one scrolls: otherwise the focus would be lost.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const [from, to] = [Math.max(0, startIndex - overscan), Math.min(count - 1, endIndex + overscan)];
      const range = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
      if (activeKey === undefined || activeIndex >= count) return range;
      return activeIndex < from
        ? [activeIndex, ...range]
        : activeIndex > to
          ? [...range, activeIndex]
          : range;
    },
  });
  const drawn = virtualizer.getVirtualItems();

  useEffect(() => {
    const key = wanted.current;
    if (key === undefined) return;
    const row = body.current?.querySelector<HTMLElement>(
      `[data-key="${CSS.escape(key)}"], [data-run="${CSS.escape(key)}"]`,
    );
    if (!row) return;
    wanted.current = undefined;
    row.focus({ preventScroll: true });
  });
  const moveTo = (index: number) => {
    const to = Math.min(items.length - 1, Math.max(0, index));
    const key = keyOf(items[to]);
    if (key === undefined) return undefined;
    wanted.current = key;
    setActiveKey(key);
    virtualizer.scrollToIndex(to);
    return items[to];
  };
  const toggleGroup = (key: string) => {
    const open = new Set(settings.open);
    if (!open.delete(key)) open.add(key);
    settings.setOpen(open);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Only with the focus on a row itself: its link, its box and its menu have keys of their own.
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const item = items[activeIndex];
    const to = {
      ArrowDown: activeIndex + 1,
      ArrowUp: activeIndex - 1,
      PageDown: activeIndex + PAGE,
      PageUp: activeIndex - PAGE,
      Home: 0,
      End: items.length - 1,
    }[event.key];
    if (to !== undefined && !event.altKey) {
      const reached = moveTo(to);
      if (event.shiftKey && reached && "row" in reached) actions.toggle(reached.row.id, true);
    } else if (item && "group" in item) {
      if (!["Enter", " ", "ArrowLeft", "ArrowRight"].includes(event.key)) return;
      if ((event.key === "ArrowRight" && item.open) || (event.key === "ArrowLeft" && !item.open)) return;
      toggleGroup(item.group.key);
    } else if (event.key === " " && item) actions.toggle(item.row.id, event.shiftKey);
    else if (event.key === "Enter" && item) router.push(hrefOf(projectPath, item.row));
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) onSelectAll();
    else if (event.key === "Escape" && selected.size > 0) select([]);
    else return;
    event.preventDefault();
  };
  // A pointer moves from row to row sixty times a second: one listener, and no drawing but of the two rows.
  const onPointerOver = (event: MouseEvent) => {
    const runId = (event.target as Element).closest<HTMLElement>("tr[data-run]")?.dataset.run;
    if (runId !== pointed.now().runId) pointed.set({ runId });
  };

  const sortOf = (id: string): SortMark | undefined => {
    const at = settings.sorts.findIndex(({ column }) => column === id);
    const sort = settings.sorts[at];
    return sort && { descending: sort.descending, place: settings.sorts.length > 1 ? at + 1 : undefined };
  };
  const header = ({ column, width, left }: Placed["near"][number]) => (
    <ColumnHeader
      key={column.id}
      column={column}
      width={width}
      left={left}
      pinned={left !== undefined}
      sort={sortOf(column.id)}
      grouped={settings.group === column.id}
      verbs={verbs}
    />
  );
  const nameSort = sortOf(NAME.id);
  let end = 0;
  return (
    <RunActionsContext value={actions}>
      <Scroll
        ref={(element: HTMLElement | null) => {
          scroller.current = element;
          if (typeof props.scroller === "function") props.scroller(element);
          else if (props.scroller) props.scroller.current = element;
        }}
        label="Table of runs"
        className="max-h-[38rem] rounded-lg border border-line bg-surface [overflow-anchor:none]"
        {...watch}
      >
        <table
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows take the focus and are chosen, which a plain table's do not
          role="grid"
          aria-multiselectable="true"
          aria-label={`Runs of ${head.name}`}
          className="min-w-full table-fixed border-separate border-spacing-0 text-left text-sm"
          style={{ width: `calc(${toNameWidth(namePx)} + ${widths.reduce((sum, px) => sum + px, 0)}px)` }}
          aria-rowcount={items.length + 1}
          aria-colcount={columns.length + 1}
        >
          <thead className="sticky top-0 z-20">
            <tr aria-rowindex={1}>
              <th
                scope="col"
                data-column={NAME.id}
                aria-sort={nameSort ? (nameSort.descending ? "descending" : "ascending") : "none"}
                style={{ width: toNameWidth(namePx) }}
                className="group/head sticky left-0 z-20 border-line border-b bg-sunken p-0 font-medium text-ink-soft text-xs"
              >
                <div className="flex h-9 items-center pl-1.5">
                  <SelectAll count={items.length} onSelectAll={onSelectAll} />
                  <SortButton
                    label={NAME.label}
                    sort={nameSort}
                    onSort={(among) => verbs.sort(NAME.id, among)}
                  />
                </div>
                <Handle width={namePx} onResize={(px) => verbs.resize(NAME.id, px)} />
              </th>
              {placed.pinned.map(header)}
              {placed.beforePx > 0 && <td style={{ width: placed.beforePx }} className={GAP} />}
              {placed.near.map(header)}
              {placed.afterPx > 0 && <td style={{ width: placed.afterPx }} className={GAP} />}
            </tr>
          </thead>
          <tbody
            ref={body}
            onKeyDown={onKeyDown}
            onFocus={(event) => {
              const { run, key } = (event.target as Element).closest<HTMLElement>("tr")?.dataset ?? {};
              setActiveKey(run ?? key);
            }}
            onMouseOver={onPointerOver}
            onMouseLeave={() => pointed.set({})}
          >
            {drawn.flatMap((slot) => {
              const item = items[slot.index];
              if (!item) return [];
              const gap = slot.start - end;
              end = slot.end;
              return [
                ...(gap > 0 ? [<Spacer key={`above ${slot.key}`} height={gap} cells={cells} />] : []),
                "group" in item ? (
                  <GroupRow
                    key={slot.key}
                    id={keyOf(item) ?? ""}
                    index={slot.index + 2}
                    group={item.group}
                    label={groupLabel(item.group.key)}
                    open={item.open}
                    cells={cells}
                    active={slot.index === activeIndex}
                    onToggle={() => toggleGroup(item.group.key)}
                  />
                ) : (
                  <RunRow
                    key={slot.key}
                    row={item.row}
                    index={slot.index + 2}
                    placed={placed}
                    href={hrefOf(projectPath, item.row)}
                    best={item.row.id === head.bestRun?.id}
                    selected={selected.has(item.row.id)}
                    active={slot.index === activeIndex}
                    pointed={pointed}
                  />
                ),
              ];
            })}
            {virtualizer.getTotalSize() > end && (
              <Spacer height={virtualizer.getTotalSize() - end} cells={cells} />
            )}
          </tbody>
        </table>
      </Scroll>
    </RunActionsContext>
  );
}

const GAP = "border-line border-b bg-sunken p-0";

const hrefOf = (projectPath: string, { name }: Row): string =>
  `${projectPath}/runs/${encodeURIComponent(name)}`;

/** A group's key is text from a run: apart from ids. */
const keyOf = (item: TableItem<Row> | undefined): string | undefined =>
  item && ("row" in item ? item.row.id : `group ${item.group.key}`);

/** Stands for the rows that are not drawn. */
const Spacer = ({ height, cells }: { height: number; cells: number }) => (
  <tr>
    <td colSpan={cells} style={{ height, padding: 0 }} />
  </tr>
);

function SelectAll({ count, onSelectAll }: { count: number; onSelectAll: () => void }) {
  const { shown, selected, select } = useSweepView();
  const all = count > 0 && shown.length > 0 && shown.every(({ id }) => selected.has(id));
  return (
    <label className="flex size-7 flex-none items-center justify-center">
      <input
        type="checkbox"
        aria-label={all ? "Choose none" : `Choose all ${shown.length} runs`}
        checked={all}
        onChange={() => (all ? select([]) : onSelectAll())}
        className="size-3.5 accent-(--ink)"
      />
    </label>
  );
}
