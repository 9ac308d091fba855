import type { Findings, Path } from "./diagnostics";
import type { MapNode, Position } from "./tree";
import { childOf, isMap } from "./tree";
import type { Method, SweepConfig } from "./types";

type Parts = Pick<SweepConfig, "metrics" | "budget">;

/** What the file says clearly and nobody acts upon, so that no one waits for it. */
export function warnWithoutEffect(
  root: MapNode,
  method: Method,
  { metrics, budget }: Parts,
  findings: Findings,
): void {
  const warn = (code: string, message: string, path: Path): void =>
    findings.warn(code, message, path, placeOf(root, path));
  if (budget?.until?.expectedImprovement !== undefined && (metrics || !expects(method))) {
    const why = metrics
      ? "what several metrics gain together has no unit"
      : `\`method: ${method}\` expects nothing of its proposals`;
    const message = `\`budget.until.expected_improvement\` ends no sweep here: ${why}`;
    warn("KEY_NOT_USED", message, ["budget", "until", "expected_improvement"]);
  }
}

/** Has a model of the results. */
const expects = (method: Method): boolean => method === "bayes" || method === "auto";

/** Of the key itself. */
function placeOf(root: MapNode, path: Path): Position | undefined {
  let map: MapNode = root;
  let at: Position | undefined;
  for (const key of path) {
    at = map.entries.get(key)?.keyAt ?? at;
    const next = childOf(map, key);
    if (isMap(next)) map = next;
  }
  return at;
}
