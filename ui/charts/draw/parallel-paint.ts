import { continues, type Parallel } from "../prepare/parallel";
import type { ParallelLayout } from "../prepare/parallel-layout";
import type { ThemeColors } from "./use-theme";

export interface Scene {
  readonly chart: Parallel;
  readonly layout: ParallelLayout;
  /** Of each run, 1 where it passes every filter. */
  readonly passing: Uint8Array;
  readonly theme: ThemeColors;
}

export interface Canvases {
  /** Every run that has ended, grey: drawn once, it stays while a brush moves. */
  readonly back: HTMLCanvasElement;
  /** Those that pass, in colour. */
  readonly fore: HTMLCanvasElement;
  /** Those that go on: few, and they change. */
  readonly live: HTMLCanvasElement;
  /** The best, the chosen and the one that is pointed at. */
  readonly over: HTMLCanvasElement;
}

export interface Painter {
  /** Drawn from the next frame on; what was being drawn for an older scene is dropped. */
  paint(scene: Scene): void;
  /** Brings one line to the front (-1: none); the others dim. */
  point(index: number): void;
  select(indices: readonly number[]): void;
  close(): void;
}

type Layer = keyof Canvases;

/** Some lines for one layer, in slices. */
interface Job {
  readonly layer: Layer;
  readonly indices: Uint32Array;
  readonly clear: boolean;
  /** Painted aside, and shown when it is whole: new data must not flicker. */
  readonly aside: boolean;
  done: number;
}

/**
 * Painting is the cost (10,000 lines over 8 axes: 131 ms of raster without a GPU, 3.5 ms of script), so a frame takes a slice,
 * sized by how long the last frames took, in an order that makes an unfinished picture a fair sample of the whole.
 * `onDrawn` hears how many lines stand in the foreground whenever all is painted.
 */
