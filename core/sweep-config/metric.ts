import type { Findings, Path } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type MapNode, type Node, numberIn, show } from "./tree";
import type { Impute, Metric } from "./types";

const IMPUTE: readonly Impute[] = ["worst", "best", "latest"];
const KEYS = ["name", "goal", "target", "impute", "impute_while_running"];

/**
 * A metric. Without it W&B's bayes can't run (`needed`); grid and random run without looking at it, so there a
 * wrong one is only a warning, and no metric.
 */
export function readMetric(node: Node, path: Path, needed: boolean, findings: Findings): Metric | undefined {
  const refuse = (code: string, message: string, at: Node["at"]): undefined => {
    if (needed) findings.error(code, message, path, at);
    else findings.warn(code, `${message}. The metric is ignored`, path, at);
    return undefined;
  };
  if (!isMap(node)) {
    const name = isScalar(node) && node.text !== "" ? node.text : "loss";
    return refuse(
      "METRIC_INVALID",
      `\`metric\` is a map such as \`metric: {name: ${name}, goal: minimize}\`, not ${show(node)}`,
      node.at,
    );
  }
  const name = childOf(node, "name");
  if (!isScalar(name) || name.value === null)
    return refuse(
      "METRIC_NAME_MISSING",
      "`metric` needs a `name`, the name under which the training program logs it",
      name?.at ?? node.at,
    );
  warnUnknown(node, path, findings);
  return {
    name: name.text,
    goal: readGoal(node, path, findings),
    target: readTarget(node, path, findings),
    impute: readImpute(node, path, findings),
    imputeWhileRunning: readImputeWhileRunning(node, path, findings),
  };
}

/** W&B drops any other goal without a word and minimises: known to have turned searches upside down. */
function readGoal(map: MapNode, path: Path, findings: Findings): Metric["goal"] {
  const goal = childOf(map, "goal");
  if (!goal) return "minimize";
  if (isScalar(goal) && (goal.text === "minimize" || goal.text === "maximize")) return goal.text;
  const meant = isScalar(goal) && /max|high|up/i.test(goal.text) ? "maximize" : "minimize";
  findings.warn(
    "METRIC_GOAL_IGNORED",
    `\`goal: ${show(goal)}\` is neither minimize nor maximize, so THE METRIC IS MINIMIZED, as in W&B. Write \`goal: ${meant}\``,
    [...path, "goal"],
    goal.at,
  );
  return "minimize";
}

function readTarget(map: MapNode, path: Path, findings: Findings): number | undefined {
  const target = childOf(map, "target");
  if (!target) return undefined;
  const read = numberIn(target);
  if (read && !Number.isNaN(read.value)) return read.value;
  const message = `\`target: ${show(target)}\` is ignored: it is a number (without quotes) that ends the sweep once a run reaches it`;
  findings.warn("METRIC_TARGET_IGNORED", message, [...path, "target"], target.at);
  return undefined;
}

function readImpute(map: MapNode, path: Path, findings: Findings): Impute {
  const node = childOf(map, "impute");
  if (!node) return "worst";
  const given = isScalar(node) ? IMPUTE.find((word) => word === node.text) : undefined;
  if (!given) warnImpute("impute", node, "worst", path, findings);
  return given ?? "worst";
}

/** The schema wants the text "false"; a YAML false is what people write. */
function readImputeWhileRunning(map: MapNode, path: Path, findings: Findings): Metric["imputeWhileRunning"] {
  const node = childOf(map, "impute_while_running");
  if (!node || (isScalar(node) && (node.value === false || node.value === "false"))) return "false";
  const given = isScalar(node) ? IMPUTE.find((word) => word === node.text) : undefined;
  if (!given) warnImpute("impute_while_running", node, "false", path, findings);
  return given ?? "false";
}

function warnImpute(key: string, node: Node, fallback: string, path: Path, findings: Findings): void {
  const message = `\`${key}: ${show(node)}\` is read as ${fallback}; there are ${IMPUTE.join(", ")}${key === "impute" ? "" : ", false"}`;
  findings.warn("METRIC_IMPUTE_IGNORED", message, [...path, key], node.at);
}

function warnUnknown(map: MapNode, path: Path, findings: Findings): void {
  for (const [key, entry] of map.entries) {
    if (KEYS.includes(key)) continue;
    const message = `\`${key}\` in \`metric\` is ignored.${didYouMean(key, KEYS)} A metric has ${KEYS.join(", ")}`;
    findings.warn("KEY_UNKNOWN", message, [...path, key], entry.keyAt);
  }
}
