"use client";

import { type PointerEvent, useEffect, useRef, useState } from "react";
import { formatNumber } from "@/ui/format";
import { BOX, toPercent, toX, toY } from "../axis";
import { type Line, type Lines, nearestIndex, nearestLine } from "../prepare/lines";
import { DataTable, Frame } from "./frame";
import { paintLines } from "./lines-canvas";
import { createPointedStore, type PointedStore, usePointed } from "./pointed";
import { useTheme } from "./use-theme";

/** Up to so many points are drawn as SVG, which the server can draw too; more on a canvas. */
const MOST_SVG_POINTS = 4_000;

export function LinesChart(props: {
  chart: Lines;
  /** Tailwind height of the plot. */
  height?: string;
  /** Shared by the charts of a page, each of which shows its value where one of them is pointed at. */
  pointed?: PointedStore;
  /** A part of the x axis was dragged over; undefined goes back to all of it. */
  onZoom?: (range: readonly [number, number] | undefined) => void;
}) {
  const { chart, height = "h-40", onZoom } = props;
  const [own] = useState(createPointedStore);
  const pointed = props.pointed ?? own;
  const points = chart.lines.reduce((sum, line) => sum + line.x.length, 0);
  const onCanvas = points > MOST_SVG_POINTS;
  return (
    <figure>
      <Frame
        x={chart.x}
        y={chart.y}
        summary={chart.summary}
        height={height}
        showYLabel={false}
        overlay={
          <>
            {onCanvas && <Canvas chart={chart} pointed={pointed} />}
            <Pointing chart={chart} pointed={pointed} onZoom={onZoom} />
          </>
        }
      >
        {!onCanvas && <Marks chart={chart} pointed={pointed} />}
      </Frame>
      <figcaption className="text-ink-faint text-xs">
        {chart.notes.map((note) => (
          <p key={note}>{note}.</p>
        ))}
      </figcaption>
      <LinesTable chart={chart} />
    </figure>
  );
}

// ------------------------------------------------------------------ as SVG

function Marks({ chart, pointed }: { chart: Lines; pointed: PointedStore }) {
  const keys = new Set(chart.lines.map(({ key }) => key));
  const front = usePointed(pointed, ({ runId }) =>
    runId !== undefined && keys.size > 1 && keys.has(runId) ? runId : undefined,
  );
  const marks = chart.lines.map((one) => (
    <LineMarks key={one.key} line={one} dim={front !== undefined && front !== one.key} />
  ));
  if (!chart.cut) return marks;
  return (
    <svg width={BOX} height={BOX} overflow="hidden" aria-hidden="true">
      {marks}
    </svg>
  );
}

function LineMarks({ line, dim }: { line: Line; dim: boolean }) {
  const { category, at, y, ghost, low, high, spikes } = line;
  return (
    <g style={{ color: category.color }} {...(dim && { opacity: DIM })}>
      {low && high && <path d={bandPath(at, low, high)} fill="currentColor" fillOpacity={0.22} />}
      {ghost && (
        <path
          d={linePaths(at, ghost).lines}
          fill="none"
          stroke="currentColor"
          strokeWidth={1}
          strokeOpacity={0.35}
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      )}
      {low && high && spikes.length > 0 && (
        <path
          d={spikes
            .map((i) => `M${toX(at[i] as number)},${toY(low[i] as number)}V${toY(high[i] as number)}`)
            .join("")}
          stroke="currentColor"
          strokeWidth={1}
          vectorEffect="non-scaling-stroke"
        />
      )}
      <Strokes paths={linePaths(at, y)} dash={category.dash} />
    </g>
  );
}

function Strokes({ paths: { lines, dots }, dash }: { paths: { lines: string; dots: string }; dash: string }) {
  const shared = {
    fill: "none",
    stroke: "currentColor",
    strokeLinecap: "round",
    strokeLinejoin: "round",
    vectorEffect: "non-scaling-stroke",
  } as const;
  return (
    <>
      {lines && (
        <path {...shared} d={lines} strokeWidth={1.75} {...(dash !== "none" && { strokeDasharray: dash })} />
      )}
      {dots && <path {...shared} d={dots} strokeWidth={5} />}
    </>
  );
}

