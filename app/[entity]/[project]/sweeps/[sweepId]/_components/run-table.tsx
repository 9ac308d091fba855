"use client";

import { useMemo, useRef, useState } from "react";
import { MOST_COMPARED } from "@/app/_lib/compare";
import { toComparePath } from "@/app/_lib/paths";
import { toRunsCsv } from "@/app/_lib/runs-csv";
import type { Row } from "@/app/_live/sweep-store";
import { useSweepView } from "@/app/_live/sweep-view";
import { toPythonText } from "@/core/python";
import { CSV_TYPE, download, toFileName } from "@/ui/charts/export";
import { groupRows, type TableItem } from "@/ui/charts/prepare/group-rows";
import { type SortBy, sortRows } from "@/ui/charts/prepare/rows";
import { formatSorts } from "@/ui/charts/prepare/sort-param";
import { formatCount, plural } from "@/ui/format";
import { Button } from "@/ui/kit/button";
import { ColumnsIcon, DownloadIcon } from "@/ui/kit/icons";
import { Panel } from "@/ui/kit/panel";
import { useShortcuts } from "@/ui/kit/shortcuts";
import { arrangeColumns, clickSort, moveColumn, shiftColumn } from "./arrange-columns";
import { BulkBar } from "./bulk-bar";
import { CellEditor, type Editing } from "./cell-editor";
import type { HeaderVerbs } from "./column-header";
import { ColumnPicker } from "./column-picker";
import { useStableActions } from "./run-actions";
import { NAME, type RunColumn, toRunColumns } from "./run-columns";
import { RunGrid } from "./run-grid";
import { useHeldOrder } from "./use-held-order";
import { useRunVerbs } from "./use-run-verbs";
import { useStillPlace } from "./use-still-place";
import { type TableSettings, useTableSettings } from "./use-table-settings";

