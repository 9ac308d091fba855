import type { Condition, LeafParameter, Parameters } from "@/core/parameter";
import { isSameValue } from "@/core/value";
import type { Findings, Path } from "./diagnostics";
import { findIn, leafNames, parameterAt } from "./names";
import { didYouMean } from "./suggest";
import { childOf, isMap, type MapNode, type Node, numberIn, show, toValue } from "./tree";

/** A `when` as it was found; it can be understood only once all parameters are known. */
export interface PendingWhen {
  /** The way to the parameter through the groups. */
  readonly names: readonly string[];
  readonly node: Node;
  readonly path: Path;
}

/** Conditions by parameter (its names as JSON text). Unknown parameters and circles are errors, other mistakes are ignored. */
export function resolveConditions(
  parameters: Parameters,
  pending: readonly PendingWhen[],
  findings: Findings,
): ReadonlyMap<string, readonly Condition[]> {
  const conditions = new Map<string, readonly Condition[]>();
  for (const when of pending) {
    if (!isMap(when.node) || when.node.entries.size === 0) {
      const message = `\`when\` is ignored: it is a map such as \`when: {optimizer: sgd}\`, not ${show(when.node)}`;
      findings.warn("WHEN_IGNORED", message, when.path, when.node.at);
      continue;
    }
    const read = new WhenReader(parameters, when, findings).read(when.node);
    if (read.length > 0) conditions.set(JSON.stringify(when.names), read);
  }
  reportCircles(conditions, pending, findings);
  return conditions;
}

class WhenReader {
  constructor(
    private readonly parameters: Parameters,
    private readonly when: PendingWhen,
    private readonly findings: Findings,
  ) {}

  read(map: MapNode): Condition[] {
    return this.readAt(map, undefined, this.when.path);
  }

  /** `scope` is the group whose members the keys are, when `when` itself is nested: `when: {optimizer: {name: sgd}}`. */
  private readAt(map: MapNode, scope: readonly string[] | undefined, path: Path): Condition[] {
    const conditions: Condition[] = [];
    for (const [key, entry] of map.entries) {
      const at = entry.keyAt ?? entry.node.at;
      const names = scope ? findIn(this.parameters, scope, key) : this.find(key);
      const target = names && parameterAt(this.parameters, names);
      if (!names || !target) {
        const known = leafNames(this.parameters);
        const message = `\`when\` asks for \`${key}\`, but there is no such parameter.${didYouMean(key, known)} There are ${known.slice(0, 20).join(", ")}`;
        this.findings.error("WHEN_PARAMETER_UNKNOWN", message, [...path, key], at);
      } else if (target.kind !== "group") {
        const condition = this.readTest(entry.node, names, target, [...path, key]);
        if (condition) conditions.push(condition);
      } else if (isMap(entry.node)) {
        conditions.push(...this.readAt(entry.node, names, [...path, key]));
      } else {
        const message = `\`when\` asks for \`${key}\`, which is a group; name a parameter in it, such as \`${key}.${target.parameters.keys().next().value}\``;
        this.findings.error("WHEN_PARAMETER_UNKNOWN", message, [...path, key], at);
      }
    }
    return conditions;
  }

  /** From the root (a flat name before a dotted way), then in the groups around, the innermost first. */
  private find(key: string): readonly string[] | undefined {
    const fromRoot = findIn(this.parameters, [], key);
    if (fromRoot) return fromRoot;
    for (let depth = this.when.names.length - 1; depth > 0; depth--) {
      const found = findIn(this.parameters, this.when.names.slice(0, depth), key);
      if (found) return found;
    }
    return undefined;
  }

  private readTest(
    node: Node,
    parameter: readonly string[],
    target: LeafParameter,
    path: Path,
  ): Condition | undefined {
    const range = rangeIn(node);
    if (range === "invalid") {
      const message = `this condition is ignored: a range has numbers as \`min\` and \`max\`, min not above max; not ${show(node)}`;
      this.findings.warn("WHEN_IGNORED", message, path, node.at);
      return undefined;
    }
    const test: Condition["test"] = range
      ? { kind: "range", ...range }
      : { kind: "in", values: node.kind === "list" ? node.items.map(toValue) : [toValue(node)] };
    if (!canHold(test, target))
      this.findings.warn(
        "WHEN_NEVER_HOLDS",
        `\`${this.when.names.at(-1)}\` never exists: \`${parameter.join(".")}\` never is ${show(node)}`,
        path,
        node.at,
      );
    return { parameter, test };
  }
}

/** `{min, max}`, one of them at least; undefined when the map is a value to compare with, or no map. */
function rangeIn(node: Node): { min: number; max: number } | "invalid" | undefined {
  if (!isMap(node) || node.entries.size === 0) return undefined;
  for (const key of node.entries.keys()) if (key !== "min" && key !== "max") return undefined;
  const low = childOf(node, "min");
  const high = childOf(node, "max");
  const min = low ? numberIn(low)?.value : Number.NEGATIVE_INFINITY;
  const max = high ? numberIn(high)?.value : Number.POSITIVE_INFINITY;
  return min === undefined || max === undefined || !(min <= max) ? "invalid" : { min, max };
}

function canHold(test: Condition["test"], target: LeafParameter): boolean {
  const values =
    target.kind === "categorical" ? target.values : target.kind === "constant" ? [target.value] : [];
  if (test.kind === "in") {
    if (values.length > 0) return test.values.some((value) => values.some((own) => isSameValue(value, own)));
    return test.values.length > 0;
  }
  if ("min" in target && !target.kind.includes("log_uniform"))
    return test.max >= target.min && test.min <= target.max;
  return true;
}

/** A parameter waits for those its conditions name, and for its group; whoever waits for itself never exists. */
function reportCircles(
  conditions: ReadonlyMap<string, readonly Condition[]>,
  pending: readonly PendingWhen[],
  findings: Findings,
): void {
  const state = new Map<string, "open" | "done">();

  function visit(names: readonly string[], way: readonly string[]): readonly string[] | undefined {
    const id = JSON.stringify(names);
    const here = [...way, names.join(".")];
    if (state.get(id) === "done") return undefined;
    if (state.get(id) === "open") return here;
    state.set(id, "open");
    const next = (conditions.get(id) ?? []).map((condition) => condition.parameter);
    if (names.length > 1) next.push(names.slice(0, -1));
    for (const other of next) {
      const circle = visit(other, here);
      if (circle) return circle;
    }
    state.set(id, "done");
    return undefined;
  }

  for (const when of pending) {
    const circle = visit(when.names, []);
    if (!circle) continue;
    const message = `\`when\` goes in a circle: ${circle.join(" needs ")}; remove one of these conditions`;
    findings.error("WHEN_CIRCLE", message, when.path, when.node.at);
    return;
  }
}
