import type { Findings, Path } from "./diagnostics";
import { HYPERBAND_KEYS, readHyperband } from "./hyperband";
import { RULE_KEYS, readRule } from "./stopping-rules";
import { didYouMean } from "./suggest";
import { childOf, isMap, isScalar, type MapNode, type Node, show } from "./tree";
import type { EarlyTerminate } from "./types";

const PATH: Path = ["early_terminate"];
const KEYS = { hyperband: HYPERBAND_KEYS, ...RULE_KEYS } as const;
const TYPES = Object.keys(KEYS) as EarlyTerminate["type"][];

/**
 * The rule that stops runs before their end: W&B's hyperband or one of ours. A wrong one never refuses the file: W&B
 * creates and runs the sweep, and only its stopping fails.
 */
export function readEarlyTerminate(
  node: Node,
  hasMetric: boolean,
  findings: Findings,
): EarlyTerminate | undefined {
  const ignore = (code: string, why: string, at: Node["at"] = node.at): undefined => {
    findings.warn(code, `\`early_terminate\` is ignored, so no run is stopped early: ${why}`, PATH, at);
    return undefined;
  };
  if (!isMap(node))
    return ignore(
      "EARLY_TERMINATE_IGNORED",
      `it is a map such as \`{type: hyperband, min_iter: 3}\`, not ${show(node)}`,
    );
  const typeNode = childOf(node, "type");
  const given = isScalar(typeNode) ? typeNode.text : "";
  const type = TYPES.find((known) => known === given);
  if (!type)
    return ignore(
      "EARLY_TERMINATE_IGNORED",
      `its \`type\` is one of ${TYPES.join(", ")}, ${typeNode ? `not ${show(typeNode)}.${didYouMean(given, TYPES)}` : "and it is missing"}`,
      typeNode?.at,
    );
  warnUnknown(node, KEYS[type], findings);
  const rule =
    type === "hyperband" ? readHyperband(node, PATH, findings) : readRule(type, node, PATH, findings);
  if (typeof rule === "string") return ignore("EARLY_TERMINATE_IGNORED", rule);
  if (!hasMetric)
    return ignore(
      "EARLY_TERMINATE_WITHOUT_METRIC",
      "it compares runs by the sweep's `metric`, and there is none",
    );
  return rule;
}

function warnUnknown(map: MapNode, keys: readonly string[], findings: Findings): void {
  for (const [key, entry] of map.entries) {
    if (keys.includes(key)) continue;
    const message = `\`${key}\` in \`early_terminate\` is ignored.${didYouMean(key, keys)} Known are ${keys.join(", ")}`;
    findings.warn("KEY_UNKNOWN", message, [...PATH, key], entry.keyAt);
  }
}
