import type { Condition, Parameter, Parameters } from "@/core/parameter";
import { compareCodePoints } from "@/core/value";
import type { Findings, Path } from "./diagnostics";
import { readDistribution } from "./distribution";
import { childOf, isMap, isNull, type MapNode, type Node, show } from "./tree";
import { type PendingWhen, resolveConditions } from "./when";

/** The `parameters` of a sweep, sorted by name at every level, with their conditions resolved. */
export function readParameters(node: Node, findings: Findings): Parameters | undefined {
  const pending: PendingWhen[] = [];
  const parameters = readGroup(node, ["parameters"], [], pending, findings);
  if (!parameters || findings.errors.length > 0) return undefined;
  const conditions = resolveConditions(parameters, pending, findings);
  return withConditions(parameters, [], conditions);
}

/** `path` is where it stands in the file, `names` the way to it through the groups. */
function readGroup(
  node: Node,
  path: Path,
  names: readonly string[],
  pending: PendingWhen[],
  findings: Findings,
): Parameters | undefined {
  if (!isMap(node) || node.entries.size === 0) {
    const found = isMap(node) || isNull(node) ? "there are none" : `not ${show(node)}`;
    const message = `\`parameters\` is a map of at least one parameter, such as \`lr: {min: 0.0, max: 0.1}\`; ${found}`;
    findings.error("PARAMETERS_EMPTY", message, path, node.at);
    return undefined;
  }
  const parameters: [string, Parameter][] = [];
  for (const [name, entry] of node.entries) {
    checkName(name, [...path, name], entry.keyAt, findings);
    const parameter = readParameter(entry.node, [...path, name], [...names, name], pending, findings);
    if (parameter) parameters.push([name, parameter]);
  }
  return new Map(parameters.sort(([a], [b]) => compareCodePoints(a, b)));
}

function readParameter(
  node: Node,
  path: Path,
  names: readonly string[],
  pending: PendingWhen[],
  findings: Findings,
): Parameter | undefined {
  if (!isMap(node)) {
    reportBare(node, path, findings);
    return undefined;
  }
  const when = node.entries.get("when");
  if (when) pending.push({ names, node: when.node, path: [...path, "when"] });
  const keys = [...node.entries.keys()].filter((key) => key !== "when");
  const group = childOf(node, "parameters");
  if (!group || keys.length > 1) return readDistributionOrConflict(node, keys, path, findings);
  const parameters = readGroup(group, [...path, "parameters"], names, pending, findings);
  return parameters && { kind: "group", parameters };
}

function readDistributionOrConflict(
  map: MapNode,
  keys: readonly string[],
  path: Path,
  findings: Findings,
): Parameter | undefined {
  if (!map.entries.has("parameters")) return readDistribution(map, keys, path, findings);
  const others = keys.filter((key) => key !== "parameters").map((key) => `\`${key}\``);
  const message = `\`${path.at(-1)}\` is a group, which holds \`parameters\` alone; move ${others.join(", ")} into its \`parameters\`, or remove them`;
  findings.error("KEYS_CONFLICT", message, path, map.at);
  return undefined;
}

/** `lr: 0.1` or `lr: [1, 2]`: what was meant is clear, but W&B's engine refuses it too. */
function reportBare(node: Node, path: Path, findings: Findings): void {
  const name = path.at(-1);
  const message =
    node.kind === "list"
      ? `\`${name}\` is a bare list; write \`${name}: {values: ${show(node)}}\` to try each, or \`value:\` to pass the list as it is`
      : isNull(node)
        ? `\`${name}\` is empty; give it \`value:\`, \`values:\` or \`min:\` and \`max:\`, or remove it`
        : `\`${name}\` is a bare value; write \`${name}: {value: ${show(node)}}\``;
  findings.error("PARAMETER_NOT_MAP", message, path, node.at);
}

/** W&B's schema has a pattern for names; its engine runs others all the same. */
function checkName(name: string, path: Path, at: Node["at"], findings: Findings): void {
  if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return;
  const message = `the parameter name ${JSON.stringify(name)} holds more than letters, digits, \`_\`, \`.\` and \`-\`, or starts with a digit; W&B warns of such names`;
  findings.warn("PARAMETER_NAME_UNUSUAL", message, path, at);
}

function withConditions(
  parameters: Parameters,
  names: readonly string[],
  conditions: ReadonlyMap<string, readonly Condition[]>,
): Parameters {
  if (conditions.size === 0) return parameters;
  const result = new Map<string, Parameter>();
  for (const [name, parameter] of parameters) {
    const path = [...names, name];
    const inner =
      parameter.kind === "group"
        ? { ...parameter, parameters: withConditions(parameter.parameters, path, conditions) }
        : parameter;
    const when = conditions.get(JSON.stringify(path));
    result.set(name, when ? { ...inner, when } : inner);
  }
  return result;
}
