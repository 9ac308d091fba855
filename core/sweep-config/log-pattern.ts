import { RE2JS } from "re2js";
import type { Findings, Path } from "./diagnostics";
import { isListNode, isScalar, type Node, show } from "./tree";

/** Each line of output is held against all of them. */
const MAX_PATTERNS = 20;
const MAX_LENGTH = 1_000;

/**
 * `log_pattern`: what to read from the lines that a program prints, for programs that are not ours to change. In RE2's syntax,
 * which matches in a time that grows with the line and not with its author's ideas. A wrong one is an error: ignored, it would
 * cost a whole sweep its metrics.
 */
export function readLogPatterns(node: Node, findings: Findings): readonly string[] | undefined {
  const items = isListNode(node) ? node.items : [node];
  if (items.length > MAX_PATTERNS) {
    refuse(findings, ["log_pattern"], node, `${items.length} patterns`, `at most ${MAX_PATTERNS}`);
    return undefined;
  }
  const patterns = items.map((item, i) => {
    const path = isListNode(node) ? ["log_pattern", String(i)] : ["log_pattern"];
    return readPattern(item, path, findings);
  });
  return patterns.length > 0 && patterns.every((pattern) => pattern !== undefined) ? patterns : undefined;
}

function readPattern(node: Node, path: Path, findings: Findings): string | undefined {
  const expected =
    "a regular expression (RE2) with a named group for each metric, such as 'loss=(?P<loss>[0-9.eE+-]+)'";
  if (!isScalar(node) || typeof node.value !== "string")
    return refuse(findings, path, node, show(node), expected);
  const { value } = node;
  if (value.length > MAX_LENGTH)
    return refuse(findings, path, node, `${value.length} characters long`, `at most ${MAX_LENGTH}`);
  const fault = faultOf(value);
  return fault === undefined ? value : refuse(findings, path, node, `\`${show(node)}\` (${fault})`, expected);
}

function faultOf(pattern: string): string | undefined {
  try {
    const names = Object.keys(RE2JS.compile(pattern).namedGroups());
    if (names.length === 0) return "it has no named group";
    return names.every((name) => name === "step") ? "it has no group beside `step`" : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
  }
}

function refuse(findings: Findings, path: Path, node: Node, found: string, expected: string): undefined {
  findings.error("LOG_PATTERN_INVALID", `\`log_pattern\` is ${found}; it is ${expected}`, path, node.at);
}
