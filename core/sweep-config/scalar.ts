import { Float, toFloat, toInteger, type Value } from "@/core/value";
import type { Reading } from "./tree";

/**
 * What an unquoted scalar means. Numbers are read the way people mean them (YAML 1.2: `1e-4` is a number), and
 * everything that PyYAML, which W&B loads files with, also reads as a number or boolean (`1_000`, `yes`, `010`).
 * Wherever the two differ, or a spelling is a known trap, `reading` tells.
 */
export interface ScalarRead {
  readonly value: Value;
  readonly reading?: Reading;
}

/** Python refuses longer integers as well (sys.int_info.default_max_str_digits). */
export const MAX_DIGITS = 4_300;

/** Half of a character: it has no UTF-8 form, so neither Python nor PostgreSQL takes it. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

// PyYAML 6, resolver.py
const PY_FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const PY_INT =
  /^[-+]?(?:0b[0-1_]*[0-1][0-1_]*|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]*[0-9a-fA-F][0-9a-fA-F_]*)$/;
const PY_SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const PY_TIME =
  /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/;
// YAML 1.2, core schema
const CORE_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const CORE_OCTAL = /^0o[0-7]+$/;
const LEADING_ZERO = /^[-+]?0[0-9]+$/;

const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);
const OLD_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);

export function readPlain(text: string): ScalarRead {
  const word = WORDS.get(text);
  if (word !== undefined) return { value: word };
  const first = text.charCodeAt(0);
  const numberLike = (first >= 0x30 && first <= 0x39) || first === 0x2d || first === 0x2b || first === 0x2e;
  return numberLike ? readNumberLike(text) : readWord(text);
}

function readWord(text: string): ScalarRead {
  const old = OLD_BOOLEANS.get(text);
  if (old !== undefined)
    return told(
      old,
      "YAML_BOOLEAN_WORD",
      "same",
      `\`${text}\` is read as ${old}; put quotes around it if the word is meant`,
    );
  if (text === "None")
    return told(
      text,
      "YAML_NONE_IS_TEXT",
      "same",
      '`None` is read as the text "None"; write `null` if no value is meant',
    );
  return { value: text };
}

function readNumberLike(text: string): ScalarRead {
  if (PY_INT.test(text)) return readInteger(text);
  if (PY_FLOAT.test(text)) return { value: readFloat(text) };
  if (LEADING_ZERO.test(text))
    return told(
      text,
      "YAML_LEADING_ZERO",
      "same",
      `\`${text}\` is read as text because of its leading zero; drop the zero if a number is meant`,
    );
  if (CORE_FLOAT.test(text))
    return told(
      readFloat(text),
      "YAML_FLOAT_AS_TEXT",
      "text",
      `\`${text}\` is read as a number; W&B's loader would read text. \`${spellForPyYaml(text)}\` is a number in both`,
    );
  if (CORE_OCTAL.test(text))
    return told(
      toInteger(BigInt(text)),
      "YAML_OCTAL",
      "text",
      `\`${text}\` is read as the octal number ${BigInt(text)}; W&B's loader would read text`,
    );
  if (PY_SEXAGESIMAL.test(text))
    return told(
      text,
      "YAML_SEXAGESIMAL",
      "other",
      `\`${text}\` is read as text; W&B's loader would read a number in base 60. Put quotes around it`,
    );
  if (PY_TIME.test(text))
    return told(
      text,
      "YAML_DATE",
      "other",
      `\`${text}\` is read as text; W&B's loader would read a date. Put quotes around it`,
    );
  return { value: text };
}

function readInteger(text: string): ScalarRead {
  const digits = text.replaceAll("_", "");
  if (digits.length > MAX_DIGITS) return { value: text };
  const sign = digits.startsWith("-") ? -1n : 1n;
  const body = digits.replace(/^[-+]/, "");
  if (/^0[0-7]+$/.test(body)) {
    const value = toInteger(sign * BigInt(`0o${body.slice(1)}`));
    return told(
      value,
      "YAML_OCTAL",
      "same",
      `\`${text}\` is read as the octal number ${value}, as W&B's loader does; drop the leading zero if ${BigInt(body)} is meant`,
    );
  }
  return { value: toInteger(sign * BigInt(body)) };
}

function readFloat(text: string): Value {
  const plain = text.replaceAll("_", "").toLowerCase();
  if (plain === ".nan") return new Float(Number.NaN);
  if (plain.endsWith(".inf"))
    return new Float(plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  return toFloat(Number(plain));
}

/** PyYAML wants a dot, and a sign in the exponent: 1e-4 -> 1.0e-4, -.5 -> -0.5. */
export function spellForPyYaml(text: string): string {
  const match = /^([-+]?)([0-9]*)(\.[0-9]*)?(?:([eE])([-+]?)([0-9]+))?$/.exec(text);
  if (!match) return text;
  const [, sign = "", whole = "", fraction = "", e = "", exponentSign = "", exponent = ""] = match;
  const mantissa = `${sign}${whole || "0"}${fraction === "" || fraction === "." ? ".0" : fraction}`;
  return e === "" ? mantissa : `${mantissa}${e}${exponentSign || "+"}${exponent}`;
}

const told = (value: Value, code: string, wandb: Reading["wandb"], message: string): ScalarRead => ({
  value,
  reading: { code, message, wandb },
});

export const CORE_TAG = "tag:yaml.org,2002:";

/** A scalar under an explicit core tag (`!!float 1e-5`); undefined when the text doesn't fit the tag. */
export function readTagged(tag: string, text: string): ScalarRead | undefined {
  const value = readCoreTag(tag.slice(CORE_TAG.length), text);
  return value === undefined ? undefined : { value };
}

function readCoreTag(kind: string, text: string): Value | undefined {
  const trimmed = text.trim().replaceAll("_", "");
  switch (kind) {
    case "str":
    case "timestamp":
    case "binary":
      return text;
    case "null":
      return null;
    case "bool": {
      const word = text.toLowerCase();
      return word === "true" ? true : word === "false" ? false : OLD_BOOLEANS.get(word);
    }
    case "int": {
      const read = PY_INT.test(trimmed) || CORE_OCTAL.test(trimmed) ? readPlain(trimmed).value : undefined;
      return typeof read === "number" || typeof read === "bigint" ? read : undefined;
    }
    case "float":
      return CORE_FLOAT.test(trimmed) || PY_FLOAT.test(trimmed) ? readFloat(trimmed) : undefined;
    default:
      return undefined;
  }
}
