import type { Goal } from "@/core/sweep";
import { formatNumber } from "@/ui/format";

export interface Sparkline {
  /** Fractions of the box, the greatest value at the top as on every chart: what is minimized falls. A step at each change. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly summary: string;
}

/** The best value so far at equal steps of time; nothing to draw before the first, a flat line when it never improved. */
export function prepareSparkline(best: readonly (number | null)[], goal: Goal): Sparkline | undefined {
  const values = best.flatMap((value, i) => (value === null ? [] : [{ value, i }]));
  const [first, last] = [values[0], values.at(-1)];
  if (!first || !last) return undefined;
  const span = Math.abs(last.value - first.value);
  // The last is the best there is: all others lie between it and the first.
  const least = Math.min(first.value, last.value);
  const toY = (value: number) => (span === 0 ? 0.5 : (value - least) / span);
  const points = values.flatMap(({ value, i }, at): [number, number][] => {
    const before = values[at - 1];
    if (value === before?.value) return [];
    const x = i / best.length;
    return before
      ? [
          [x, toY(before.value)],
          [x, toY(value)],
        ]
      : [[x, toY(value)]];
  });
  return {
    points: [...points, [1, toY(last.value)]],
    summary:
      span === 0
        ? `Best so far: ${formatNumber(last.value)} from the first result on`
        : `Best so far: from ${formatNumber(first.value)} to ${formatNumber(last.value)}, ${goal === "minimize" ? "lower" : "higher"} is better`,
  };
}
