import type { Findings, Path } from "./diagnostics";
import type { Node } from "./tree";

/** Keys whose values are text anyway: a spelling that YAML reads in two ways does no harm there. */
const TEXT_KEYS: ReadonlySet<string> = new Set([
  "name",
  "description",
  "program",
  "project",
  "entity",
  "command",
  "run_name",
]);

/** Warns of every scalar that people, W&B's loader and this parser may read differently; shared ones once. */
export function warnOfReadings(root: Node, findings: Findings): void {
  const seen = new Set<Node>();

  function visit(node: Node, path: Path): void {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === "scalar") {
      if (node.reading) findings.warn(node.reading.code, node.reading.message, path, node.at);
    } else if (node.kind === "list") {
      node.items.forEach((item, i) => {
        visit(item, [...path, String(i)]);
      });
    } else {
      for (const [key, entry] of node.entries)
        if (path.length > 0 || !TEXT_KEYS.has(key)) visit(entry.node, [...path, key]);
    }
  }

  visit(root, []);
}
