import type { Rung } from "@/core/history/bands";

/** What a run's metrics are, in the simplest words: a map from step to values for each attempt. */

/** A finite number, NaN, an infinity, or JSON text of anything else. */
export type ModelCell = number | { json: string };

export interface ModelAttempt {
  number: number;
  resumedFrom: number | null;
  lastBatch: number;
  lastStep: number | null;
  /** Set with its first late batch. */
  overtakenAt: number | null;
  /** By metric name, then by step. */
  cells: Map<string, Map<number, ModelCell>>;
}

export class RunModel {
  readonly attempts: ModelAttempt[] = [openAttempt(1)];

  get current(): ModelAttempt {
    return this.attempts.at(-1) as ModelAttempt;
  }

  next(): ModelAttempt {
    this.attempts.push(openAttempt(this.attempts.length + 1));
    return this.current;
  }

  /** @returns points left out */
  log(
    attempt: ModelAttempt,
    rows: readonly (readonly [number, Readonly<Record<string, unknown>>])[],
    resumedFrom?: number,
  ): number {
    attempt.lastBatch++;
    if (resumedFrom !== undefined) attempt.resumedFrom = resumedFrom;
    const late = attempt !== this.current;
    if (late) attempt.overtakenAt ??= attempt.lastStep ?? -1;
    const floor = Math.max(
      attempt.lastStep ?? 0,
      attempt.resumedFrom ?? 0,
      attempt.overtakenAt === null ? 0 : attempt.overtakenAt + 1,
    );
    const dropped = new Set<string>();
    for (const [step, values] of rows) {
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined || value === null) continue;
        if (step < floor) {
          dropped.add(`${step} ${key}`);
          continue;
        }
        const cells = attempt.cells.get(key) ?? new Map<number, ModelCell>();
        cells.set(step, typeof value === "number" ? value : { json: JSON.stringify(value) });
        attempt.cells.set(key, cells);
      }
    }
    const kept = rows.filter(([step]) => step >= floor);
    if (kept.some(([, values]) => Object.values(values).some((value) => value != null)))
      attempt.lastStep = kept.at(-1)?.[0] ?? attempt.lastStep;
    return dropped.size;
  }

  /** Steps and values of a metric as the run (or one attempt) shows it. */
  view(key: string, attempt = this.current): [number, ModelCell][] {
    const shown = new Map<number, ModelCell>();
    this.#show(key, attempt, Number.MAX_SAFE_INTEGER, shown);
    return [...shown].sort(([a], [b]) => a - b);
  }

  #show(key: string, attempt: ModelAttempt, maxStep: number, shown: Map<number, ModelCell>): void {
    if (attempt.resumedFrom !== null) {
      const parent = this.#parent(attempt.number, attempt.resumedFrom);
      const until = Math.min(maxStep, attempt.resumedFrom, parent?.overtakenAt ?? maxStep);
      if (parent) this.#show(key, parent, until, shown);
    }
    for (const [step, cell] of attempt.cells.get(key) ?? []) if (step <= maxStep) shown.set(step, cell);
  }

  #parent(number: number, step: number): ModelAttempt | undefined {
    const earlier = this.attempts.filter((one) => one.number < number);
    const reach = (one: ModelAttempt) =>
      Math.max(one.overtakenAt ?? one.lastStep ?? -1, one.resumedFrom ?? -1);
    const reached = earlier.filter((one) => reach(one) >= step);
    if (reached.length > 0) return reached.at(-1);
    const furthest = Math.max(-1, ...earlier.map(reach));
    return furthest < 0 ? undefined : earlier.filter((one) => reach(one) === furthest).at(-1);
  }

  keys(): string[] {
    return [...new Set(this.attempts.flatMap((one) => [...one.cells.keys()]))].sort();
  }
}

function openAttempt(number: number): ModelAttempt {
  return { number, resumedFrom: null, lastBatch: 0, lastStep: null, overtakenAt: null, cells: new Map() };
}

type Point = [step: number, value: number];

export const finiteOf = (view: readonly [number, ModelCell][]): Point[] =>
  view.filter((point): point is Point => typeof point[1] === "number" && Number.isFinite(point[1]));

export function summaryOf(view: readonly [number, ModelCell][]) {
  const finite = finiteOf(view);
  const values = finite.map(([, value]) => value);
  const others = view.flatMap(([, cell]) => (typeof cell === "object" ? [cell.json] : []));
  const min = values.length > 0 ? Math.min(...values) : null;
  const max = values.length > 0 ? Math.max(...values) : null;
  return {
    count: finite.length,
    nonFinite: view.length - finite.length - others.length,
    first: values.at(0) ?? null,
    firstStep: finite.at(0)?.[0] ?? null,
    last: values.at(-1) ?? null,
    lastStep: finite.at(-1)?.[0] ?? null,
    min,
    minStep: finite.find(([, value]) => value === min)?.[0] ?? null,
    max,
    maxStep: finite.find(([, value]) => value === max)?.[0] ?? null,
    sum: values.length > 0 ? values.reduce((sum, value) => sum + value, 0) : null,
    lastOther: others.at(-1) ?? null,
  };
}

/** For a minimised metric. */
export function rungsOf(view: readonly [number, ModelCell][], bands: readonly number[]): Rung[] {
  const finite = finiteOf(view);
  return bands.flatMap((band) => {
    const point = finite[band - 1];
    if (point === undefined) return [];
    const best = Math.min(...finite.slice(0, band).map(([, value]) => value));
    return [{ band, value: point[1], best, step: point[0] }];
  });
}
