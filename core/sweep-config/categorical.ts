import type { Categorical } from "@/core/parameter";
import type { Findings, Path } from "./diagnostics";
import { childOf, isListNode, isNull, type MapNode, type Node, numberIn, show, toValue } from "./tree";

/** `values`, each as likely as another unless `probabilities` say otherwise. */
export function readCategorical(map: MapNode, path: Path, findings: Findings): Categorical | undefined {
  const list = childOf(map, "values");
  if (!isListNode(list)) {
    const hint = list && !isNull(list) ? `; for one fixed value write \`value: ${show(list)}\`` : "";
    const message = `\`${path.at(-1)}\`: \`values\` is a list such as \`values: [1, 2]\`${hint}`;
    findings.error("VALUES_NOT_LIST", message, [...path, "values"], list?.at);
    return undefined;
  }
  if (list.items.length === 0) {
    const message = `\`${path.at(-1)}\`: \`values\` is empty; give at least one value, or remove the parameter`;
    findings.error("VALUES_EMPTY", message, [...path, "values"], list.at);
    return undefined;
  }
  const values = list.items.map(toValue);
  const given = childOf(map, "probabilities");
  if (!given) return { kind: "categorical", values };
  const probabilities = readProbabilities(given, values.length, [...path, "probabilities"], findings);
  return probabilities && { kind: "categorical", values, probabilities };
}

/** As many weights as values, brought to a sum of 1. */
function readProbabilities(
  list: Node,
  expected: number,
  path: Path,
  findings: Findings,
): readonly number[] | undefined {
  const name = path.at(-2);
  const weights = isListNode(list) ? list.items.map((item) => numberIn(item)?.value ?? Number.NaN) : [];
  const bad = isListNode(list) ? list.items.find((_, i) => !isWeight(weights[i])) : list;
  if (bad || weights.length === 0) {
    const message = `\`${name}\`: \`probabilities\` is a list of numbers from 0 on, one a value${bad ? `, not ${show(bad)}` : ""}`;
    findings.error("PROBABILITIES_INVALID", message, path, (bad ?? list).at);
    return undefined;
  }
  return scaleWeights(weights, expected, path, list, findings);
}

/** W&B only warns of weights that are too few, too many or don't add up to 1, and then draws oddly or fails now and then. */
function scaleWeights(
  weights: readonly number[],
  expected: number,
  path: Path,
  list: Node,
  findings: Findings,
): readonly number[] {
  const name = path.at(-2);
  const padded = Array.from({ length: expected }, (_, i) => weights[i] ?? 0);
  if (weights.length !== expected) {
    const fate =
      weights.length < expected
        ? `the last ${expected - weights.length} values are never drawn`
        : `the last ${weights.length - expected} probabilities are cut off`;
    const message = `\`${name}\` has ${expected} values but ${weights.length} probabilities; ${fate}. Give one a value`;
    findings.warn("PROBABILITIES_LENGTH", message, path, list.at);
  }
  const sum = padded.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0) || !Number.isFinite(sum)) {
    const message = `\`${name}\`: the probabilities add up to ${sum}, so the first value is always drawn, as in W&B`;
    findings.warn("PROBABILITIES_SCALED", message, path, list.at);
    return padded.map((_, i) => (i === 0 ? 1 : 0));
  }
  // numpy.isclose(sum, 1): what W&B's own check tolerates
  if (Math.abs(sum - 1) > 1e-8 + 1e-5) {
    const message = `\`${name}\`: the probabilities add up to ${sum}, so each is divided by that; W&B would favour the first value instead`;
    findings.warn("PROBABILITIES_SCALED", message, path, list.at);
  }
  return padded.map((weight) => weight / sum);
}

const isWeight = (weight: number | undefined): boolean =>
  weight !== undefined && weight >= 0 && Number.isFinite(weight);
