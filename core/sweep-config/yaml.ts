import { Composer, type CST, type Document, isScalar, LineCounter, Parser, type YAMLError } from "yaml";
import type { Findings } from "./diagnostics";
import { lex } from "./lexer";
import { MAX_DEPTH, MAX_LEXEMES, MAX_TEXT_LENGTH } from "./limits";
import type { Node, Position } from "./tree";
import { TreeBuilder } from "./yaml-tree";

/** YAML text as a positioned tree, or undefined with an error among the findings. Never throws, never hangs. */
export function readYaml(text: string, findings: Findings): Node | undefined {
  if (text.length > MAX_TEXT_LENGTH) {
    const message = `the file has ${text.length} characters; a sweep file has at most ${MAX_TEXT_LENGTH}`;
    findings.error("FILE_TOO_LARGE", message, [], { line: 1, column: 1 });
    return undefined;
  }
  const lines = new LineCounter();
  const tokens = tokenize(text, lines, findings);
  if (!tokens) return undefined;
  const document = compose(tokens, text, lines, findings);
  return document && new TreeBuilder(findings, (offset) => toPosition(lines, offset)).build(document);
}

/** Feeds the lexer's pieces to the parser one by one, so that a bomb is noticed before it is built. */
function tokenize(text: string, lines: LineCounter, findings: Findings): CST.Token[] | undefined {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  lines.addNewLine(0);
  for (const lexeme of lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_DEPTH + 2) {
      const message = `lists and maps stand more than ${MAX_DEPTH} deep inside each other; is a bracket missing?`;
      findings.error("TOO_DEEP", message, [], toPosition(lines, parser.offset));
      return undefined;
    }
    if (++lexemes > MAX_LEXEMES) {
      const message = `the file has more than ${MAX_LEXEMES} words and signs; generate fewer values`;
      findings.error("TOO_MANY_NODES", message, [], toPosition(lines, parser.offset));
      return undefined;
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** The one document of the file. Its scalars stay text ("failsafe"): this parser has its own rules for them. */
function compose(
  tokens: CST.Token[],
  text: string,
  lines: LineCounter,
  findings: Findings,
): Document.Parsed | undefined {
  const composer = new Composer({
    schema: "failsafe",
    resolveKnownTags: false,
    uniqueKeys: false,
    prettyErrors: false,
  });
  const documents = composer.compose(tokens, true, text.length);
  const first = documents.next().value ?? undefined;
  if (!first) return undefined;
  for (const error of first.errors) reportSyntax(error, lines, findings);
  for (const other of documents) {
    if (isEmpty(other)) continue;
    const message =
      "the file holds several YAML documents; a sweep file holds one. Put what follows `---` into a file of its own";
    findings.error("SEVERAL_DOCUMENTS", message, [], toPosition(lines, other.range[0]));
    break;
  }
  return findings.errors.length === 0 ? first : undefined;
}

const isEmpty = (document: Document.Parsed): boolean =>
  document.errors.length === 0 &&
  (document.contents === null || (isScalar(document.contents) && document.contents.source === ""));

/** Mistakes that PyYAML, and so W&B, lets pass: they change nothing in what was read. */
const HARMLESS = [/^Comments must be separated/];

function reportSyntax(error: YAMLError, lines: LineCounter, findings: Findings): void {
  if (HARMLESS.some((pattern) => pattern.test(error.message))) return;
  const hint = HINTS.find(([pattern]) => pattern.test(error.message))?.[1] ?? "";
  const said = error.message.split("\n")[0] ?? "";
  findings.error("YAML_SYNTAX", `this is not YAML: ${said}${hint}`, [], toPosition(lines, error.pos[0]));
}

const HINTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/Missing closing .*quote/i, ". Close the quote that opens before here"],
  [/end with a [\]}]/i, ". Close the bracket that opens before here"],
  [/tabs? as indent/i, ". Indent with spaces"],
  [/Nested mappings are not allowed/i, ". A text with `: ` in it needs quotes"],
  [/Implicit map keys need to be followed by map values/i, ". Is a colon missing, or a stray letter here?"],
  [/at the same (start )?(column|indent)|indented/i, ". Compare the indentation with the lines above"],
];

function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
