import type { Point } from "@/client/columns";
import { type Goal, isBetter } from "@/core/sweep";
import type { MetricLine } from "./metric-line";

export interface ReadingsOptions {
  metric: { name: string; goal: Goal } | undefined;
  /** Each point, in order of step. */
  onPoint: (point: Point) => void;
  /** How long lines without a step wait for the first line with one. */
  holdMs?: number;
}

/** What a program gets to print its first step, in time and in lines (of at most a megabyte each). */
const HOLD_MS = 30_000;
export const MAX_HELD = 32;
/** Names that are remembered; whoever makes them up as it goes must not fill memory. */
const MAX_NAMES = 1_000;

/**
 * What one run's lines add up to: the step that each belongs to, and the best value of the sweep's metric.
 *
 * A line without a step belongs to the last step that was printed. As long as none was, such lines are counted from 0;
 * but they may be a structured log before the training starts, and must not take the place of its first steps. So the
 * first is passed on at once, as step 0 (no step lies below it), and the ones after it wait for a step to show up:
 * none of them then comes to lie above that step. When none shows up in time, the program is one that has no steps.
 */
export class Readings {
  best: number | undefined;
  readonly names = new Set<string>();
  private lastStep: number | undefined;
  private isExplicit = false;
  private held: Omit<Point, "step">[] | undefined = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ReadingsOptions) {}

  /** False when the line goes back to an earlier step: within an attempt, steps only go forward. */
  read({ step, entries }: MetricLine, timeMs: number): boolean {
    if (step === undefined) {
      this.place({ timeMs, entries });
      return true;
    }
    this.release(step);
    this.isExplicit = true;
    if (this.lastStep !== undefined && step < this.lastStep) return false;
    this.pass(step, { timeMs, entries });
    return true;
  }

  /** The program goes on behind this step. False when it comes too late to say so: something was logged already. */
  resume(step: number): boolean {
    if (this.lastStep !== undefined) return false;
    this.lastStep = step;
    this.held = undefined;
    return true;
  }

  /** Nothing more is coming. */
  end(): void {
    this.release();
  }

  private place(point: Omit<Point, "step">): void {
    if (this.lastStep === undefined) this.pass(0, point);
    else if (this.isExplicit) this.pass(this.lastStep, point);
    else if (this.held === undefined) this.pass(this.lastStep + 1, point);
    else {
      this.held.push(point);
      if (this.held.length >= MAX_HELD) this.release();
      else this.timer ??= setTimeout(() => this.release(), this.options.holdMs ?? HOLD_MS).unref();
    }
  }

  /** Passes on what waited, counted, none of it above `most`. */
  private release(most = Number.POSITIVE_INFINITY): void {
    clearTimeout(this.timer);
    const { held = [] } = this;
    this.held = undefined;
    for (const point of held) this.pass(Math.min((this.lastStep ?? -1) + 1, most), point);
  }

  private pass(step: number, point: Omit<Point, "step">): void {
    this.lastStep = step;
    this.observe(point.entries);
    this.options.onPoint({ step, ...point });
  }

  private observe(entries: Point["entries"]): void {
    const { metric } = this.options;
    for (const [key, value] of entries) {
      if (this.names.size < MAX_NAMES) this.names.add(key);
      if (key !== metric?.name || typeof value !== "number") continue;
      if (this.best === undefined || isBetter(metric.goal, value, this.best)) this.best = value;
    }
  }
}
