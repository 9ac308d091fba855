"use client";

import {
  type ColumnDef,
  columnSizingFeature,
  type Header,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { type ParamCodec, useParam } from "@/app/_live/use-param";
import { type Sort, sortIds } from "@/ui/charts/prepare/rows";
import { formatSort, parseSort } from "@/ui/charts/prepare/sort-param";
import { formatCount, plural } from "@/ui/format";
import { ArrowDownIcon, ArrowUpIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { Scroll } from "@/ui/kit/scroll";
import { type RunColumn, toRunColumns } from "./run-columns";
import { useHeldOrder } from "./use-held-order";

const features = tableFeatures({ columnSizingFeature, rowSortingFeature });
type Features = typeof features;

/** All rows are alike, so that the list knows its height without measuring. */
const ROW_PX = 34;
/** The height the server supposes, so that its first paint has rows. */
const FIRST_RECT = { width: 1_200, height: 17 * ROW_PX };

const NEWEST_FIRST: Sort = { column: "ordinal", descending: true };
const SORT: ParamCodec<Sort> = { read: (text) => parseSort(text) ?? NEWEST_FIRST, write: formatSort };

/** Every run of the sweep: ten thousand rows scroll and sort as thirty do. */
export function RunTable() {
  const { data, varied, projectPath, shown: passing } = useSweepView();
  const { head, rows, complete } = data;
  const [sort, setSort] = useParam("sort", SORT);
  const scroller = useRef<HTMLElement>(null);

  const columns = useMemo(
    () => toRunColumns({ metric: head.metric, rows, projectPath, bestId: head.bestRun?.id, varied }),
    [head.metric, rows, projectPath, head.bestRun?.id, varied],
  );
  const sorted = useMemo(() => {
    const column = columns.find(({ id }) => id === sort.column) ?? columns[0];
    return sortIds(
      passing.map(({ id }) => id),
      (id) => {
        const row = rows.get(id);
        return row && column?.toKey(row);
      },
      sort.descending,
    );
  }, [rows, passing, columns, sort]);
  const held = useHeldOrder(sorted, `${sort.column} ${sort.descending}`);
  const shown = useMemo(() => held.order.flatMap((id) => rows.get(id) ?? []), [held.order, rows]);

  const table = useTable<Features, Row>({
    features,
    data: shown,
    columns: useMemo(() => columns.map(toColumnDef), [columns]),
    getRowId: (row) => row.id,
    manualSorting: true,
    enableMultiSort: false,
    enableSortingRemoval: false,
    state: { sorting: [{ id: sort.column, desc: sort.descending }] },
    onSortingChange: (update) => {
      const now = [{ id: sort.column, desc: sort.descending }];
      const [next] = typeof update === "function" ? update(now) : update;
      if (!next) return;
      const chosen = { column: next.id, descending: next.desc };
      setSort(chosen);
      scroller.current?.scrollTo({ top: 0 });
    },
  });
  const tableRows = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => tableRows[index]?.id ?? index,
    overscan: 12,
    initialRect: FIRST_RECT,
  });
  const items = virtualizer.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);

  return (
    <Panel
      id="runs"
      title="Runs"
      className="mt-10"
      note={
        complete
          ? passing.length === rows.size
            ? plural(rows.size, "run")
            : `${formatCount(passing.length)} of ${plural(rows.size, "run")}`
          : `showing ${formatCount(rows.size)} of ${formatCount(head.counts.total)}, loading the rest`
      }
      actions={
        held.waiting > 0 && (
          <button
            type="button"
            onClick={held.release}
            className="inline-flex h-7 items-center rounded-full bg-running-wash px-3 font-medium text-running text-xs hover:underline"
          >
            {plural(held.waiting, "new run")}: show
          </button>
        )
      }
    >
      <Scroll
        ref={scroller}
        label="Table of runs"
        className="max-h-[38rem] rounded-lg border border-line bg-surface [overflow-anchor:none]"
        {...held.watch}
      >
        <table
          className="min-w-full table-fixed border-separate border-spacing-0 text-left text-sm"
          style={{ width: table.getTotalSize() }}
          aria-rowcount={tableRows.length + 1}
        >
          <caption className="sr-only">Runs of {head.name}</caption>
          <thead className="sticky top-0 z-20">
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id} aria-rowindex={1}>
                {group.headers.map((header, i) => (
                  <HeaderCell key={header.id} header={header} column={columns[i]} />
                ))}
              </tr>
            ))}
          </thead>
          <tbody>
            {above > 0 && <Spacer height={above} columns={columns.length} />}
            {items.map((item) => {
              const row = tableRows[item.index];
              if (!row) return null;
              const best = row.id === head.bestRun?.id;
              return (
                <tr
                  key={row.id}
                  aria-rowindex={item.index + 2}
                  style={{ height: ROW_PX }}
                  className={`group ${best ? "bg-best-wash" : "bg-surface hover:bg-sunken"}`}
                >
                  {columns.map((column) => (
                    <td
                      key={column.id}
                      title={column.title?.(row.original)}
                      className={`truncate border-line border-b px-3 ${column.numeric ? "figures text-right" : ""} ${
                        column.pinned
                          ? `sticky left-0 z-10 ${best ? "bg-best-wash" : "bg-surface group-hover:bg-sunken"}`
                          : ""
                      }`}
                    >
                      {column.cell(row.original)}
                    </td>
                  ))}
                </tr>
              );
            })}
            {below > 0 && <Spacer height={below} columns={columns.length} />}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

/** Stands for the rows above or below the view. */
const Spacer = ({ height, columns }: { height: number; columns: number }) => (
  <tr>
    <td colSpan={columns} style={{ height, padding: 0 }} />
  </tr>
);

function HeaderCell({ header, column }: { header: Header<Features, Row>; column: RunColumn | undefined }) {
  const sorted = header.column.getIsSorted();
  const arrow = sorted === "asc" ? <ArrowUpIcon /> : sorted === "desc" ? <ArrowDownIcon /> : undefined;
  return (
    <th
      scope="col"
      aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none"}
      style={{ width: header.getSize() }}
      className={`border-line border-b bg-sunken p-0 font-medium text-ink-soft text-xs ${
        column?.pinned ? "sticky left-0 z-10" : ""
      }`}
    >
      <button
        type="button"
        onClick={header.column.getToggleSortingHandler()}
        title={column?.label}
        className={`flex h-9 w-full items-center gap-1 px-3 hover:text-ink ${
          column?.numeric ? "flex-row-reverse text-right" : ""
        }`}
      >
        <span className={`truncate ${column?.parameter ? "text-ink" : ""}`}>{column?.label}</span>
        {arrow}
      </button>
    </th>
  );
}

function toColumnDef(column: RunColumn): ColumnDef<Features, Row> {
  return {
    id: column.id,
    accessorFn: column.toKey,
    size: column.width,
    minSize: 48,
    sortDescFirst: column.bestFirst === "descending",
  };
}

/** In the address, so that a link shows the same order. */
