import type { ReactElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { BestSoFarChart } from "@/ui/charts/draw/best-so-far";
import { LinesChart } from "@/ui/charts/draw/lines";
import { ProgressLegend, ProgressStrip } from "@/ui/charts/draw/progress-strip";
import { type Improvement, prepareBestSoFar } from "@/ui/charts/prepare/best-so-far";
import { prepareLines } from "@/ui/charts/prepare/lines";
import { prepareProgress } from "@/ui/charts/prepare/progress";

/** One tag a line, so that a difference is read where it is. `npx vitest run -u test/ui/pictures` draws them anew. */
const draw = (element: ReactElement): string =>
  `${renderToStaticMarkup(element).replaceAll("><", ">\n<").replaceAll("\u00a0", " ")}\n`;

const START = Date.UTC(2026, 0, 1);
const run = (value: number, i: number): Improvement & { state: "finished" | "failed" } => ({
  id: String(i),
  label: `run-${i + 1}`,
  value,
  atMs: START + (i + 1) * 5_000,
  order: i + 1,
  state: value < 0.8 ? "failed" : "finished",
});

describe("each chart is a committed picture", () => {
  test("best so far, with a target and a run far off", async () => {
    const ended = [0.62, 0.81, 0.79, 0.9, 0.88, 0.05, 0.93, 0.91, 0.92].map(run);
    const chart = prepareBestSoFar({
      metric: "accuracy",
      goal: "maximize",
      axis: "order",
      startMs: START,
      endMs: START + 60_000,
      improvements: [0, 1, 3, 6].flatMap((i) => ended[i] ?? []),
      ended,
      endedCount: 9,
      target: 0.95,
      log: false,
    });
    if (!chart) throw new Error("nothing to draw");
    await expect(draw(<BestSoFarChart chart={chart} startMs={START} />)).toMatchFileSnapshot(
      "../golden/best-so-far.html",
    );
  });

  test("a metric's line with a gap, a band and a log scale", async () => {
    const chart = prepareLines({
      metric: "loss",
      log: true,
      lines: [
        {
          key: "1",
          label: "run-1",
          x: [0, 8, 16, 24, 32],
          points: 40,
          values: [2.3, 1.1, null, 0.4, 0.2],
          min: [2, 0.9, null, 0.3, 0],
          max: [2.6, 1.3, null, 9, 0.3],
          nonFinite: 1,
        },
      ],
    });
    if (!chart) throw new Error("nothing to draw");
    await expect(draw(<LinesChart chart={chart} />)).toMatchFileSnapshot("../golden/lines.html");
  });

  test("two runs by time in a part of it, smoothed, outliers clipped", async () => {
    const values = Array.from({ length: 12 }, (_, i) => (i === 7 ? 90 : 3 - i / 6 + (i % 3) / 5));
    const chart = prepareLines({
      metric: "val/loss",
      along: { kind: "elapsed" },
      range: [60_000, 600_000],
      smoothing: 0.7,
      clip: true,
      lines: [
        { key: "1", label: "run-1", slot: 0, x: values.map((_, i) => i * 60_000), values },
        {
          key: "2",
          label: "run-2",
          slot: 8,
          x: values.map((_, i) => i * 60_000),
          values: values.map((value) => value + 1),
          min: values.map((value) => value + 0.5),
          max: values.map((value) => value + 1.5),
          points: 120,
        },
      ],
    });
    if (!chart) throw new Error("nothing to draw");
    await expect(draw(<LinesChart chart={chart} />)).toMatchFileSnapshot("../golden/lines-smoothed.html");
  });

  test("progress, a cell a run and in shares", async () => {
    const counts = {
      total: 6,
      pending: 0,
      running: 2,
      finished: 3,
      failed: 1,
      crashed: 0,
      killed: 0,
      preempting: 0,
      preempted: 0,
    };
    const states = ["finished", "failed", "finished", "finished", "running", "running"] as const;
    const input = { state: "running" as const, counts, aliveAgents: 2, recentEndsMs: [], nowMs: START };
    const cells = states.map((state, i) => ({ state, label: `run-${i + 1}`, best: i === 2 }));
    for (const [name, progress] of [
      ["cells", prepareProgress({ ...input, goal: 8, cells })],
      ["shares", prepareProgress({ ...input, goal: 13_020 })],
      ["endless", prepareProgress(input)],
    ] as const)
      await expect(
        draw(
          <>
            <ProgressStrip progress={progress} />
            <ProgressLegend progress={progress} />
          </>,
        ),
      ).toMatchFileSnapshot(`../golden/progress-${name}.html`);
  });
});
