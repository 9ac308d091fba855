import { createPainter } from "@/ui/charts/draw/parallel-paint";
import type { ThemeColors } from "@/ui/charts/draw/use-theme";
import { toRampColor, toThemeColor } from "@/ui/charts/palette";
import { type ChartRun, objectiveDimension, parameterDimension } from "@/ui/charts/prepare/dimension";
import { markPassing, prepareParallel } from "@/ui/charts/prepare/parallel";
import { layOut, nearestLine } from "@/ui/charts/prepare/parallel-layout";

/** What bench/charts.ts asks of the page: it runs in the browser. */
declare global {
  interface Window {
    benchParallel(runs: number): Promise<ParallelTimes>;
  }
}

export interface ParallelTimes {
  readonly prepare: number;
  readonly layout: number;
  readonly mark: number;
  readonly nearest: number;
  /** From the call until the last frame's pixels. */
  readonly paint: number;
  readonly frames: number;
  readonly longestFrame: number;
}

const NAMES = ["a", "b", "c", "d", "e", "f", "g"];

window.benchParallel = async (count) => {
  const runs = makeRuns(count);
  const dimensions = NAMES.map((name) => parameterDimension(name, runs));
  const loss = objectiveDimension("loss", runs);
  const prepare = () =>
    prepareParallel({ runs, dimensions: [...dimensions, loss], color: loss, goal: "minimize", bestId: "0" });
  const chart = prepare();
  const layout = layOut(chart, 1_344, 344);
  const [rest, passing] = [new Uint8Array(count).fill(1), new Uint8Array(count).fill(1)];
  const brushes = new Map(["p.a", "p.b", "p.c"].map((id) => [id, { ranges: [[0.1, 0.8]] as const }]));
  const whole = new Uint8Array(count).fill(1);
  const canvases = Object.fromEntries(
    (["back", "fore", "live", "over"] as const).map((layer) => {
      const canvas = document.body.appendChild(document.createElement("canvas"));
      canvas.style.cssText = "position: absolute; inset: 0";
      return [layer, canvas];
    }),
  ) as unknown as Parameters<typeof createPainter>[0];
  const paints: { took: number; frames: number; longest: number }[] = [];
  for (let round = 0; round < 5; round++) {
    // A new object: the same scene would have nothing to paint.
    const scene = { chart: prepare(), layout, passing: whole, theme: toTheme() };
    paints.push(
      await new Promise((resolve) => {
        const began = performance.now();
        let [frames, last, longest, painted] = [0, began, 0, false];
        const painter = createPainter(canvases, () => {
          painted = true;
        });
        painter.paint(scene);
        const onFrame = () => {
          const now = performance.now();
          frames++;
          longest = Math.max(longest, now - last);
          last = now;
          if (!painted) return requestAnimationFrame(onFrame);
          painter.close();
          resolve({ took: now - began, frames, longest });
        };
        requestAnimationFrame(onFrame);
      }),
    );
  }
  const paint = paints.sort((a, b) => a.took - b.took)[2];
  return {
    prepare: medianOf(15, prepare),
    layout: medianOf(15, () => layOut(chart, 1_344, 344)),
    mark: medianOf(50, () => markPassing(chart.axes, brushes, rest, passing)),
    nearest: medianOf(50, () => nearestLine(layout, whole, 700, 150, 9)),
    paint: paint?.took ?? Number.NaN,
    frames: paint?.frames ?? 0,
    longestFrame: paint?.longest ?? Number.NaN,
  };
};

function medianOf(times: number, task: () => unknown): number {
  const all: number[] = [];
  for (let i = 0; i < times; i++) {
    const began = performance.now();
    task();
    all.push(performance.now() - began);
  }
  return all.sort((a, b) => a - b)[times >> 1] ?? Number.NaN;
}

/** Numbers, decades and categories, one after the other. */
function makeRuns(count: number): ChartRun[] {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, (_, i) => ({
    id: String(i),
    name: String(i),
    displayName: `run-${i}`,
    state: "finished",
    ordinal: i,
    objective: random(),
    feasible: true,
    createdAt: "2026-01-01T00:00:00Z",
    startedAt: null,
    finishedAt: null,
    agent: null,
    flat: new Map(
      NAMES.map((name, k) => [
        name,
        k % 3 === 0 ? random() : k % 3 === 1 ? 10 ** (-5 * random()) : `option ${Math.floor(random() * 5)}`,
      ]),
    ),
    metrics: new Map(),
  }));
}

const toTheme = (): ThemeColors => ({
  theme: "light",
  token: () => "#85888e",
  of: (color) => (color.startsWith("var(") ? "#85888e" : toThemeColor(color, "light")),
  category: () => "#0072b2",
  ramp: (at) => toRampColor(at, "light"),
});
