/** Metrics that belong together by the part of their names before the first "/". */
export interface MetricSection {
  /** Empty for those without one. */
  readonly name: string;
  readonly metrics: readonly string[];
}

/**
 * What the sweep is after comes first, its section too; the others by name, those without a group before them.
 * @param search words that must all be in a name, a-z and A-Z being the same
 */
export function toMetricSections(
  names: readonly string[],
  { first, search = "" }: { first?: string | undefined; search?: string },
): MetricSection[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  const sections = new Map<string, string[]>();
  for (const name of found.toSorted((a, b) => Number(b === first) - Number(a === first) || compare(a, b))) {
    const end = name.indexOf("/");
    const section = end > 0 ? name.slice(0, end) : "";
    const known = sections.get(section);
    if (known) known.push(name);
    else sections.set(section, [name]);
  }
  const holdsFirst = ([, metrics]: [string, string[]]) =>
    Number(first !== undefined && metrics.includes(first));
  return [...sections]
    .sort((a, b) => holdsFirst(b) - holdsFirst(a) || compare(a[0], b[0]))
    .map(([name, metrics]) => ({ name, metrics }));
}

/** layer2 before layer10. */
const compare = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });
