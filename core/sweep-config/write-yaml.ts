import { Float, isList, isValueMap, type Value } from "@/core/value";
import { readPlain, spellForPyYaml } from "./scalar";
import type { Node } from "./tree";

/** A JSON value as YAML that this parser and W&B's loader read alike: `1.0` keeps its dot, doubtful texts get quotes. */
export function writeYaml(root: Node): string {
  return `${writeBlock(root, 0)}\n`;
}

function writeBlock(node: Node, indent: number): string {
  const pad = "  ".repeat(indent);
  if (node.kind === "map" && node.entries.size > 0)
    return [...node.entries]
      .map(([key, entry]) => `${pad}${writeText(key)}:${writeInside(entry.node, indent + 1)}`)
      .join("\n");
  if (node.kind === "list" && node.items.length > 0 && !isShort(node))
    return node.items.map((item) => `${pad}-${writeInside(item, indent + 1)}`).join("\n");
  return pad + writeFlow(node);
}

function writeInside(node: Node, indent: number): string {
  const onOneLine = node.kind === "scalar" || isShort(node);
  return onOneLine ? ` ${writeFlow(node)}` : `\n${writeBlock(node, indent)}`;
}

/** Lists of a few plain values, and empty lists and maps, stand on one line. */
function isShort(node: Node): boolean {
  if (node.kind === "map") return node.entries.size === 0;
  return (
    node.kind === "list" &&
    node.items.every((item) => item.kind === "scalar") &&
    writeFlow(node).length <= 100
  );
}

function writeFlow(node: Node): string {
  if (node.kind === "scalar") return writeScalar(node.value);
  if (node.kind === "list") return `[${node.items.map(writeFlow).join(", ")}]`;
  return `{${[...node.entries].map(([key, entry]) => `${writeText(key)}: ${writeFlow(entry.node)}`).join(", ")}}`;
}

function writeScalar(value: Value): string {
  if (typeof value === "string") return writeText(value);
  if (value instanceof Float) return writeFloat(value.value);
  if (typeof value === "number" && !Number.isInteger(value)) return writeFloat(value);
  return String(value);
}

function writeFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return spellForPyYaml(Object.is(value, -0) ? "-0" : String(value));
}

function writeText(text: string): string {
  const { value, reading } = readPlain(text);
  if (/^[A-Za-z_][A-Za-z0-9_./-]*$/.test(text) && value === text && !reading) return text;
  // PyYAML refuses these characters bare
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, escapeUnit);
}

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A value on one line, and a key, for whoever writes a file line by line. */
export function writeValue(value: Value): string {
  if (isList(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (!isValueMap(value)) return writeScalar(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${writeText(key)}: ${writeValue(item)}`)
    .join(", ")}}`;
}
export const writeKey = (key: string): string => writeText(key);
