import { RE2JS } from "re2js";

/**
 * A regular expression of what Perl, Python, RE2 and PostgreSQL all have, in PostgreSQL's spelling: so it means there what its writer meant.
 * Whatever could make a matcher go back and forth (what was matched before, looking around) is not among it, and counts are small, so that
 * each match takes time in proportion to the text.
 * @throws Error with one sentence for whoever wrote it
 */
export function toPostgresPattern(pattern: string): string {
  if (pattern.length > MAX_PATTERN)
    throw new Error(`it has ${pattern.length} characters, at most ${MAX_PATTERN}`);
  compile(pattern);
  const flags = /^\(\?i\)/.exec(pattern) ? "(?i)" : "";
  let out = "";
  let at = flags ? 4 : 0;
  let repeats = 1;
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    const part = readClass(rest) ?? readEscape(rest) ?? readGroup(rest) ?? readCount(rest) ?? readPlain(rest);
    out += part.out;
    at += part.length;
    repeats *= part.repeats ?? 1;
    if (repeats > MAX_REPEATS) throw new Error(`its counts come to more than ${MAX_REPEATS} together`);
  }
  // "***:" makes sure that it is read as an advanced expression, whatever it begins with.
  return `***:${flags}${out}`;
}

const MAX_PATTERN = 500;
/** PostgreSQL writes counted parts out, each again inside the other. */
const MAX_REPEATS = 255;

interface Part {
  readonly out: string;
  readonly length: number;
  readonly repeats?: number;
}

function compile(pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(error instanceof Error ? error.message : "it is no regular expression");
  }
}

const CLASS_ESCAPES: Readonly<Record<string, string>> = { d: "0-9", w: "a-zA-Z0-9_", s: " \\t\\n\\r\\f" };

/** `[...]`, with ranges and the classes of escapes that are no complements. */
function readClass(rest: string): Part | undefined {
  const open = /^\[\^?/.exec(rest)?.[0];
  if (open === undefined) return undefined;
  let out = open;
  let at = open.length;
  for (let first = true; rest[at] !== "]" || first; first = false) {
    const character = String.fromCodePoint(rest.codePointAt(at) ?? 0);
    if (at >= rest.length) throw new Error("a class is not closed");
    if (character === "[") {
      if (/^\[[:.=]/.test(rest.slice(at)))
        throw new Error("named classes are not read: write the characters");
      out += "\\[";
    } else if (character === "\\") {
      const next = rest[at + 1] ?? "";
      const known = CLASS_ESCAPES[next];
      if (known !== undefined) out += known;
      else if (/[tnrf]/.test(next) || /[^A-Za-z0-9]/.test(next)) out += `\\${next}`;
      else throw new Error(`\\${next} is not read inside of a class`);
      at++;
    } else out += character === "]" ? "\\]" : character;
    at += character.length;
  }
  return { out: `${out}]`, length: at + 1 };
}

const ESCAPES: Readonly<Record<string, string>> = {
  d: "[0-9]",
  D: "[^0-9]",
  w: "[a-zA-Z0-9_]",
  W: "[^a-zA-Z0-9_]",
  s: "[ \\t\\n\\r\\f]",
  S: "[^ \\t\\n\\r\\f]",
  b: "\\y",
  B: "\\Y",
  A: "\\A",
  z: "\\Z",
  t: "\\t",
  n: "\\n",
  r: "\\r",
  f: "\\f",
};

function readEscape(rest: string): Part | undefined {
  if (rest[0] !== "\\") return undefined;
  const next = rest[1] ?? "";
  const out = ESCAPES[next] ?? (/[^A-Za-z0-9]/.test(next) ? `\\${next}` : undefined);
  if (out === undefined) throw new Error(`\\${next} is not read here`);
  return { out, length: 2 };
}

/** What a group took is of no interest: all are plain ones. */
function readGroup(rest: string): Part | undefined {
  const open = /^\((?:\?:|\?P?<[A-Za-z_]\w*>)?/.exec(rest)?.[0];
  if (open === undefined) return undefined;
  if (rest[open.length] === "?") throw new Error(`${rest.slice(0, 4)} is not read here`);
  return { out: "(?:", length: open.length };
}

/** Whether as little or as much as can be is matched decides what is taken, not whether there is a match. */
function readCount(rest: string): Part | undefined {
  const match = /^(?:[*+?]|\{(\d+)(,(\d*))?\})\??/.exec(rest);
  if (match === null) return undefined;
  const [text, least = "", more, most = ""] = match;
  const repeats = Math.max(1, Number(most || least || 1));
  const lazy = text.length > 1 && text.endsWith("?");
  const out = lazy ? text.slice(0, -1) : text;
  return { out, length: text.length, repeats: more === undefined && least === "" ? 1 : repeats };
}

function readPlain(rest: string): Part {
  const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  if (character === ".") return { out: "[^\\n]", length: 1 };
  if (character === "$") return { out: "\\Z", length: 1 };
  if (character === "^") return { out: "\\A", length: 1 };
  // A brace that counts nothing is itself.
  if (character === "{" || character === "}" || character === "]")
    return { out: `\\${character}`, length: 1 };
  return { out: character, length: character.length };
}
