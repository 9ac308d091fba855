import { toFloat, toInteger, type Value } from "@/core/value";
import { Misreading } from "./misreading";

export type Token =
  | { readonly kind: "number" | "text"; readonly at: number; readonly source: string; readonly value: Value }
  /** `quoted` by backticks: then it is a name for certain, whatever it is made of. */
  | {
      readonly kind: "name";
      readonly at: number;
      readonly source: string;
      readonly name: string;
      readonly quoted: boolean;
    }
  | { readonly kind: "sign" | "end"; readonly at: number; readonly source: string };

const SPACE = /\s*/y;
const NUMBER = /(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y;
/** Dots belong to names: `optimizer.lr`. Whoever needs another character uses backticks. */
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_]*(?:\.[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*)*/uy;
const SIGN = /\*\*|\/\/|<=|>=|==|!=|[-+*/%<>()[\],]/y;

/** What people write from habit or from a text processor, and what is written here. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["=", "=="],
  ["!", "not"],
  ["&", "and"],
  ["|", "or"],
  ["^", "**"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
  ["×", "*"],
  ["·", "*"],
  ["÷", "/"],
  ["−", "-"],
  ["“", '"'],
  ["”", '"'],
  ["’", "'"],
  ["{", "["],
  ["$", "the name alone"],
]);

/** The words and signs of an expression, with an "end" behind them. @throws Misreading */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  for (;;) {
    take(SPACE);
    const start = at;
    const first = text[at];
    if (first === undefined) return [...tokens, { kind: "end", at, source: "" }];
    if (first === "`" || first === '"' || first === "'") {
      const value = readQuoted(text, at);
      at += value.length;
      const source = text.slice(start, at);
      if (first === "`") tokens.push({ kind: "name", at: start, source, name: value.text, quoted: true });
      else tokens.push({ kind: "text", at: start, source, value: value.text });
      continue;
    }
    const number = take(NUMBER);
    if (number !== undefined) {
      tokens.push({ kind: "number", at: start, source: number, value: toValue(number, start) });
      const glued = take(NAME);
      if (glued !== undefined)
        throw new Misreading(
          `\`${number}${glued}\` is neither a number nor a name; write ${number} * ${glued}`,
          start,
        );
      continue;
    }
    const name = take(NAME);
    if (name !== undefined) {
      tokens.push({ kind: "name", at: start, source: name, name, quoted: false });
      continue;
    }
    const sign = take(SIGN);
    if (sign === undefined) throw strange(text, at);
    tokens.push({ kind: "sign", at: start, source: sign });
  }
}

/** Between equal quotes; a backslash takes the quote, or itself, literally. */
function readQuoted(text: string, start: number): { text: string; length: number } {
  const quote = text[start];
  let inner = "";
  for (let at = start + 1; at < text.length; at++) {
    let unit = text[at];
    if (unit === quote) {
      if (quote === "`" && inner === "") throw new Misreading("a name between backticks is empty", start);
      return { text: inner, length: at + 1 - start };
    }
    if (unit === "\\") {
      at++;
      unit = text[at];
      if (unit !== "\\" && unit !== quote)
        throw new Misreading(
          `a backslash stands before a quote or another backslash, not before ${unit ?? "the end"}`,
          at - 1,
        );
    }
    inner += unit;
  }
  throw new Misreading(`the ${quote} that opens here is never closed`, start);
}

/** As in Python: an integer without a dot or exponent, of any size. */
function toValue(source: string, at: number): Value {
  if (/_(?:\D|$)|^_|__|\._/.test(source))
    throw new Misreading(`\`${source}\` is no number: an underscore stands between two digits`, at);
  const plain = source.replaceAll("_", "");
  if (/^0\d/.test(plain)) throw new Misreading(`\`${source}\` begins with a zero; write it without`, at);
  return /^\d+$/.test(plain) ? toInteger(BigInt(plain)) : toFloat(Number(plain));
}

function strange(text: string, at: number): Misreading {
  const found = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const meant = MEANT.get(found);
  const shown = text.startsWith(found + found, at) ? found + found : found;
  return new Misreading(`${JSON.stringify(shown)} has no meaning here${meant ? `; write ${meant}` : ""}`, at);
}
