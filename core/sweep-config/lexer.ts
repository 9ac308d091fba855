import { Lexer } from "yaml";

/**
 * The `yaml` package's lexer, as tolerant as PyYAML of where lines begin inside brackets and quotes. YAML wants them
 * indented deeper than the key before, people close with `]` at the left margin, and W&B runs such files:
 *
 *     values: [
 *       1, 2
 *   ]
 *
 * The lexer has no option for that, but between the pieces that it gives it keeps the wanted indentation in
 * `indentNext`: inside brackets and before a quote that is set to 0. The version of the package is pinned, and
 * test/core/sweep-config/yaml.test.ts fails if an update ends this.
 */
export function* lex(text: string): Generator<string> {
  const lexer = new Lexer();
  let wanted: unknown;
  for (const lexeme of lexer.lex(text)) {
    if (isTolerant(lexer, lexeme)) {
      wanted ??= Reflect.get(lexer, "indentNext");
      Reflect.set(lexer, "indentNext", 0);
    } else if (wanted !== undefined) {
      Reflect.set(lexer, "indentNext", wanted);
      wanted = undefined;
    }
    yield lexeme;
  }
}

/** The lexer stands before the piece it has just given, except for its one-letter marks, which have no place in the text. */
function isTolerant(lexer: Lexer, lexeme: string): boolean {
  if (Number(Reflect.get(lexer, "flowLevel")) > 0) return true;
  const at = Number(Reflect.get(lexer, "pos"));
  const buffer: unknown = Reflect.get(lexer, "buffer");
  if (typeof buffer !== "string") return false;
  const next = buffer[buffer.startsWith(lexeme, at) ? at + lexeme.length : at];
  return next === '"' || next === "'";
}
