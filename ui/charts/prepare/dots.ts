/** Runs as dots of one plot, in columns: ten thousand of them. A run may have several. */
export interface Dots {
  readonly ids: readonly string[];
  readonly labels: readonly string[];
  /** Fractions of the plot. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Of each one, by `Coloring.looks`. */
  readonly looks: Uint8Array;
  /** Where a run's dots are. */
  readonly places: ReadonlyMap<string, readonly number[]>;
}

export interface Dot {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly look: number;
}

export function toDots(dots: readonly Dot[]): Dots {
  const places = new Map<string, number[]>();
  for (const [i, { id }] of dots.entries()) {
    const known = places.get(id);
    if (known) known.push(i);
    else places.set(id, [i]);
  }
  return {
    ids: dots.map(({ id }) => id),
    labels: dots.map(({ label }) => label),
    x: Float64Array.from(dots, ({ x }) => x),
    y: Float64Array.from(dots, ({ y }) => y),
    looks: Uint8Array.from(dots, ({ look }) => look),
    places,
  };
}

/** Diameters in px: a crowd is drawn small, so that its cloud keeps its shape. */
export const dotRadius = (count: number): number =>
  count > 4_000 ? 1.8 : count > 1_000 ? 2.4 : count > 200 ? 3.2 : 4;

/**
 * The dot nearest to a place in a plot of this size, at most `reach` px away; undefined when there is none. A pass over
 * ten thousand takes 50 µs: no tree is needed.
 */
export function nearestDot(
  dots: Dots,
  at: { readonly x: number; readonly y: number },
  size: { readonly width: number; readonly height: number },
  reach: number,
): number | undefined {
  let nearest: number | undefined;
  let least = reach * reach;
  for (let i = 0; i < dots.x.length; i++) {
    const dx = ((dots.x[i] ?? 0) - at.x) * size.width;
    const dy = ((dots.y[i] ?? 0) - at.y) * size.height;
    const distance = dx * dx + dy * dy;
    if (distance <= least) {
      least = distance;
      nearest = i;
    }
  }
  return nearest;
}

/** The next dot by keyboard: along one axis, ties by the other. */
export function neighborDot(
  dots: Dots,
  from: number | undefined,
  key: "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End",
): number | undefined {
  const count = dots.x.length;
  if (count === 0) return undefined;
  const along = key === "ArrowUp" || key === "ArrowDown" ? [dots.y, dots.x] : [dots.x, dots.y];
  const of = (i: number, axis: number): number => along[axis]?.[i] ?? 0;
  const order = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => of(a, 0) - of(b, 0) || of(a, 1) - of(b, 1) || a - b,
  );
  if (key === "Home") return order[0];
  if (key === "End") return order.at(-1);
  const ahead = key === "ArrowRight" || key === "ArrowUp";
  if (from === undefined) return ahead ? order[0] : order.at(-1);
  const place = order.indexOf(from) + (ahead ? 1 : -1);
  return order[Math.min(count - 1, Math.max(0, place))];
}
