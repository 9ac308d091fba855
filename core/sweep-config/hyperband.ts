import type { Findings, Path } from "./diagnostics";
import { childOf, isScalar, type MapNode, numberIn, show } from "./tree";
import type { Hyperband } from "./types";

export const HYPERBAND_KEYS = ["type", "min_iter", "max_iter", "s", "eta", "strict"];

/** W&B's rule, or what is wrong with it. The bands themselves belong to the rule; here it is made sure that there is one. */
export function readHyperband(map: MapNode, path: Path, findings: Findings): Hyperband | string {
  const numbers = readNumbers(map, path, findings);
  if (typeof numbers === "string") return numbers;
  return { type: "hyperband", ...numbers, strict: readStrict(map, path, findings) };
}

type Numbers = Pick<Hyperband, "minIter" | "maxIter" | "s" | "eta">;

/** The numbers, or what is wrong with them. Where both forms are given, W&B's engine takes `max_iter` with `s`. */
function readNumbers(map: MapNode, path: Path, findings: Findings): Numbers | string {
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
      path,
      map.at,
    );
  return numbers;
}

/** True unless the file says false, as in W&B. */
export function readStrict(map: MapNode, path: Path, findings: Findings): boolean {
  const strict = childOf(map, "strict");
  if (!strict || (isScalar(strict) && typeof strict.value === "boolean"))
    return !isScalar(strict) || strict.value !== false;
  const message = `\`strict: ${show(strict)}\` is read as true; it is true or false`;
  findings.warn("EARLY_TERMINATE_STRICT", message, [...path, "strict"], strict.at);
  return true;
}
