"use client";

import { useRouter } from "next/navigation";
import { useEffect, useMemo, useRef } from "react";
import { useSweepView } from "@/app/_live/sweep-view";
import { FLAG, NAMES, type ParamCodec, TEXT, useAddress, useParam } from "@/app/_live/use-param";
import { isOver } from "@/core/run";
import { ExportMenu } from "@/ui/charts/draw/export-menu";
import { ParallelChart } from "@/ui/charts/draw/parallel";
import { toParallelCsv, toParallelSvg } from "@/ui/charts/draw/parallel-file";
import { Showing } from "@/ui/charts/draw/showing";
import { type Brush, passes } from "@/ui/charts/prepare/brush";
import { type Dimension, toMetricKey } from "@/ui/charts/prepare/dimension";
import { markPassing, prepareParallel } from "@/ui/charts/prepare/parallel";
import { AXIS_KINDS, type AxisKind } from "@/ui/charts/prepare/parallel-axis";
import { type AxisWishes, addAxis, hideAxis, moveAxis, showAxes } from "@/ui/charts/prepare/parallel-order";
import { plural } from "@/ui/format";
import { Panel } from "@/ui/kit/panel";
import { BareSelect } from "@/ui/kit/select";

/** Every run as a line through its parameters, to the metric. */
export function Parallel() {
  const view = useSweepView();
  const { data, varied, dimensions, dimension, unbrushed, shown, brushes } = view;
  const { head, rows } = data;
  const router = useRouter();
  const axes = useAxes(varied, head.metric !== null);
  const [kinds, setKinds] = useParam("pc.scale", KINDS);
  const [flippedIds, setFlipped] = useParam("pc.flip", NAMES);
  const [keep, setKeep] = useParam("pc.keep", FLAG);
  const [colorId, setColor] = useParam("pc.color", TEXT);
  const color = dimension(colorId) ?? dimension("objective");
  const kept = keep && brushes.size > 0;
  useEffect(() => {
    // The next brush is not kept just because the last one was.
    if (keep && brushes.size === 0) setKeep(false);
  }, [keep, brushes.size, setKeep]);

  const own = useMemo(() => axes.shown.flatMap((id) => dimension(id) ?? []), [axes.shown, dimension]);
  const drawn = useMemo(() => (kept ? shown : [...rows.values()]), [kept, shown, rows]);
  const chart = useMemo(
    () =>
      prepareParallel({
        runs: drawn,
        dimensions: own,
        kinds,
        flipped: new Set(flippedIds),
        color,
        goal: head.metric?.goal,
        bestId: head.bestRun?.id,
      }),
    [drawn, own, kinds, flippedIds, color, head.metric?.goal, head.bestRun?.id],
  );
  const rest = useMemo(() => {
    const left = new Set(unbrushed);
    const others = [...brushes].flatMap(([id, brush]) => {
      const other = own.some((one) => one.id === id) ? undefined : dimension(id);
      return other ? [{ other, brush }] : [];
    });
    return Uint8Array.from(drawn, (row) =>
      left.has(row) && others.every(({ other, brush }) => passes(brush, other, row)) ? 1 : 0,
    );
  }, [drawn, unbrushed, brushes, own, dimension]);

  const passing = () => {
    const marked = new Uint8Array(drawn.length);
    markPassing(chart.axes, brushes, rest, marked);
    return marked;
  };
  const brushing = useBrushing(view);
  const addable = useMemo(
    () => toAddable(dimensions, head.metricNames.names, rows.values(), axes.shown),
    [dimensions, head.metricNames.names, rows, axes.shown],
  );
  const ended = useMemo(() => countEnded(rows.values()), [rows]);
  const absence = toAbsence(own, axes.usual, ended);
  const { total } = head.counts;
  return (
    <Panel
      id="parallel"
      title="Parallel coordinates"
      className="mt-10"
      note={<Showing shown={rows.size} total={total} why="the rest is on its way" />}
      actions={
        <>
          <BareSelect
            label="Colour of the lines"
            className="w-40 max-sm:w-32"
            value={color?.id ?? ""}
            onChange={(event) => setColor(event.target.value === "objective" ? "" : event.target.value)}
            choices={[
              ...(head.metric ? [] : [{ value: "", label: "Colour: state" }]),
              ...dimensions.map(({ id, label }) => ({ value: id, label: `Colour: ${label}` })),
            ]}
          />
          <BareSelect
            label="Add an axis"
            className="w-36 max-sm:w-32"
            value=""
            onChange={(event) => event.target.value && axes.add(event.target.value)}
            choices={[{ value: "", label: "Add an axis…" }, ...addable]}
          />
          {absence === undefined && (
            <ExportMenu
              name={`${head.name} parallel coordinates`}
              svg={() => toParallelSvg(chart, passing())}
              csv={() => toParallelCsv(chart, passing())}
            />
          )}
        </>
      }
    >
      {absence ? (
        <p className="wrap-anywhere flex min-h-40 items-center justify-center rounded-lg bg-sunken px-6 text-center text-ink-faint">
          {absence}
        </p>
      ) : (
        <ParallelChart
          chart={chart}
          rest={rest}
          brushes={brushes}
          total={rows.size}
          selected={view.selected}
          pointing={view.pointed}
          kept={kept}
          excluded={view.excluded.length}
          {...brushing}
          onKeep={() => setKeep(true)}
          onExclude={view.exclude}
          onRestore={view.clearBrushes}
          onMove={axes.move}
          onFlip={(id) =>
            setFlipped(flippedIds.includes(id) ? flippedIds.filter((one) => one !== id) : [...flippedIds, id])
          }
          onKind={(id, kind) => setKinds(new Map([...kinds, [id, kind]]))}
          onHide={axes.hide}
          onRun={(id, choose) => {
            const row = rows.get(id);
            if (choose) {
              const chosen = new Set(view.selected);
              if (!chosen.delete(id)) chosen.add(id);
              view.select(chosen);
            } else if (row) router.push(`${view.projectPath}/runs/${encodeURIComponent(row.name)}`);
          }}
        />
      )}
    </Panel>
  );
}

