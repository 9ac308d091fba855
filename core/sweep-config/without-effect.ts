import type { Findings, Path } from "./diagnostics";
import type { MapNode, Position } from "./tree";
import { childOf, isMap } from "./tree";
import type { Method, SweepConfig } from "./types";

type Parts = Pick<SweepConfig, "metrics" | "softConstraints" | "budget">;

/** What the file says clearly and nobody acts upon, so that no one waits for it. */
export function warnWithoutEffect(
  root: MapNode,
  method: Method,
  { metrics, softConstraints, budget }: Parts,
  findings: Findings,
): void {
  const warn = (code: string, message: string, path: Path): void =>
    findings.warn(code, message, path, placeOf(root, path));
  const notYet = (path: Path): void =>
    warn("KEY_NOT_YET", `\`${path.join(".")}\` is not supported yet and ends no sweep`, path);
  const { targets = [], noImprovement, expectedImprovement } = budget?.until ?? {};
  const isOwnTarget =
    targets.length === 1 && (metrics === undefined || targets[0]?.metric === metrics[0]?.name);
  if (targets.length > 0 && !isOwnTarget) notYet(["budget", "until", "target"]);
  if (noImprovement !== undefined && metrics !== undefined) notYet(["budget", "until", "no_improvement"]);
  if (expectedImprovement !== undefined) notYet(["budget", "until", "expected_improvement"]);
  if (method === "bayes" || method === "auto") return;
  const learns = method === "tpe" || method === "cmaes";
  for (const { source } of softConstraints ?? [])
    warn(
      learns ? "KEY_NOT_YET" : "KEY_NOT_USED",
      `\`${source}\` is a constraint on a metric: \`method: bayes\` learns where it holds, \`method: ${method}\` takes no notice of it`,
      ["constraints"],
    );
  if (learns && metrics)
    warn(
      "KEY_NOT_YET",
      `\`method: ${method}\` improves the first of \`metrics\`, ${metrics[0]?.name}, and takes no notice of the others; \`method: bayes\` improves all`,
      ["metrics"],
    );
}

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
