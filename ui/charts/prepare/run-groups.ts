import { formatNumber } from "@/ui/format";
import type { ChartRun, Dimension } from "./dimension";

/** Runs that are drawn as one line with a band. */
export interface RunGroup {
  readonly key: string;
  readonly label: string;
  readonly runIds: readonly string[];
}

export interface RunGroups {
  readonly groups: readonly RunGroup[];
  /** Groups there are, more than `groups` when those would be too many to tell apart. */
  readonly total: number;
}

/** As many as the palette has hues twice: more lines with bands hide each other. */
const MOST_GROUPS = 14;
/** A number with more values than this is cut into quarters of the runs. */
const MOST_VALUES = 8;

/** Runs by their value of a parameter; those without one are a group too. The largest come first where not all fit. */
export function groupRuns(runs: readonly ChartRun[], dimension: Dimension): RunGroups {
  const toGroup = toNamer(runs, dimension);
  const groups = new Map<string, { label: string; order: number; runIds: string[] }>();
  for (const run of runs) {
    const { key, label, order } = toGroup(run);
    const known = groups.get(key);
    if (known) known.runIds.push(run.id);
    else groups.set(key, { label, order, runIds: [run.id] });
  }
  const kept = [...groups]
    .sort(([, a], [, b]) => b.runIds.length - a.runIds.length)
    .slice(0, MOST_GROUPS)
    .sort(([, a], [, b]) => a.order - b.order || a.label.localeCompare(b.label, "en", { numeric: true }))
    .map(([key, { label, runIds }]) => ({ key, label, runIds }));
  return { groups: kept, total: groups.size };
}

type Named = { key: string; label: string; order: number };

function toNamer(runs: readonly ChartRun[], dimension: Dimension): (run: ChartRun) => Named {
  const nothing: Named = { key: "g:none", label: `no ${dimension.label}`, order: Number.POSITIVE_INFINITY };
  const single = (run: ChartRun): Named => {
    const value = dimension.valueOf(run);
    if (value === undefined) return nothing;
    return {
      key: `g:${value}`,
      label: `${dimension.label} = ${dimension.format(value)}`,
      order: typeof value === "number" ? value : dimension.categories.indexOf(value),
    };
  };
  if (dimension.kind === "category") return single;
  const values = runs.map((run) => dimension.valueOf(run)).filter((value) => typeof value === "number");
  if (new Set(values).size <= MOST_VALUES) return single;
  const sorted = Float64Array.from(values).sort();
  const cut = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
  const edges = [...new Set([0, 0.25, 0.5, 0.75, 1].map(cut))];
  const last = edges.length - 2;
  return (run) => {
    const value = dimension.valueOf(run);
    if (typeof value !== "number") return nothing;
    let part = 0;
    while (part < last && value >= (edges[part + 1] as number)) part++;
    const [low, high] = [edges[part] as number, edges[part + 1] as number];
    const text = (edge: number) =>
      dimension.kind === "time" ? dimension.format(edge) : formatNumber(edge, 3);
    return { key: `g:${part}/4`, label: `${dimension.label} ${text(low)} to ${text(high)}`, order: low };
  };
}

/** Which runs are drawn: the best by the sweep's goal, then the newest; chosen ones always. */
export function pickRuns<Run extends ChartRun>(
  runs: readonly Run[],
  { most, goal, chosen }: { most: number; goal: "minimize" | "maximize"; chosen: ReadonlySet<string> },
): Run[] {
  const sign = goal === "minimize" ? 1 : -1;
  const rank = ({ objective, feasible }: Run) =>
    objective === null ? Number.POSITIVE_INFINITY : feasible === false ? Number.MAX_VALUE : sign * objective;
  const sorted = runs.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? Number(b.ordinal ?? b.id) - Number(a.ordinal ?? a.id) : x - y;
  });
  return sorted.filter(({ id }, i) => i < most || chosen.has(id));
}
