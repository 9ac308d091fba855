import { Float, isList, type Value } from "./value";

/**
 * Values as Python writes them: command lines must look as W&B's agent makes them, which puts `str(value)` behind
 * `--name=`. Training programs parse exactly that (`--layers=[64, 32]`, `--lr=1e-05`, `--flag=True`).
 */

/** Python's `str(value)`. */
export const toPythonText = (value: Value): string =>
  typeof value === "string" ? value : toPythonRepr(value);

/** Python's `repr(value)`: what `str` gives for anything inside a list or dict. */
export function toPythonRepr(value: Value): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string") return toStringRepr(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number")
    return Number.isInteger(value) ? BigInt(value).toString() : toFloatRepr(value);
  if (value instanceof Float) return toFloatRepr(value.value);
  if (isList(value)) return `[${value.map(toPythonRepr).join(", ")}]`;
  const fields = Object.keys(value).map((key) => `${toStringRepr(key)}: ${toPythonRepr(value[key] ?? null)}`);
  return `{${fields.join(", ")}}`;
}

/** Python's `json.dumps(value)` with its defaults: ASCII only, a blank behind each comma and colon. */
export function toPythonJson(value: Value): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return toAsciiJson(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return toPythonRepr(value);
  if (value instanceof Float) return toJsonFloat(value.value);
  if (isList(value)) return `[${value.map(toPythonJson).join(", ")}]`;
  const fields = Object.keys(value).map((key) => `${toAsciiJson(key)}: ${toPythonJson(value[key] ?? null)}`);
  return `{${fields.join(", ")}}`;
}

/** Python and JavaScript agree on the shortest digits that read back as the same double, and differ in how to lay them out. */
function toFloatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const sign = value < 0 ? "-" : "";
  const [mantissa = "", exponentText = "0"] = Math.abs(value).toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  const digits = mantissa.replace(".", "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

const toJsonFloat = (value: number): string => (Number.isFinite(value) ? toFloatRepr(value) : String(value));

/** Python's `str.isprintable`, which decides what `repr` escapes: controls, formats, surrogates, unassigned, all blanks but " ". */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Single quotes, unless that would need an escape and double quotes would not. */
function toStringRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let body = "";
  for (const character of text) {
    if (character === quote) body += `\\${quote}`;
    else
      body += SHORT_ESCAPES.get(character) ?? (UNPRINTABLE.test(character) ? toEscape(character) : character);
  }
  return `${quote}${body}${quote}`;
}

function toEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const [letter, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${letter}${code.toString(16).padStart(Number(width), "0")}`;
}

const toAsciiJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
