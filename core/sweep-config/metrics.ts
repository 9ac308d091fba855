import type { Findings, Path } from "./diagnostics";
import { readMetric } from "./metric";
import { isListNode, type MapNode, type Node, show } from "./tree";
import type { Metric } from "./types";

/** Beyond three objectives nearly every run is on the front, and no method of ours improves a hypervolume. */
const MOST_OBJECTIVES = 3;
const PATH: Path = ["metrics"];

/** What is improved: `metric` is the first objective, `metrics` all of them where there are several. */
export interface Objectives {
  readonly metric: Metric | undefined;
  readonly metrics: readonly Metric[] | undefined;
}

/** From `metric` or `metrics`; `needed` as in `readMetric`. */
export function readObjectives(
  root: MapNode,
  one: Node | undefined,
  several: Node | undefined,
  needed: boolean,
  findings: Findings,
): Objectives {
  const metric = one && readMetric(one, ["metric"], needed, findings);
  const metrics = several && readMetrics(several, needed && !one, findings);
  if (metric && metrics) {
    findings.warn(
      "METRICS_BESIDE_METRIC",
      "`metric` and `metrics` stand side by side; W&B allows one of them, and `metric` counts here",
      PATH,
      root.entries.get("metrics")?.keyAt,
    );
    return { metric, metrics: undefined };
  }
  return { metric: metric ?? metrics?.[0], metrics: metrics && metrics.length > 1 ? metrics : undefined };
}

function readMetrics(node: Node, needed: boolean, findings: Findings): readonly Metric[] | undefined {
  if (!isListNode(node) || node.items.length === 0) {
    const message = `\`metrics\` is ignored: it is a list of metrics such as \`- {name: loss, goal: minimize}\`, not ${show(node)}`;
    findings.warn("METRICS_IGNORED", message, PATH, node.at);
    return undefined;
  }
  const metrics: Metric[] = [];
  for (const [i, item] of node.items.entries()) {
    const path = [...PATH, String(i)];
    const metric = readMetric(item, path, needed, findings);
    if (!metric) continue;
    if (metrics.some(({ name }) => name === metric.name))
      findings.warn(
        "METRICS_IGNORED",
        `\`${metric.name}\` stands twice; the first one counts`,
        path,
        item.at,
      );
    else metrics.push(metric);
  }
  if (metrics.length > MOST_OBJECTIVES) {
    const names = metrics.slice(0, MOST_OBJECTIVES).map(({ name }) => name);
    const message = `of ${metrics.length} metrics the first ${MOST_OBJECTIVES} are improved (${names.join(", ")}); put bounds on the others with \`constraints\``;
    findings.warn("METRICS_TOO_MANY", message, PATH, node.at);
  }
  return metrics.length > 0 ? metrics.slice(0, MOST_OBJECTIVES) : undefined;
}