export function createPainter(canvases: Canvases, onDrawn: (lines: number) => void): Painter {
  let scene: Scene | undefined;
  /** What the layers show, or will when the jobs are done. */
  let shown: Scene | undefined;
  let jobs: Job[] = [];
  let frame = 0;
  let over = false;
  let pointed = -1;
  let selected: readonly number[] = [];
  let budget = FIRST_BUDGET;
  let lastFrame = 0;
  let backOf: Parallel | undefined;
  const aside = document.createElement("canvas");

  const wake = () => {
    frame ||= requestAnimationFrame(onFrame);
  };
  const onFrame = (now: number) => {
    frame = 0;
    if (!scene) return;
    if (scene !== shown) plan(scene);
    const job = jobs[0];
    if (job) {
      // Before this frame a slice was rastered: the pause tells what it cost.
      if (lastFrame > 0) budget = adapt(budget, now - lastFrame);
      lastFrame = now;
      paintSlice(scene, job);
    } else lastFrame = 0;
    if (over) paintOver(scene);
    if (jobs.length > 0) wake();
    else if (job) onDrawn(countOf(scene));
  };

  const plan = (next: Scene) => {
    const before = shown;
    shown = next;
    over = true;
    const resized = resize(canvases, next.layout);
    const same = before !== undefined && !resized && before.theme === next.theme;
    if (same && isContinued(before, next)) {
      // A job under way goes on: its indices mean the same runs.
      jobs = [...jobs.filter(({ layer }) => layer !== "live"), ...toAppended(before, next)];
    } else {
      const sameChart = same && before.chart === next.chart;
      const aside = same && !sameChart && looksAlike(before.chart, next.chart);
      const back = sameChart ? jobs.filter(({ layer }) => layer === "back") : [];
      jobs = [...back, { layer: "fore", indices: toOrder(next, isForeground), clear: true, aside, done: 0 }];
      if (!sameChart) backOf = undefined;
    }
    const hidden = next.passing.includes(0);
    canvases.back.style.visibility = hidden ? "visible" : "hidden";
    if (hidden && backOf !== next.chart) {
      // First, and once: while a brush moves the foreground begins anew with each frame.
      const clear = backOf === undefined;
      const indices = backOf ? toEnded(backOf, next.chart) : toOrder(next, isOver);
      jobs.unshift({ layer: "back", indices, clear, aside: false, done: 0 });
      backOf = next.chart;
    }
    const live = Uint32Array.from(next.chart.active);
    jobs.push({ layer: "live", indices: live, clear: true, aside: false, done: 0 });
  };

  const paintSlice = (now: Scene, job: Job) => {
    const { chart, layout, passing, theme } = now;
    const own = canvases[job.layer];
    const target = job.aside ? aside : own;
    const context = target.getContext("2d");
    if (!context) return;
    if (job.done === 0) {
      if (job.aside) {
        aside.width = own.width;
        aside.height = own.height;
      }
      const ratio = own.width / Math.max(1, layout.width);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      if (job.clear) context.clearRect(0, 0, layout.width, layout.height);
    }
    const size = Math.max(50, Math.floor(budget / Math.max(1, chart.axes.length)));
    const slice = job.indices.subarray(job.done, job.done + size);
    job.done += size;
    const shownLines = countOf(now);
    if (job.layer === "back") {
      style(context, theme.token("quiet-mark"), "none", 1, toBackAlpha(chart.runs.length));
      trace(context, layout, slice);
    } else {
      const lines = job.layer === "live" ? slice.filter((i) => passing[i]) : slice;
      const alpha = job.layer === "live" ? Math.max(0.6, toAlpha(shownLines)) : toAlpha(shownLines);
      for (const bucket of chart.layers) {
        const color = chart.colors[bucket];
        const own = lines.filter((i) => chart.buckets[i] === bucket);
        if (!color || own.length === 0) continue;
        const width = shownLines > THIN_FROM || color.faint ? 1 : 1.4;
        style(context, theme.of(color.css), color.dash, width, color.faint ? alpha * FAINT : alpha);
        trace(context, layout, own);
      }
    }
    if (job.done < job.indices.length) return;
    jobs.shift();
    if (!job.aside) return;
    const visible = own.getContext("2d");
    if (!visible) return;
    visible.setTransform(1, 0, 0, 1, 0, 0);
    visible.clearRect(0, 0, own.width, own.height);
    visible.drawImage(aside, 0, 0);
    const ratio = own.width / Math.max(1, layout.width);
    visible.setTransform(ratio, 0, 0, ratio, 0, 0);
  };

  const paintOver = ({ chart, layout, passing, theme }: Scene) => {
    over = false;
    const context = canvases.over.getContext("2d");
    if (!context) return;
    const ratio = canvases.over.width / Math.max(1, layout.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    const draw = (index: number, color: string, width: number) => {
      const one = Uint32Array.of(index);
      style(context, theme.token("paper"), "none", width + 2.5, 0.85);
      trace(context, layout, one);
      style(context, color, "none", width, 1);
      trace(context, layout, one);
    };
    for (const index of selected) draw(index, theme.token("ink"), 1.75);
    if (passing[chart.best]) draw(chart.best, theme.token("best-mark"), 2.5);
    if (pointed >= 0 && pointed < chart.runs.length) {
      const color = chart.colors[chart.buckets[pointed] ?? 0];
      const own = pointed === chart.best ? theme.token("best-mark") : theme.of(color?.css ?? "var(--ink)");
      draw(pointed, own, 3);
      mark(context, layout, pointed, own, theme.token("paper"));
    }
    const dim = pointed >= 0 ? "0.3" : "";
    canvases.fore.style.opacity = dim;
    canvases.live.style.opacity = dim;
  };

  return {
    paint(next) {
      scene = next;
      wake();
    },
    point(index) {
      if (index === pointed) return;
      pointed = index;
      over = true;
      wake();
    },
    select(indices) {
      selected = indices;
      over = true;
      wake();
    },
    close() {
      cancelAnimationFrame(frame);
      scene = undefined;
    },
  };
}

/** Segments a frame: 12,000 took 25 ms where there was no GPU. */
const FIRST_BUDGET = 12_000;

/** Frames of more than 40 ms make the next slice smaller, fast ones larger. */
const adapt = (budget: number, tookMs: number): number =>
  tookMs > 40 ? Math.max(3_000, budget * 0.7) : tookMs < 25 ? Math.min(80_000, budget * 1.3) : budget;

const THIN_FROM = 1_000;

/** Of lines of runs that did not end well. */
const FAINT = 0.5;

/**
 * The more lines, the fainter each; by powers of two, so that a line more changes nothing. Not as faint as HiPlot's
 * 2/n^0.3: lines of one stroke do not add up where they cross, and a single one has to stay visible.
 */
function toAlpha(lines: number): number {
  const step = 2 ** Math.ceil(Math.log2(Math.max(1, lines)));
  return Math.min(0.95, 1.35 / step ** 0.12);
}

/** What does not pass is a shade behind the rest, however much it is. */
const toBackAlpha = (lines: number): number => Math.min(0.4, 1.2 / Math.max(1, lines) ** 0.35);

const isOver = ({ unsettled }: Sorted, i: number): boolean => !unsettled.has(i);
const isForeground = (sorted: Sorted, i: number): boolean => sorted.passing[i] === 1 && isOver(sorted, i);

interface Sorted {
  readonly passing: Uint8Array;
  readonly unsettled: ReadonlySet<number>;
}

/** Shuffled, always in the same way. */
function toOrder({ chart, passing }: Scene, belongs: (sorted: Sorted, i: number) => boolean): Uint32Array {
  const sorted = { passing, unsettled: new Set(chart.active) };
  const order: number[] = [];
  for (let i = 0; i < chart.runs.length; i++) if (belongs(sorted, i)) order.push(i);
  let state = 1;
  for (let i = order.length - 1; i > 0; i--) {
    // Numerical Recipes' generator: any fixed shuffle will do.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return Uint32Array.from(order);
}

const countOf = (scene: Scene): number => {
  let count = 0;
  for (const one of scene.passing) count += one;
  return count;
};

/** All that was painted stands where it stood and looks as it looked. */
function isContinued(before: Scene, next: Scene): boolean {
  if (toAlpha(countOf(before)) !== toAlpha(countOf(next))) return false;
  if (countOf(before) > THIN_FROM !== countOf(next) > THIN_FROM) return false;
  for (let i = 0; i < before.passing.length; i++) if (before.passing[i] !== next.passing[i]) return false;
  return continues(before.chart, next.chart);
}

/** The foreground lines that are new since. */
const toAppended = (before: Scene, next: Scene): Job[] => {
  const indices = toEnded(before.chart, next.chart).filter((i) => next.passing[i] === 1);
  return indices.length > 0 ? [{ layer: "fore", indices, clear: false, aside: false, done: 0 }] : [];
};

/** Runs that have ended since, or are new and over. */
function toEnded(before: Parallel, next: Parallel): Uint32Array {
  const unsettled = new Set(next.active);
  const ended = before.active.filter((i) => !unsettled.has(i));
  for (let i = before.runs.length; i < next.runs.length; i++) if (!unsettled.has(i)) ended.push(i);
  return Uint32Array.from(ended);
}

const looksAlike = (before: Parallel, next: Parallel): boolean =>
  before.axes.length === next.axes.length &&
  before.axes.every((axis, i) => {
    const other = next.axes[i];
    return axis.id === other?.id && axis.kind === other.kind && axis.flipped === other.flipped;
  });

/** More dots than two a pixel are not seen, and cost. */
const MOST_RATIO = 2;

/** @returns whether a canvas changed its size, which empties it */
function resize(canvases: Canvases, { width, height }: ParallelLayout): boolean {
  const ratio = Math.min(MOST_RATIO, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  let changed = false;
  for (const canvas of Object.values(canvases) as HTMLCanvasElement[]) {
    if (canvas.width === w && canvas.height === h) continue;
    canvas.width = w;
    canvas.height = h;
    changed = true;
  }
  return changed;
}

function style(context: CanvasRenderingContext2D, color: string, dash: string, width: number, alpha: number) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.globalAlpha = alpha;
  context.lineJoin = "round";
  context.setLineDash(dash === "none" ? [] : dash.split(" ").map(Number));
}

/** One path for all of them. */
function trace(context: CanvasRenderingContext2D, { xs, ys }: ParallelLayout, indices: Uint32Array): void {
  const count = xs.length;
  context.beginPath();
  for (const index of indices) {
    const at = index * count;
    context.moveTo(xs[0] as number, ys[at] as number);
    for (let a = 1; a < count; a++) context.lineTo(xs[a] as number, ys[at + a] as number);
  }
  context.stroke();
}

/** A dot where the line crosses each axis. */
function mark(
  context: CanvasRenderingContext2D,
  { xs, ys }: ParallelLayout,
  index: number,
  color: string,
  ground: string,
): void {
  context.fillStyle = color;
  context.strokeStyle = ground;
  context.lineWidth = 1.5;
  for (let a = 0; a < xs.length; a++) {
    context.beginPath();
    context.arc(xs[a] as number, ys[index * xs.length + a] as number, 4, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}
