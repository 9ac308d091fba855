import type { Findings, Path } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, type MapNode, type Node, numberIn, show } from "./tree";
import type { Budget, Metric, MetricTarget, Until } from "./types";

const KEYS = ["hours", "runs", "until"];
const UNTIL_KEYS = ["target", "no_improvement", "expected_improvement"];
const MOST_RUNS = Number.MAX_SAFE_INTEGER;

/** `budget`: when a sweep has done enough. What is typed wrongly in it is a warning and left out, as with every key of our own. */
export function readBudget(
  node: Node,
  objectives: readonly Metric[],
  findings: Findings,
): Budget | undefined {
  const read = new BudgetReader(findings, objectives);
  const map = read.map(node, ["budget"], "a map such as `{hours: 8, runs: 200}`", KEYS);
  if (!map) return undefined;
  const untilNode = childOf(map, "until");
  const until = untilNode && read.until(untilNode, ["budget", "until"]);
  const budget: Budget = {
    ...read.number(map, "hours", ["budget"], (hours) => hours > 0, "a number of hours above 0"),
    ...read.number(map, "runs", ["budget"], isCount, "an integer above 0"),
    ...(until && { until }),
  };
  return Object.keys(budget).length > 0 ? budget : undefined;
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= MOST_RUNS;

class BudgetReader {
  constructor(
    private readonly findings: Findings,
    private readonly objectives: readonly Metric[],
  ) {}

  map(node: Node, path: Path, expected: string, keys: readonly string[]): MapNode | undefined {
    if (!isMap(node)) return this.ignore(path, node, expected);
    for (const [key, entry] of node.entries) {
      if (keys.includes(key)) continue;
      const message = `\`${key}\` in \`${path.join(".")}\` is ignored.${didYouMean(key, keys)} Known are ${keys.join(", ")}`;
      this.findings.warn("KEY_UNKNOWN", message, [...path, key], entry.keyAt);
    }
    return node;
  }

  /** An object with that one key, or none. */
  number<Key extends string>(
    map: MapNode,
    key: Key,
    path: Path,
    fits: (value: number) => boolean,
    expected: string,
    name: string = key,
  ): { readonly [key in Key]?: number } {
    const node = childOf(map, name);
    if (!node) return {};
    const value = numberIn(node)?.value ?? Number.NaN;
    if (Number.isFinite(value) && fits(value)) return { [key]: value } as { [key in Key]: number };
    this.ignore([...path, name], node, expected);
    return {};
  }

  until(node: Node, path: Path): Until | undefined {
    const map = this.map(node, path, "a map such as `{target: 0.05}` or `{no_improvement: 30}`", UNTIL_KEYS);
    if (!map) return undefined;
    if (this.objectives.length === 0)
      return this.ignore(path, node, "about the sweep's `metric`, and there is none");
    const targetNode = childOf(map, "target");
    const targets = targetNode ? this.targets(targetNode, [...path, "target"]) : [];
    const until: Until = {
      ...(targets.length > 0 && { targets }),
      ...this.number(
        map,
        "noImprovement",
        path,
        isCount,
        "a number of runs, an integer above 0",
        "no_improvement",
      ),
      ...this.number(
        map,
        "expectedImprovement",
        path,
        (value) => value > 0,
        "a number above 0",
        "expected_improvement",
      ),
    };
    return Object.keys(until).length > 0 ? until : undefined;
  }

  /** A number, for the (first) metric, or a map of them by metric. */
  private targets(node: Node, path: Path): readonly MetricTarget[] {
    const [first] = this.objectives;
    if (!first) return [];
    if (!isMap(node)) {
      const value = numberIn(node)?.value;
      if (value !== undefined && Number.isFinite(value))
        return [{ metric: first.name, goal: first.goal, value }];
      this.ignore(path, node, `a number, or a map of numbers such as \`{${first.name}: 0.1}\``);
      return [];
    }
    return [...node.entries].flatMap(([name, { node: given, keyAt }]) => {
      const metric = this.objectives.find((objective) => objective.name === name);
      const value = numberIn(given)?.value;
      if (metric && value !== undefined && Number.isFinite(value))
        return [{ metric: name, goal: metric.goal, value }];
      const names = this.objectives.map((objective) => objective.name);
      if (metric) this.ignore([...path, name], given, "a number");
      else {
        const message = `\`${name}\` in \`${path.join(".")}\` is ignored: it is no metric of this sweep.${didYouMean(name, names)} There are ${names.join(", ")}`;
        this.findings.warn("OWN_KEY_IGNORED", message, [...path, name], keyAt);
      }
      return [];
    });
  }

  private ignore(path: Path, node: Node, expected: string): undefined {
    this.findings.warn(
      "OWN_KEY_IGNORED",
      `\`${path.join(".")}: ${show(node)}\` is ignored: it is ${expected}`,
      path,
      node.at,
    );
    return undefined;
  }
}

/** The lesser of `run_cap` and `budget.runs`, whichever there are. */
export function leastRuns(runCap: number | undefined, runs: number | undefined): number | undefined {
  return runCap === undefined || runs === undefined ? (runCap ?? runs) : Math.min(runCap, runs);
}

/** A metric's own target, or the one in `budget.until`, or the nearer of both. */
export function nearestTarget({ target, goal, name }: Metric, until: Until | undefined): number | undefined {
  const own = until?.targets?.find(({ metric }) => metric === name)?.value;
  if (own === undefined || target === undefined) return own ?? target;
  return goal === "minimize" ? Math.max(target, own) : Math.min(target, own);
}