/** Up to so many runs the whole page follows a drag; of more, the lines and their count do, and the page when it ends. */
const MOST_AT_ONCE = 2_000;
/** What follows is drawn anew this often at most. */
const FOLLOW_MS = 150;

/** A drag is one change to the browser's Back, however often the page follows it. */
function useBrushing(view: ReturnType<typeof useSweepView>) {
  const { brushes, setBrush, data } = view;
  const drag = useRef<{ id: string; before: Brush | undefined; told: number }>(undefined);
  return {
    onDrag(id: string, brush: Brush | undefined) {
      drag.current ??= { id, before: brushes.get(id), told: 0 };
      const now = performance.now();
      const { told } = drag.current;
      if (data.rows.size > MOST_AT_ONCE || now - told < FOLLOW_MS || !(brush || told)) return;
      drag.current.told = now;
      setBrush(id, brush, told > 0 ? "replace" : "push");
    },
    onBrush(id: string, brush: Brush | undefined, how: "push" | "replace") {
      const followed = drag.current && drag.current.told > 0;
      drag.current = undefined;
      setBrush(id, brush, followed ? "replace" : how);
    },
    onCancel() {
      if (drag.current && drag.current.told > 0) setBrush(drag.current.id, drag.current.before, "replace");
      drag.current = undefined;
    },
  };
}

/** Which axes stand there, in which order: by what varies, and by what the reader did to them. */
function useAxes(varied: readonly string[], hasMetric: boolean) {
  const address = useAddress();
  const [order] = useParam("pc.order", NAMES);
  const [hidden] = useParam("pc.hide", NAMES);
  const usual = useMemo(
    () => [...varied.map((name) => `p.${name}`), ...(hasMetric ? ["objective"] : [])],
    [varied, hasMetric],
  );
  const wishes: AxisWishes = useMemo(() => ({ order, hidden }), [order, hidden]);
  const set = (next: AxisWishes) =>
    address.set({ "pc.order": NAMES.write(next.order), "pc.hide": NAMES.write(next.hidden) }, "push");
  return {
    usual,
    shown: useMemo(() => showAxes(usual, wishes), [usual, wishes]),
    move: (id: string, to: number) => set(moveAxis(usual, wishes, id, to)),
    hide: (id: string) => set(hideAxis(usual, wishes, id)),
    add: (id: string) => set(addAxis(usual, wishes, id)),
  };
}

/** What varies, metrics and fields first; then metrics that are read once the address names them, and parameters that are the same in every run. */
function toAddable(
  dimensions: readonly Dimension[],
  metrics: readonly string[],
  rows: Iterable<{ flat: ReadonlyMap<string, unknown> }>,
  shown: readonly string[],
) {
  const names = new Set<string>();
  for (const { flat } of rows) for (const name of flat.keys()) names.add(`p.${name}`);
  const known = new Set(dimensions.map(({ id }) => id));
  const constants = [...names].filter((id) => !known.has(id)).sort();
  return [
    ...dimensions.map(({ id, label }) => ({ value: id, label })),
    ...metrics
      .map((name) => ({ value: `m.${toMetricKey("last", name)}`, label: name }))
      .filter(({ value }) => !known.has(value)),
    ...constants.map((id) => ({ value: id, label: `${id.slice(2)} (the same in all)` })),
  ].filter(({ value }) => !shown.includes(value));
}

function countEnded(rows: Iterable<{ state: string }>): number {
  let count = 0;
  for (const { state } of rows) if (isOver(state as Parameters<typeof isOver>[0])) count++;
  return count;
}

/** Why there are no lines. */
function toAbsence(own: readonly Dimension[], usual: readonly string[], ended: number): string | undefined {
  if (ended < 2)
    return `Lines are drawn when two runs have ended; so far ${ended === 0 ? "none" : "one"} has.`;
  if (!usual.some((id) => id.startsWith("p.")) && own.length < 2)
    return "No parameter takes more than one value in these runs, so there is nothing to compare. Add an axis to see metrics, times or constants.";
  return own.length < 2
    ? `${plural(own.length, "axis", "axes")} ${own.length === 1 ? "is" : "are"} left: add another one to see lines between them.`
    : undefined;
}

/** `p.lr:log,p.layers:category`; ids may have colons in them. */
const KINDS: ParamCodec<ReadonlyMap<string, AxisKind>> = {
  read: (text) => {
    const kinds = new Map<string, AxisKind>();
    for (const entry of NAMES.read(text)) {
      const at = entry.lastIndexOf(":");
      const kind = AXIS_KINDS.find((one) => one === entry.slice(at + 1));
      if (at > 0 && kind) kinds.set(entry.slice(0, at), kind);
    }
    return kinds;
  },
  write: (kinds) => NAMES.write([...kinds].map((pair) => pair.join(":"))),
};
