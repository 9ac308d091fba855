import { RE2JS } from "re2js";
import { toWireKey, toWireValue } from "@/client/wire";
import { type MetricLine, toStep } from "./metric-line";

/** Of a line; what is longer is no line of a log. */
const MAX_MATCHED = 4_096;

/** Reads metrics out of a line of text; undefined when it has none. */
export type ReadPatterns = (line: string) => MetricLine | undefined;

/**
 * The sweep's `log_pattern`: expressions with named groups in the syntax of RE2, matched in a time linear in the line (13 µs for
 * one that matches, 0.4 µs for one that does not). Each that matches adds its groups; the group `step` is the step.
 */
export function openPatterns(patterns: readonly string[]): ReadPatterns {
  const compiled = patterns.map((pattern) => {
    const expression = RE2JS.compile(pattern);
    return { expression, names: Object.keys(expression.namedGroups()) };
  });
  return (line) => {
    const text = line.slice(0, MAX_MATCHED);
    let step: number | undefined;
    const entries: [string, unknown][] = [];
    for (const { expression, names } of compiled) {
      if (!expression.test(text)) continue;
      const matcher = expression.matcher(text);
      if (!matcher.find()) continue;
      for (const name of names) {
        const found = matcher.group(name);
        if (found === null || found === undefined || found === "") continue;
        if (name === "step") step ??= toStep(found);
        else entries.push([toWireKey(name), toWireValue(toNumber(found) ?? found)]);
      }
    }
    return entries.length === 0 ? undefined : { ...(step !== undefined && { step }), entries };
  };
}

/** As programs of all languages write numbers: `1e-05`, `.5`, `nan`, `-inf`, `Infinity`. */
function toNumber(text: string): number | undefined {
  const word = WORDS.get(text.toLowerCase().replace(/^\+/, ""));
  if (word !== undefined) return word;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["-nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["-inf", Number.NEGATIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
]);