/** Stretches without a gap as one path; single points as dots, a zero-length stroke each. */
function linePaths(at: Float64Array, y: Float64Array): { lines: string; dots: string } {
  let [lines, dots, stretch, length] = ["", "", "", 0];
  const end = () => {
    if (length === 1) dots += `${stretch}h0`;
    else lines += stretch;
    [stretch, length] = ["", 0];
  };
  for (let i = 0; i < at.length; i++) {
    const [x, height] = [at[i] as number, y[i] as number];
    if (Number.isNaN(x + height)) {
      end();
      continue;
    }
    stretch += `${length === 0 ? "M" : "L"}${toX(x)},${toY(height)}`;
    length++;
  }
  end();
  return { lines, dots };
}

function bandPath(at: Float64Array, low: Float64Array, high: Float64Array): string {
  let path = "";
  for (let start = 0; start < at.length; start++) {
    if (Number.isNaN((at[start] as number) + (low[start] as number))) continue;
    let [up, down, i] = ["", "", start];
    for (; i < at.length && !Number.isNaN((at[i] as number) + (low[i] as number)); i++) {
      const x = toX(at[i] as number);
      up += `${i === start ? "M" : "L"}${x},${toY(high[i] as number)}`;
      down = `L${x},${toY(low[i] as number)}${down}`;
    }
    path += `${up}${down}Z`;
    start = i;
  }
  return path;
}

// ------------------------------------------------------------------ on a canvas

/** How much is left of the lines beside the one that is pointed at. */
const DIM = 0.25;

/** Two layers: all lines, painted when they or the theme change, and the one that is pointed at above them. */
function Canvas({ chart, pointed }: { chart: Lines; pointed: PointedStore }) {
  const colors = useTheme();
  const base = useRef<HTMLCanvasElement>(null);
  const front = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const [below, above] = [base.current, front.current];
    if (!below || !above) return;
    let raised: string | undefined;
    const raise = () => {
      const { runId } = pointed.now();
      const line = chart.lines.find(({ key }) => key === runId);
      if (line?.key === raised) return;
      raised = line?.key;
      const sheet = clear(above);
      below.style.opacity = String(line ? DIM : 1);
      if (sheet && line) paintLines(sheet.context, { lines: [line] }, { ...sheet, colors, strong: true });
    };
    const paint = () => {
      const sheet = clear(below);
      if (sheet) paintLines(sheet.context, chart, { ...sheet, colors });
      // For whoever measures how long a chart takes (bench/charts-lines.ts).
      below.dataset.painted = String(performance.now());
      raised = "";
      raise();
    };
    const resized = new ResizeObserver(paint);
    resized.observe(below);
    const stop = pointed.subscribe(raise);
    return () => {
      resized.disconnect();
      stop();
    };
  }, [chart, colors, pointed]);
  return (
    <div aria-hidden="true" className="absolute inset-0 overflow-hidden">
      <canvas ref={base} data-lines={chart.lines.length} className="absolute inset-0 size-full" />
      <canvas ref={front} className="absolute inset-0 size-full" />
    </div>
  );
}

function clear(
  canvas: HTMLCanvasElement,
): { context: CanvasRenderingContext2D; width: number; height: number } | undefined {
  const context = canvas.getContext("2d");
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!context || width === 0 || height === 0) return undefined;
  const ratio = Math.min(2, devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

// ------------------------------------------------------------------ what the pointer does

/** A drag shorter than this is a click that slipped. */
const LEAST_DRAG_PX = 5;

function Pointing(props: {
  chart: Lines;
  pointed: PointedStore;
  onZoom: ((range: readonly [number, number] | undefined) => void) | undefined;
}) {
  const { chart, pointed, onZoom } = props;
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const placeOf = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const within = (at: number) => Math.min(1, Math.max(0, at));
    return {
      x: within((event.clientX - box.left) / box.width),
      y: 1 - (event.clientY - box.top) / box.height,
      box,
    };
  };
  const move = (event: PointerEvent<HTMLDivElement>) => {
    const { x, y, box } = placeOf(event);
    if (drag) return setDrag({ ...drag, to: x });
    const found = nearestLine(chart, { x, y }, box.height / box.width);
    pointed.set(found ? { runId: found.line.key, x: found.line.x[found.index] } : {});
  };
  const press = (event: PointerEvent<HTMLDivElement>) => {
    if (!onZoom || event.button !== 0 || event.pointerType === "touch") return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { x } = placeOf(event);
    setDrag({ from: x, to: x });
  };
  const release = (event: PointerEvent<HTMLDivElement>) => {
    setDrag(undefined);
    if (!drag || !onZoom) return;
    const { box } = placeOf(event);
    const [low, high] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if ((high - low) * box.width < LEAST_DRAG_PX) return;
    onZoom([chart.x.scale.invert(low), chart.x.scale.invert(high)]);
  };
  return (
    <div
      className={`absolute inset-0 touch-pan-y select-none ${onZoom ? "cursor-crosshair" : ""}`}
      onPointerMove={move}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={() => setDrag(undefined)}
      onPointerLeave={() => pointed.set({})}
      {...(onZoom && { onDoubleClick: () => onZoom(undefined) })}
      aria-hidden="true"
    >
      {drag ? (
        <span
          className="absolute inset-y-0 border-ink border-x bg-ink/10"
          style={{
            left: toPercent(Math.min(drag.from, drag.to)),
            width: toPercent(Math.abs(drag.to - drag.from)),
          }}
        />
      ) : (
        <CrossHair chart={chart} pointed={pointed} />
      )}
    </div>
  );
}

