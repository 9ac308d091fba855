import type { Findings } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type MapNode, show } from "./tree";
import type { Method } from "./types";

const METHODS: readonly Method[] = ["auto", "grid", "random", "sobol", "bayes", "tpe", "cmaes", "custom"];

/** Undefined with an error among the findings. */
export function readMethod(root: MapNode, findings: Findings): Method | undefined {
  const node = childOf(root, "method");
  if (!node) {
    const wrapper = [...root.entries].find(
      ([, entry]) => isMap(entry.node) && entry.node.entries.has("method"),
    );
    const message = wrapper
      ? `the sweep stands under \`${wrapper[0]}:\`; move its keys to the left margin and remove that line`
      : "`method` is missing: write `method: auto`, which chooses one, or `grid`, `random` or `bayes`";
    findings.error("METHOD_MISSING", message, ["method"], wrapper?.[1].keyAt ?? root.at);
    return undefined;
  }
  const given = isScalar(node) ? node.text : "";
  const method = METHODS.find((candidate) => candidate === given);
  if (method) return method;
  const inner = isMap(node) && childOf(node, "value");
  const hint = inner
    ? ` Is this a run's own config.yaml? Then write \`method: ${show(inner)}\``
    : (/^bayes/i.test(given) && " Did you mean `bayes`?") || didYouMean(given, METHODS);
  const message = `\`method: ${show(node)}\` is not known; there are ${METHODS.join(", ")}.${hint}`;
  findings.error("METHOD_UNKNOWN", message, ["method"], node.at);
  return undefined;
}

/** `sweep:` or `config:` around the whole sweep. */
export const wrapperOf = (root: MapNode) =>
  root.entries.has("method")
    ? undefined
    : [...root.entries].find(([, entry]) => isMap(entry.node) && entry.node.entries.has("method"));
