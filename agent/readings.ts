import type { Point } from "@/client/columns";
import { type Goal, isBetter } from "@/core/sweep";
import type { MetricLine } from "./metric-line";

/** What one run's lines add up to: the step that each belongs to, and the best value of the sweep's metric. */
export class Readings {
  best: number | undefined;
  private lastStep = -1;

  constructor(private readonly metric: { name: string; goal: Goal } | undefined) {}

  /** Undefined when the line goes back to an earlier step: within an attempt, steps only go forward. */
  read({ step = this.lastStep + 1, entries }: MetricLine, timeMs: number): Point | undefined {
    if (step < this.lastStep) return undefined;
    this.lastStep = step;
    for (const [key, value] of entries) if (key === this.metric?.name) this.observe(value, this.metric.goal);
    return { step, timeMs, entries };
  }

  private observe(value: unknown, goal: Goal): void {
    if (typeof value !== "number") return;
    if (this.best === undefined || isBetter(goal, value, this.best)) this.best = value;
  }
}