/** At the same place along x as on the chart that is pointed at, with this chart's value of the same run. */
function CrossHair({ chart, pointed }: { chart: Lines; pointed: PointedStore }) {
  const x = usePointed(pointed, (now) => now.x);
  const runId = usePointed(pointed, (now) => now.runId);
  if (x === undefined) return null;
  const at = chart.x.scale.at(x);
  if (!(at >= 0 && at <= 1)) return null;
  const line = chart.lines.find(({ key }) => key === runId);
  const index = line ? nearestIndex(line, at) : -1;
  const here = line && index >= 0 && (line.at[index] as number) >= 0 && (line.at[index] as number) <= 1;
  return (
    <>
      <span
        data-crosshair
        className="absolute inset-y-0 w-px bg-line-strong"
        style={{ left: toPercent(at) }}
      />
      {here && <Tip chart={chart} line={line} index={index} />}
    </>
  );
}

function Tip({ chart, line, index }: { chart: Lines; line: Line; index: number }) {
  const [at, y] = [line.at[index] as number, line.y[index] as number];
  const value = line.values[index] as number;
  const smoothed = line.smoothed?.[index];
  const runs = line.runs?.[index];
  return (
    <>
      {y >= 0 && y <= 1 && (
        <span
          className="-translate-x-1/2 absolute size-2.5 translate-y-1/2 rounded-full border-2 border-ink bg-surface"
          style={{ left: toPercent(at), bottom: toPercent(y) }}
        />
      )}
      <span
        data-tip
        className={`pointer-events-none absolute top-0 z-10 mx-2 max-w-full whitespace-nowrap rounded-md border border-line bg-surface px-2 py-1 text-xs shadow-(--shadow) ${
          at > 0.5 ? "-translate-x-full -ml-2" : ""
        }`}
        style={{ left: toPercent(at) }}
      >
        <b className="figures font-semibold">{formatNumber(value, 6)}</b>{" "}
        {smoothed !== undefined && (
          <span className="figures text-ink-soft">smoothed {formatNumber(smoothed, 6)} </span>
        )}
        <span className="figures text-ink-soft">{chart.toXText(line.x[index] as number)}</span>
        {chart.lines.length > 1 && (
          <span className="block max-w-64 truncate text-ink-soft">
            {line.label}
            {runs !== undefined && `, ${runs} ${runs === 1 ? "run" : "runs"}`}
          </span>
        )}
      </span>
    </>
  );
}

// ------------------------------------------------------------------ as a table

/** Of one line all its points; of many lines where each begins, ends and reaches to. */
function LinesTable({ chart: { lines, summary, xColumn } }: { chart: Lines }) {
  const [only] = lines;
  if (!only) return null;
  if (lines.length === 1) {
    const rows: string[][] = [];
    only.values.forEach((value, i) => {
      if (!Number.isNaN(value)) rows.push([xColumn.toCell(only.x[i] as number), String(value)]);
    });
    return <DataTable caption={summary} columns={[xColumn.name, only.label]} rows={rows} />;
  }
  return (
    <DataTable
      caption={summary}
      columns={["Line", "First", "Last", "Least", "Greatest"]}
      rows={lines.map((line) => [line.label, ...endsOf(line).map((value) => formatNumber(value, 6))])}
    />
  );
}

function endsOf({ values, min = values, max = values }: Line): number[] {
  let [first, last, least, greatest] = [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    if (Number.isNaN(first)) first = value;
    last = value;
    const [low, high] = [min[i] as number, max[i] as number];
    if (!(low >= least)) least = low;
    if (!(high <= greatest)) greatest = high;
  });
  return [first, last, least, greatest];
}