/** Every run of the sweep that passes the filter: ten thousand rows scroll and sort as thirty do. */
export function RunTable() {
  const view = useSweepView();
  const { data, shown, varied, dimensions, selected, select, hidden, hide, projectPath } = view;
  const { head, rows, complete } = data;
  const settings = useTableSettings();
  const verbs = useRunVerbs();
  const [picking, setPicking] = useState(false);
  const [editing, setEditing] = useState<Editing>();
  const scroller = useRef<HTMLElement>(null);
  const bestId = head.bestRun?.id;

  const all = useMemo(
    () =>
      toRunColumns({
        metric: head.metric,
        metricNames: head.metricNames.names,
        rows,
        bestId,
        varied,
        dimensions,
      }),
    [head.metric, head.metricNames, rows, bestId, varied, dimensions],
  );
  const columns = useMemo(() => arrangeColumns(all, settings), [all, settings]);
  const byId = useMemo(() => new Map(all.map((column) => [column.id, column])), [all]);
  const sorted = useMemo(
    () => sortRows(shown, toSortBy(settings, byId, bestId)).map(({ id }) => id),
    [shown, settings, byId, bestId],
  );
  const held = useHeldOrder(sorted, useRuleKey(settings));
  useStillPlace(scroller, held.occupied);
  const ordered = useMemo(() => held.order.flatMap((id) => rows.get(id) ?? []), [held.order, rows]);
  const group = byId.get(settings.group);
  const items = useMemo(
    (): readonly TableItem<Row>[] =>
      group
        ? groupRows(ordered, {
            toKey: (row) => groupKey(group, row),
            toValue: (row) => row.objective ?? undefined,
            lowerIsBetter: head.metric?.goal !== "maximize",
            open: settings.open,
          })
        : ordered.map((row) => ({ row })),
    [ordered, group, settings.open, head.metric?.goal],
  );

  const headerVerbs = useHeaderVerbs(settings, columns, byId, () => scroller.current?.scrollTo({ top: 0 }));
  // Not asked about: the toast takes it back.
  const remove = (ids: readonly string[]) => {
    const gone = new Set(ids);
    select([...selected].filter((id) => !gone.has(id)));
    void verbs.remove(ids);
  };
  const anchor = useRef<string>(undefined);
  const actions = useStableActions({
    toggle(id, range) {
      const next = new Set(selected);
      const ids = items.flatMap((item) => ("row" in item ? item.row.id : []));
      const [from, to] = [ids.indexOf(anchor.current ?? ""), ids.indexOf(id)];
      if (range && from >= 0 && to >= 0)
        for (const one of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
      else if (!next.delete(id)) next.add(id);
      anchor.current = id;
      select(next);
    },
    hide: (ids) => hide([...hidden, ...ids]),
    compareHref: ({ id, name }) => {
      const others = [...selected].filter((one) => one !== id).slice(0, MOST_COMPARED - 1);
      const names = (others.length > 0 ? others : bestId && bestId !== id ? [bestId] : []).flatMap(
        (one) => rows.get(one)?.name ?? [],
      );
      return names.length > 0 ? toComparePath(projectPath, [name, ...names]) : undefined;
    },
    edit: head.viewerCanEdit
      ? (row, what, at) => {
          const { left, bottom } = at.getBoundingClientRect();
          setEditing({ row, what, at: { left, top: Math.min(bottom, innerHeight - 170) } });
        }
      : undefined,
    stop: (ids) => void verbs.stop(ids),
    retry: (ids) => void verbs.retry(ids),
    remove,
  });

  const save = () =>
    download(
      toFileName(`${head.name} runs`, "csv"),
      new Blob([toRunsCsv(ordered, head.metric?.name)], { type: CSV_TYPE }),
    );
  useShortcuts([
    { words: "Choose the columns of the runs", run: () => setPicking(true) },
    { words: "Save the runs that are shown as CSV", run: save },
    { words: "Choose all runs that are shown", run: () => select(shown.map(({ id }) => id)) },
    { words: "Choose no runs", run: () => select([]) },
  ]);
  return (
    <Panel
      id="runs"
      title="Runs"
      className="mt-10"
      note={
        !complete
          ? `showing ${formatCount(rows.size)} of ${formatCount(head.counts.total)}, loading the rest`
          : shown.length === rows.size
            ? plural(rows.size, "run")
            : `${formatCount(shown.length)} of ${plural(rows.size, "run")}`
      }
      actions={
        <>
          {held.waiting > 0 && (
            <button
              type="button"
              onClick={held.release}
              className="inline-flex h-7 items-center rounded-full bg-running-wash px-3 font-medium text-running text-xs hover:underline"
            >
              {plural(held.waiting, "new run")}: show
            </button>
          )}
          <Button weight="bare" onClick={() => setPicking(true)}>
            <ColumnsIcon />
            Columns
          </Button>
          <Button weight="bare" title="The runs that are shown, every digit of every number" onClick={save}>
            <DownloadIcon />
            CSV
          </Button>
        </>
      }
    >
      <RunGrid
        items={items}
        columns={columns}
        settings={settings}
        verbs={headerVerbs}
        actions={actions}
        watch={held.watch}
        scroller={scroller}
        groupLabel={(key) => `${group?.label ?? ""}: ${key === "" ? "no value" : key}`}
        onSelectAll={() => select(shown.map(({ id }) => id))}
      />
      <BulkBar verbs={verbs} onDelete={remove} />
      <ColumnPicker
        open={picking}
        all={all}
        shown={columns}
        settings={settings}
        onClose={() => setPicking(false)}
      />
      {editing && (
        <CellEditor
          key={`${editing.row.id} ${editing.what}`}
          editing={editing}
          onTags={(change) => void verbs.tag([editing.row.id], change)}
          onNote={(text) => void verbs.note(editing.row.id, text)}
          onClose={() => setEditing(undefined)}
        />
      )}
    </Panel>
  );
}

function toSortBy(
  { sorts }: TableSettings,
  byId: ReadonlyMap<string, RunColumn>,
  bestId: string | undefined,
): SortBy<Row>[] {
  const by = sorts.flatMap(({ column, descending }): SortBy<Row>[] => {
    const own = column === NAME.id ? NAME : byId.get(column);
    return own ? [{ ...own, descending }] : [];
  });
  // Where all else is equal the best run comes first, as the head of the page names it, then the newest.
  return [
    ...by,
    { toKey: ({ id }) => (id === bestId ? 0 : 1), descending: false },
    { toKey: ({ id }) => Number(id), descending: true },
  ];
}

/** What changes when somebody asks for other rows or another order, and once all rows are there: then nothing is held where it was. */
function useRuleKey({ sorts, group }: TableSettings): string {
  const { data, query, brushes, excluded, hidden } = useSweepView();
  const { complete } = data;
  return useMemo(() => {
    const groups = excluded.map((one) => [...one]);
    return JSON.stringify([
      formatSorts(sorts),
      group,
      query.text,
      [...brushes],
      groups,
      [...hidden],
      complete,
    ]);
  }, [sorts, group, query.text, brushes, excluded, hidden, complete]);
}

/** As text that tells values apart; "" for none. */
function groupKey(column: RunColumn, row: Row): string {
  if (column.kind === "parameter") {
    const value = row.flat.get(column.id.slice(2));
    return value === undefined ? "" : toPythonText(value);
  }
  return String(column.toKey(row) ?? "");
}

function useHeaderVerbs(
  settings: TableSettings,
  columns: readonly RunColumn[],
  byId: ReadonlyMap<string, RunColumn>,
  toTop: () => void,
): HeaderVerbs {
  const { sorts, setSorts, setColumns, pinned, setPinned } = settings;
  const ids = columns.map(({ id }) => id);
  const sort = (next: Parameters<typeof setSorts>[0]) => {
    setSorts(next);
    toTop();
  };
  return {
    sort: (id, among) => sort(clickSort(sorts, id, byId.get(id)?.bestFirst === "descending", among)),
    sortBy: (column, descending, among) =>
      sort([...(among ? sorts.filter((one) => one.column !== column) : []), { column, descending }]),
    unsort: (id) => sort(sorts.filter(({ column }) => column !== id)),
    move: (id, before) => setColumns(moveColumn(ids, id, before)),
    shift(id, places) {
      if (pinned.includes(id)) setPinned(shiftColumn(pinned, id, places));
      else setColumns(shiftColumn(ids, id, places));
    },
    resize: settings.setWidth,
    pin: (id, on) => setPinned(on ? [...pinned, id] : pinned.filter((one) => one !== id)),
    hide: (id) => ids.length > 1 && setColumns(ids.filter((one) => one !== id)),
    groupBy: settings.setGroup,
  };
}
