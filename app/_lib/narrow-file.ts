import { isMap, parseDocument, type YAMLMap } from "yaml";
import { listLeaves, valueAt } from "@/core/leaves";
import type { LeafParameter } from "@/core/parameter";
import { parseSweepConfig, writeValue } from "@/core/sweep-config";
import { isSameValue, parseJson, toFloat, toNumber, type Value, type ValueMap } from "@/core/value";

/**
 * A sweep's file with its ranges narrowed to what these runs span, and its lists to the values that they had; comments and all else
 * stay. What can't be narrowed is left as it was, and so is a file that would not parse afterwards.
 * @param params JSON texts
 */
export function narrowFile(source: string, params: readonly string[]): string {
  const { config } = parseSweepConfig(source);
  if (config === undefined || params.length === 0) return source;
  const document = parseDocument(source);
  if (document.errors.length > 0) return source;
  const runs = params.map((text) => parseJson(text) as ValueMap);
  for (const { path, parameter } of listLeaves(config.parameters)) {
    const values = runs.flatMap((run) => valueAt(run, path) ?? []);
    const node = document.getIn(toKeys(path), false);
    if (values.length > 0 && isMap(node)) narrow(node, parameter, values);
  }
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return parseSweepConfig(text).config === undefined ? source : text;
}

/** Groups stand under `parameters` of their own. */
const toKeys = (path: readonly string[]): string[] => path.flatMap((name) => ["parameters", name]);

function narrow(node: YAMLMap, parameter: LeafParameter, values: readonly Value[]): void {
  if (parameter.kind === "categorical") {
    const kept = parameter.values.filter((value) => values.some((had) => isSameValue(had, value)));
    if (kept.length === 0 || kept.length === parameter.values.length || parameter.probabilities) return;
    node.set("values", toNode(kept));
    return;
  }
  const isExponent = parameter.kind === "log_uniform" || parameter.kind === "q_log_uniform";
  if (!("min" in parameter) || parameter.kind === "inv_log_uniform" || !node.has("min")) return;
  const numbers = values.flatMap((value) => toNumber(value) ?? []).map((x) => (isExponent ? Math.log(x) : x));
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  // Runs that all had one value say nothing of how far it could go.
  if (numbers.length === 0 || !(low < high) || !Number.isFinite(low) || !Number.isFinite(high)) return;
  const isWhole = parameter.kind === "int_uniform";
  const spell = (x: number): Value => (isWhole ? Math.round(x) : toFloat(x));
  node.set("min", toNode(spell(Math.max(low, parameter.min))));
  node.set("max", toNode(spell(Math.min(high, parameter.max))));
}

/** Spelled as the parser reads it: the text's own nodes, in which 1.0 stays a float. */
const toNode = (value: Value): unknown => parseDocument(writeValue(value)).contents;
