import type { Node } from "@/core/sweep-config/tree";
import { isList, isValueMap, parseJson, stringifyJson, type Value } from "@/core/value";

/** A run's parameters to be pasted elsewhere; `1.0` stays `1.0` in both. */
export function toConfigJson(params: string): string {
  return indent(parseJson(params), "");
}

/** The writer of YAML knows every doubtful spelling, and comes when somebody asks for it. */
export async function toConfigYaml(params: string): Promise<string> {
  const { writeYaml } = await import("@/core/sweep-config/write-yaml");
  return writeYaml(toNode(parseJson(params)));
}

function indent(value: Value, pad: string): string {
  const inside = `${pad}  `;
  if (isValueMap(value) && Object.keys(value).length > 0)
    return `{\n${Object.entries(value)
      .map(([key, item]) => `${inside}${JSON.stringify(key)}: ${indent(item, inside)}`)
      .join(",\n")}\n${pad}}`;
  return stringifyJson(value);
}

function toNode(value: Value): Node {
  if (isList(value)) return { kind: "list", items: value.map(toNode) };
  if (!isValueMap(value)) return { kind: "scalar", value, text: String(value), quoted: false };
  return {
    kind: "map",
    entries: new Map(Object.entries(value).map(([key, item]) => [key, { node: toNode(item) }])),
  };
}
