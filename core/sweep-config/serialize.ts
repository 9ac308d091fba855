import { AppError } from "@/core/errors";
import { Float } from "@/core/value";
import type { SweepConfig } from "./types";

/**
 * A config as JSON text and back, with nothing lost: whole floats, big integers, infinities, the order of maps and
 * names such as `__proto__`. What JSON has no word for is an object with one key:
 * {"$float": "1"}, {"$int": "2e70 in digits"}, {"$number": "Infinity"}, {"$map": [[name, value], ...]}, {"$names": [[name, parameter], ...]}.
 */
export function serializeConfig(config: SweepConfig): string {
  return JSON.stringify(encode(config));
}

/** Throws CONFIG_INVALID when the text was not made by `serializeConfig`. */
export function deserializeConfig(text: string): SweepConfig {
  const config = decode(parse(text));
  if (!isConfig(config))
    throw new AppError(
      "CONFIG_INVALID",
      "a stored sweep configuration can't be read: it has no method or no parameters",
    );
  return config;
}

function encode(value: unknown): unknown {
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: spell(value) };
  if (typeof value === "bigint") return { $int: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Float) return { $float: spell(value.value) };
  if (Array.isArray(value)) return value.map(encode);
  if (value instanceof Map) return { $names: [...value].map(([key, item]) => [key, encode(item)]) };
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [key, encode(item)] as const);
  const isValueMap =
    Object.getPrototypeOf(value) === null || entries.some(([key]) => /^(\$|__proto__$)/.test(key));
  return isValueMap ? { $map: entries } : Object.fromEntries(entries);
}

function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (only?.[0].startsWith("$")) return decodeTagged(only[0], only[1]);
  return Object.fromEntries(entries.map(([key, item]) => [key, decode(item)]));
}

function decodeTagged(tag: string, content: unknown): unknown {
  if (tag === "$number") return Number(content);
  if (tag === "$int") return BigInt(String(content));
  if (tag === "$float") return new Float(Number(content));
  const pairs = toPairs(content).map(([key, item]) => [key, decode(item)] as const);
  if (tag === "$names") return new Map(pairs);
  const map: Record<string, unknown> = Object.create(null);
  for (const [key, item] of pairs) map[key] = item;
  return map;
}

const toPairs = (content: unknown): [string, unknown][] =>
  Array.isArray(content) ? content.map((pair) => [String(pair?.[0]), pair?.[1]]) : [];

const spell = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "a stored sweep configuration is not JSON", { cause });
  }
}

const isConfig = (value: unknown): value is SweepConfig =>
  typeof value === "object" &&
  value !== null &&
  "method" in value &&
  "parameters" in value &&
  value.parameters instanceof Map;
