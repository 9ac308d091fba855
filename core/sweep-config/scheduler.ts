import { isValueMap, toNumber, type Value } from "@/core/value";
import type { Findings } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type Node, show, toValue } from "./tree";
import type { Method, SweepConfig } from "./types";

/** W&B's word for who chooses, and what it means there. */
const ENGINES = ["wandb", "optuna", "ax"];

/**
 * `scheduler`: W&B lets a program of the user's choose by Optuna or Ax (`method: custom`). Until that has sent its first run, which may be
 * never, our own engine chooses from the same parameters: with `custom` by a method that learns where there is a metric to learn from.
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
  if (!engineNode && workersOf({ scheduler }) !== undefined) {
    const message =
      "of `scheduler` only `num_workers` counts: it tells `method: auto` how many runs go side by side. It starts no agent";
    findings.warn("SCHEDULER_IGNORED", message, ["scheduler"], node.at);
    return { scheduler, method };
  }
  if (!isMap(node) || !ENGINES.includes(given)) {
    const what = engineNode ? `engine: ${show(engineNode)}` : isMap(node) ? "" : show(node);
    const message = `\`scheduler\` is kept without effect: it is a map with \`engine\`, one of ${ENGINES.join(", ")}${what && `, not \`${what}\``}.${didYouMean(given, ENGINES)}`;
    findings.warn("SCHEDULER_IGNORED", message, ["scheduler"], (engineNode ?? node).at);
    return { scheduler, method };
  }
  const bringsSpace = node.entries.has("search_space");
  const chosen = method === "custom" && !bringsSpace ? (hasMetric ? "bayes" : "random") : method;
  if (chosen === "custom") {
    const message =
      "the search space is the scheduler's own: `wandb sweep-scheduler` sends the runs, and the server chooses none";
    findings.warn("SCHEDULER_OUTSIDE", message, ["scheduler"], node.at);
    return { scheduler, method: chosen };
  }
  const program = node.entries.has("source") ? "; the program in `source` is not run" : "";
  const until =
    "until `wandb sweep-scheduler` sends the sweep its first run; from then on that alone chooses";
  const message = `\`scheduler: {engine: ${given}}\` is answered by Besom's own engine, method ${chosen ?? "of the file"}, ${until}${program}`;
  findings.warn("SCHEDULER_OWN_ENGINE", message, ["scheduler"], node.at);
  return { scheduler, method: chosen };
}

/** Nothing is chosen by the server: a controller on somebody's machine does, or whoever puts runs into the queue. */
export const isOutside = ({ controller, method }: Pick<SweepConfig, "controller" | "method">): boolean =>
  controller === "local" || method === "custom";

/** A scheduler on somebody's machine may take the choice over. */
export const hasScheduler = ({ scheduler }: Pick<SweepConfig, "scheduler">): boolean =>
  scheduler !== undefined && isValueMap(scheduler) && ENGINES.some((engine) => engine === scheduler.engine);

/** How many runs are meant to go side by side, where the file says so: W&B's word in the files of `wandb launch-sweep`. */
export function workersOf({ scheduler }: Pick<SweepConfig, "scheduler">): number | undefined {
  if (scheduler === undefined || !isValueMap(scheduler)) return undefined;
  const workers = toNumber(scheduler.num_workers ?? null);
  return workers !== undefined && Number.isSafeInteger(workers) && workers > 0 ? workers : undefined;
}
