import { Float, toFloat, toInteger, type Value } from "@/core/value";
import type { Findings, Path } from "./diagnostics";
import { MAX_DEPTH, MAX_NODES } from "./limits";
import { LONE_SURROGATE } from "./scalar";
import type { Entry, Node, ScalarNode } from "./tree";

/** A JSON value (from a client, a notebook) as the same tree that YAML gives, without positions. */
export function readJson(json: unknown, findings: Findings): Node | undefined {
  let left = MAX_NODES;

  function read(value: unknown, path: Path): Node {
    if (findings.errors.length > 0) return leaf(null);
    if (--left < 0) return refuse("TOO_MANY_NODES", `the value holds more than ${MAX_NODES} values`, path);
    if (path.length > MAX_DEPTH)
      return refuse("TOO_DEEP", `lists and maps stand more than ${MAX_DEPTH} deep inside each other`, path);
    if (Array.isArray(value))
      return { kind: "list", items: Array.from(value, (item, i) => read(item, [...path, String(i)])) };
    if (typeof value === "object" && value !== null && !(value instanceof Float)) return readMap(value, path);
    return readScalar(value, path);
  }

  function readMap(value: object, path: Path): Node {
    const entries = new Map<string, Entry>();
    const pairs: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
    for (const [key, item] of pairs) {
      if (item === undefined) continue;
      if (typeof key !== "string") return refuse("NOT_JSON", `a key is a text, not a ${typeof key}`, path);
      checkText(key, path);
      entries.set(key, { node: read(item, [...path, key]) });
    }
    return { kind: "map", entries };
  }

  function readScalar(value: unknown, path: Path): Node {
    if (value === null || typeof value === "boolean") return leaf(value);
    if (typeof value === "string") {
      checkText(value, path);
      return { kind: "scalar", value, text: value, quoted: true };
    }
    if (typeof value === "bigint") return leaf(toInteger(value));
    if (value instanceof Float) return leaf(toFloat(value.value));
    if (typeof value === "number")
      return leaf(Number.isSafeInteger(value) ? (Object.is(value, -0) ? 0 : value) : toFloat(value));
    return refuse("NOT_JSON", `a ${typeof value} is not a JSON value`, path);
  }

  function checkText(text: string, path: Path): void {
    if (text.includes("\0") || LONE_SURROGATE.test(text))
      refuse(
        "TEXT_UNUSABLE",
        "a text holds the character NUL or half of a character (a lone surrogate)",
        path,
      );
  }

  function refuse(code: string, message: string, path: Path): ScalarNode {
    findings.error(code, message, path.slice(0, 8), undefined);
    return leaf(null);
  }

  const root = read(json, []);
  return findings.errors.length > 0 ? undefined : root;
}

const leaf = (value: Value): ScalarNode => ({
  kind: "scalar",
  value,
  text: value instanceof Float ? String(value.value) : String(value),
  quoted: false,
});
