import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Canvases, createPainter, type Scene } from "@/ui/charts/draw/parallel-paint";
import type { ThemeColors } from "@/ui/charts/draw/use-theme";
import { type ChartRun, objectiveDimension, parameterDimension } from "@/ui/charts/prepare/dimension";
import { prepareParallel } from "@/ui/charts/prepare/parallel";
import { layOut } from "@/ui/charts/prepare/parallel-layout";

/** A canvas that counts: lines begun, and how often it was emptied. */
interface Counted {
  lines: number;
  clears: number;
}

let frames: ((now: number) => void)[] = [];
let now = 0;
beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (frame: (now: number) => void) => frames.push(frame));
  vi.stubGlobal("cancelAnimationFrame", () => {
    frames = [];
  });
  vi.stubGlobal("window", { devicePixelRatio: 1 });
  vi.stubGlobal("document", { createElement: () => makeCanvas().canvas });
});
afterEach(() => vi.unstubAllGlobals());

function makeCanvas(): { canvas: HTMLCanvasElement; counted: Counted } {
  const counted = { lines: 0, clears: 0 };
  const context = new Proxy(
    {},
    {
      get: (_, name) => () => {
        if (name === "moveTo") counted.lines++;
        if (name === "clearRect") counted.clears++;
      },
      set: () => true,
    },
  );
  const canvas = { width: 0, height: 0, style: {}, getContext: () => context };
  return { canvas: canvas as unknown as HTMLCanvasElement, counted };
}

/** @returns how many frames it took until nothing was left to paint */
function runFrames(msEach = 16, most = Number.POSITIVE_INFINITY): number {
  let count = 0;
  for (; frames.length > 0 && count < most; count++) {
    now += msEach;
    for (const frame of frames.splice(0)) frame(now);
  }
  return count;
}

const THEME: ThemeColors = {
  theme: "light",
  token: () => "#000",
  of: () => "#000",
  category: () => "#000",
  ramp: () => "#000",
};

const makeRun = (i: number, state = "finished"): ChartRun => ({
  id: String(i),
  name: String(i),
  displayName: String(i),
  state,
  ordinal: i,
  objective: state === "finished" ? (i % 100) / 100 : null,
  feasible: true,
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: null,
  finishedAt: null,
  agent: null,
  flat: new Map([["x", i % 50]]),
  metrics: new Map(),
});

function makeScene(runs: readonly ChartRun[], passes: (i: number) => boolean = () => true): Scene {
  const loss = objectiveDimension("loss", runs);
  const chart = prepareParallel({ runs, dimensions: [parameterDimension("x", runs), loss], color: loss });
  return {
    chart,
    layout: layOut(chart, 800, 344),
    passing: Uint8Array.from(runs, (_, i) => (passes(i) ? 1 : 0)),
    theme: THEME,
  };
}

function open() {
  const layers = { back: makeCanvas(), fore: makeCanvas(), live: makeCanvas(), over: makeCanvas() };
  const drawn: number[] = [];
  const canvases = Object.fromEntries(
    Object.entries(layers).map(([layer, { canvas }]) => [layer, canvas]),
  ) as unknown as Canvases;
  return { painter: createPainter(canvases, (lines) => drawn.push(lines)), layers, drawn };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => makeRun(i));

test("many lines are painted over several frames, each once, and told when all are there", () => {
  const { painter, layers, drawn } = open();
  painter.paint(makeScene(many(20_000)));
  expect(runFrames()).toBeGreaterThan(3);
  expect(layers.fore.counted.lines).toBe(20_000);
  expect(drawn).toEqual([20_000]);
});

test("slow frames make the slices smaller", () => {
  const [fast, slow] = [16, 80].map((ms) => {
    const { painter } = open();
    painter.paint(makeScene(many(60_000)));
    return runFrames(ms);
  });
  expect(slow).toBeGreaterThan(fast ?? 0);
});

test("new runs inside the scales are painted on top: the others are not touched", () => {
  const { painter, layers, drawn } = open();
  const runs = [...many(600), makeRun(600, "running")];
  painter.paint(makeScene(runs));
  runFrames();
  const before = { ...layers.fore.counted };
  painter.paint(
    makeScene([...runs.slice(0, 600), ...Array.from({ length: 21 }, (_, i) => makeRun(600 + i))]),
  );
  runFrames();
  expect(layers.fore.counted).toEqual({ lines: before.lines + 21, clears: before.clears });
  expect(drawn).toEqual([601, 621]);
});

test("while a brush moves the background is painted once, and a drawing that is overtaken is dropped", () => {
  const { painter, layers, drawn } = open();
  const scene = makeScene(many(5_000));
  painter.paint(scene);
  runFrames();
  for (let step = 1; step <= 5; step++) {
    const passing = Uint8Array.from(scene.passing, (_, i) => (i % 50 > step ? 1 : 0));
    painter.paint({ ...scene, passing });
    runFrames(16, 1);
  }
  runFrames();
  expect(layers.back.counted).toEqual({ lines: 5_000, clears: 1 });
  expect(drawn).toEqual([5_000, 4_400]);
});
