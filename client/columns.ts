/** What one step logged. Values are as they go over the wire: non-finite numbers are strings. */
export interface Point {
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly entries: readonly (readonly [key: string, value: unknown])[];
}

/** The wire's shape without its number: `series[i].values[j]` belongs to `steps[j]`; null is "not logged". */
export interface ColumnBatch {
  steps: number[];
  times: number[];
  series: { key: string; values: unknown[] }[];
  /** Only in an attempt's first batch. */
  resumedFromStep?: number;
}

/** Collects points, in order of step, into columns. The same step merges. */
export class Columns {
  /** Values held. */
  points = 0;
  /** Places in the batch, those of metrics not logged at a step included: they travel as null. */
  get cells(): number {
    return this.steps.length * this.series.size;
  }
  /** About how long the batch is as JSON, the nulls that `take` adds included. */
  get bytes(): number {
    return this.ownBytes + Math.max(0, this.cells - this.points) * 5;
  }
  private ownBytes = 0;
  private steps: number[] = [];
  private times: number[] = [];
  private series = new Map<string, unknown[]>();

  add({ step, timeMs, entries }: Point): void {
    if (this.steps.at(-1) !== step) {
      this.steps.push(step);
      this.times.push(timeMs);
      this.ownBytes += 24;
    }
    const row = this.steps.length - 1;
    for (const [key, value] of entries) {
      const values = this.series.get(key) ?? this.openSeries(key);
      while (values.length < row) values.push(null);
      values[row] = value;
      this.points++;
      this.ownBytes += toLength(value);
    }
  }

  /** Everything so far, padded with nulls; undefined when there is nothing. */
  take(): ColumnBatch | undefined {
    if (this.steps.length === 0) return undefined;
    const { steps, times } = this;
    const series = [...this.series].map(([key, values]) => {
      while (values.length < steps.length) values.push(null);
      return { key, values };
    });
    this.steps = [];
    this.times = [];
    this.series = new Map();
    this.points = 0;
    this.ownBytes = 0;
    return { steps, times, series };
  }

  private openSeries(key: string): unknown[] {
    const values: unknown[] = [];
    this.series.set(key, values);
    this.ownBytes += key.length + 24;
    return values;
  }
}

/**
 * Two batches that say the same as one: by its steps, else (a single step) by its metrics. Undefined when there is
 * nothing left to divide.
 */
export function splitColumns(columns: ColumnBatch): [ColumnBatch, ColumnBatch] | undefined {
  const { steps, times, series, resumedFromStep } = columns;
  const first = { ...(resumedFromStep !== undefined && { resumedFromStep }) };
  if (steps.length > 1) {
    const half = steps.length >> 1;
    const part = (from: number, to?: number): ColumnBatch => ({
      steps: steps.slice(from, to),
      times: times.slice(from, to),
      series: series
        .map(({ key, values }) => ({ key, values: values.slice(from, to) }))
        .filter(({ values }) => values.some((value) => value !== null)),
    });
    return [{ ...part(0, half), ...first }, part(half)];
  }
  if (series.length < 2) return undefined;
  const half = series.length >> 1;
  return [
    { steps, times, series: series.slice(0, half), ...first },
    { steps, times, series: series.slice(half) },
  ];
}

/**
 * Puts what `next` says behind `first`, which it changes. False when together they would have more than `maxCells` places, the
 * empty ones included.
 */
export function joinColumns(first: ColumnBatch, next: ColumnBatch, maxCells: number): boolean {
  const byKey = new Map(first.series.map(({ key, values }) => [key, values]));
  const keys = new Set([...byKey.keys(), ...next.series.map(({ key }) => key)]).size;
  const before = first.steps.length;
  if ((before + next.steps.length) * keys > maxCells) return false;
  for (const { key, values } of next.series) {
    const own = byKey.get(key) ?? openColumn(first, key);
    while (own.length < before) own.push(null);
    for (const value of values) own.push(value);
  }
  for (const step of next.steps) first.steps.push(step);
  for (const time of next.times) first.times.push(time);
  for (const { values } of first.series) while (values.length < first.steps.length) values.push(null);
  return true;
}

function openColumn({ series }: ColumnBatch, key: string): unknown[] {
  const values: unknown[] = [];
  series.push({ key, values });
  return values;
}

const toLength = (value: unknown): number => {
  if (typeof value === "number") return 20;
  if (typeof value === "string") return value.length + 3;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 6;
};
