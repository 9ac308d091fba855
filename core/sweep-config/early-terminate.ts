import type { Findings, Path } from "./diagnostics";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type MapNode, type Node, numberIn, show } from "./tree";
import type { Hyperband } from "./types";

const KEYS = ["type", "min_iter", "max_iter", "s", "eta", "strict"];
const PATH: Path = ["early_terminate"];

/**
 * Hyperband. A wrong one never refuses the file: W&B creates and runs the sweep, and only its stopping fails.
 * The bands themselves belong to the method; here it is made sure that there is one.
 */
export function readEarlyTerminate(
  node: Node,
  hasMetric: boolean,
  findings: Findings,
): Hyperband | undefined {
  const ignore = (code: string, why: string, at: Node["at"] = node.at): undefined => {
    findings.warn(code, `\`early_terminate\` is ignored, so no run is stopped early: ${why}`, PATH, at);
    return undefined;
  };
  if (!isMap(node))
    return ignore(
      "EARLY_TERMINATE_IGNORED",
      `it is a map such as \`{type: hyperband, min_iter: 3}\`, not ${show(node)}`,
    );
  const type = childOf(node, "type");
  if (!isScalar(type) || type.text !== "hyperband")
    return ignore(
      "EARLY_TERMINATE_IGNORED",
      `its \`type\` is hyperband, ${type ? `not ${show(type)}` : "and it is missing"}`,
      type?.at,
    );
  warnUnknown(node, findings);
  const numbers = readNumbers(node, findings);
  if (typeof numbers === "string") return ignore("EARLY_TERMINATE_IGNORED", numbers);
  if (!hasMetric)
    return ignore(
      "EARLY_TERMINATE_WITHOUT_METRIC",
      "it compares runs by the sweep's `metric`, and there is none",
    );
  return { type: "hyperband", ...numbers, strict: readStrict(node, findings) };
}

type Numbers = Pick<Hyperband, "minIter" | "maxIter" | "s" | "eta">;

/** The numbers, or what is wrong with them. Where both forms are given, W&B's engine takes `max_iter` with `s`. */
function readNumbers(map: MapNode, findings: Findings): Numbers | string {
  const read = (key: string) => {
    const node = childOf(map, key);
    return node && { node, value: numberIn(node)?.value ?? Number.NaN };
  };
  const [minIter, maxIter, s, eta] = [read("min_iter"), read("max_iter"), read("s"), read("eta")];
  // without max_iter W&B doesn't look at s
  for (const [key, number] of Object.entries({ min_iter: minIter, max_iter: maxIter, s: maxIter && s }))
    if (number && !(Number.isInteger(number.value) && number.value >= 1))
      return `\`${key}\` is an integer from 1 on, not ${show(number.node)}`;
  if (eta && !(eta.value > 1 && Number.isFinite(eta.value)))
    return `\`eta\` is a number above 1, not ${show(eta.node)}`;
  if (maxIter && !s) return "`max_iter` needs `s`, the number of bands counted down from it";
  if (!maxIter && !minIter) return "it needs `min_iter`, or `max_iter` with `s`";
  const numbers = {
    minIter: minIter?.value,
    maxIter: maxIter?.value,
    s: maxIter && s?.value,
    eta: eta?.value ?? 3,
  };
  if (numbers.maxIter !== undefined && numbers.maxIter < numbers.eta)
    return `with max_iter ${numbers.maxIter} and eta ${numbers.eta} there is no band; raise \`max_iter\``;
  if (minIter && maxIter)
    findings.warn(
      "EARLY_TERMINATE_BOTH_FORMS",
      "`early_terminate` has `max_iter` and `min_iter`; `max_iter` with `s` counts, as in W&B",
      PATH,
      map.at,
    );
  return numbers;
}

function readStrict(map: MapNode, findings: Findings): boolean {
  const strict = childOf(map, "strict");
  if (!strict || (isScalar(strict) && typeof strict.value === "boolean"))
    return !isScalar(strict) || strict.value !== false;
  const message = `\`strict: ${show(strict)}\` is read as true; it is true or false`;
  findings.warn("EARLY_TERMINATE_STRICT", message, [...PATH, "strict"], strict.at);
  return true;
}

function warnUnknown(map: MapNode, findings: Findings): void {
  for (const [key, entry] of map.entries) {
    if (KEYS.includes(key)) continue;
    const message = `\`${key}\` in \`early_terminate\` is ignored.${didYouMean(key, KEYS)} Known are ${KEYS.join(", ")}`;
    findings.warn("KEY_UNKNOWN", message, [...PATH, key], entry.keyAt);
  }
}
