/** Runs that agree in one column, under one head. */
export interface RunGroup {
  /** As text: what they agree in; "" stands for runs that have no value there. */
  readonly key: string;
  readonly count: number;
  readonly best: number | undefined;
  readonly mean: number | undefined;
}

export type TableItem<T> = { readonly group: RunGroup; readonly open: boolean } | { readonly row: T };

/**
 * The lines of a grouped table. Groups stand in the order of their first row, so that a table sorted by a metric has the group
 * with the best run on top, and rows that keep their place keep their groups in place.
 */
export function groupRows<T>(
  rows: readonly T[],
  ways: {
    toKey: (row: T) => string;
    toValue: (row: T) => number | undefined;
    lowerIsBetter: boolean;
    open: ReadonlySet<string>;
  },
): TableItem<T>[] {
  const { toKey, toValue, lowerIsBetter, open } = ways;
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = toKey(row);
    const known = groups.get(key);
    if (known) known.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].flatMap(([key, members]): TableItem<T>[] => {
    const values = members.flatMap((row) => toValue(row) ?? []).filter(Number.isFinite);
    const group: RunGroup = {
      key,
      count: members.length,
      best: values.reduce<number | undefined>(
        (best, value) => (best === undefined || (lowerIsBetter ? value < best : value > best) ? value : best),
        undefined,
      ),
      mean: values.length > 0 ? values.reduce((sum, value) => sum + value / values.length, 0) : undefined,
    };
    const isOpen = open.has(key);
    return [{ group, open: isOpen }, ...(isOpen ? members.map((row) => ({ row })) : [])];
  });
}
