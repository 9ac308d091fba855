/** What the reader has done to the axes; everything else follows from the runs. */
export interface AxisWishes {
  /** Dimension ids in their order, among them those that were added. */
  readonly order: readonly string[];
  readonly hidden: readonly string[];
}

/**
 * The usual axes and those that were added, in the reader's order, hidden ones included. A usual axis that the order does not
 * know (a parameter that began to vary later) comes before the last one, where the metric stands.
 */
export function arrangeAxes(usual: readonly string[], { order }: AxisWishes): string[] {
  const arranged = [...new Set(order)];
  const rest = usual.filter((id) => !arranged.includes(id));
  if (arranged.length === 0) return rest;
  const end = usual.at(-1);
  if (end !== undefined && arranged.at(-1) === end) arranged.splice(-1, 0, ...rest);
  else arranged.push(...rest);
  return arranged;
}

export const showAxes = (usual: readonly string[], wishes: AxisWishes): string[] =>
  arrangeAxes(usual, wishes).filter((id) => !wishes.hidden.includes(id));

/** To a place among the axes that are shown; hidden ones keep theirs. */
export function moveAxis(usual: readonly string[], wishes: AxisWishes, id: string, to: number): AxisWishes {
  const shown = showAxes(usual, wishes).filter((one) => one !== id);
  const before = shown[to];
  const all = arrangeAxes(usual, wishes).filter((one) => one !== id);
  const at = before === undefined ? all.length : all.indexOf(before);
  return { ...wishes, order: all.toSpliced(at, 0, id) };
}

/** An axis that was added leaves; a usual one is remembered as hidden. */
export function hideAxis(usual: readonly string[], wishes: AxisWishes, id: string): AxisWishes {
  return usual.includes(id)
    ? { ...wishes, hidden: [...wishes.hidden, id] }
    : { ...wishes, order: wishes.order.filter((one) => one !== id) };
}

/** A hidden one comes back to its place; another is put before the last axis, where the metric stands. */
export function addAxis(usual: readonly string[], wishes: AxisWishes, id: string): AxisWishes {
  const hidden = wishes.hidden.filter((one) => one !== id);
  const all = arrangeAxes(usual, wishes);
  if (all.includes(id)) return { ...wishes, hidden };
  const metricLast = all.at(-1) === usual.at(-1) && all.length > 0;
  return { order: all.toSpliced(metricLast ? all.length - 1 : all.length, 0, id), hidden };
}
