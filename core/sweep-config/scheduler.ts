import type { Value } from "@/core/value";
import type { Findings } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type Node, show, toValue } from "./tree";
import type { Method } from "./types";

/** W&B's word for who chooses, and what it means there. */
const ENGINES = ["wandb", "optuna", "ax"];

/**
 * `scheduler`: W&B lets a program of the user's choose by Optuna or Ax (`method: custom`). It is kept, and our own engine
 * chooses instead, from the same parameters: with `custom` by a method that learns where there is a metric to learn from.
 */
export function readScheduler(
  node: Node,
  method: Method | undefined,
  hasMetric: boolean,
  findings: Findings,
): { readonly scheduler: Value; readonly method: Method | undefined } {
  const scheduler = toValue(node);
  const engineNode = isMap(node) ? childOf(node, "engine") : undefined;
  const given = isScalar(engineNode) ? engineNode.text : "";
  if (!isMap(node) || !ENGINES.includes(given)) {
    const what = engineNode ? `engine: ${show(engineNode)}` : isMap(node) ? "" : show(node);
    const message = `\`scheduler\` is kept without effect: it is a map with \`engine\`, one of ${ENGINES.join(", ")}${what && `, not \`${what}\``}.${didYouMean(given, ENGINES)}`;
    findings.warn("SCHEDULER_IGNORED", message, ["scheduler"], (engineNode ?? node).at);
    return { scheduler, method };
  }
  const bringsSpace = node.entries.has("search_space");
  const chosen = method === "custom" && !bringsSpace ? (hasMetric ? "bayes" : "random") : method;
  const program = node.entries.has("source") ? "; the program in `source` is not run" : "";
  const message = `\`scheduler: {engine: ${given}}\` is answered by Besom's own engine, method ${chosen ?? "of the file"}${program}`;
  findings.warn("SCHEDULER_OWN_ENGINE", message, ["scheduler"], node.at);
  return { scheduler, method: chosen };
}
