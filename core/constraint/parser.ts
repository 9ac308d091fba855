import type { Value } from "@/core/value";
import { type Token, tokenize } from "./lexer";
import { Misreading } from "./misreading";
import type { ArithmeticOp, Comparison, ComparisonOp, Expression, FunctionName } from "./types";

/** What a name stands for, or in words why it stands for nothing. */
export type Resolve = (name: string, quoted: boolean) => Expression | { readonly unknown: string };

export type ParsedExpression =
  | { readonly expression: Expression }
  /** `at` counts UTF-16 units from 0. */
  | { readonly complaint: string; readonly at: number };

/** The longest line that anybody reads; it bounds the work of everything below. */
export const MAX_EXPRESSION = 1_000;
/** Brackets, signs and `not`s inside each other: a person needs 4, the stack bears thousands. */
const MAX_DEPTH = 50;

/** How many values a function takes. */
const FUNCTIONS: Readonly<Record<FunctionName, readonly [least: number, most: number]>> = {
  min: [1, Number.POSITIVE_INFINITY],
  max: [1, Number.POSITIVE_INFINITY],
  abs: [1, 1],
  log: [1, 1],
  exp: [1, 1],
  sqrt: [1, 1],
  floor: [1, 1],
  ceil: [1, 1],
};
const isFunction = (name: string): name is FunctionName => Object.hasOwn(FUNCTIONS, name);

const WORDS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["null", null],
  ["None", null],
]);
const KEYWORDS: ReadonlySet<string> = new Set(["and", "or", "not", "in", ...WORDS.keys()]);

/** An expression in Python's grammar and precedence, cut down to what a constraint needs. Never throws. */
export function parseExpression(source: string, resolve: Resolve): ParsedExpression {
  if (source.length > MAX_EXPRESSION)
    return {
      complaint: `it has ${source.length} characters, at most ${MAX_EXPRESSION} are read`,
      at: MAX_EXPRESSION,
    };
  try {
    return { expression: new Parser(tokenize(source), resolve).whole() };
  } catch (error) {
    if (error instanceof Misreading) return { complaint: error.message, at: error.at };
    throw error;
  }
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly resolve: Resolve,
  ) {}

  whole(): Expression {
    if (this.tokens.length === 1) throw new Misreading("it is empty", 0);
    const expression = this.or();
    const { kind } = this.token;
    if (kind !== "end") throw this.unexpected("an operator such as <= or `and`");
    return expression;
  }

  private or(): Expression {
    return this.junction("or", () => this.junction("and", () => this.not()));
  }

  private junction(kind: "and" | "or", operand: () => Expression): Expression {
    const of = [operand()];
    while (this.takes(kind)) of.push(operand());
    return of.length === 1 && of[0] ? of[0] : { kind, of };
  }

  private not(): Expression {
    if (!this.takes("not")) return this.comparison();
    return this.deeper(() => ({ kind: "not", of: this.not() }));
  }

  private comparison(): Expression {
    const first = this.sum();
    const rest: Comparison[] = [];
    for (let op = this.comparisonOp(); op !== undefined; op = this.comparisonOp())
      rest.push({ op, with: this.sum() });
    return rest.length === 0 ? first : { kind: "compare", first, rest };
  }

  private comparisonOp(): ComparisonOp | undefined {
    for (const op of ["<=", ">=", "==", "!=", "<", ">", "in"] as const) if (this.takes(op)) return op;
    if (!this.takes("not")) return undefined;
    if (this.takes("in")) return "not in";
    throw this.unexpected("`in` behind this `not`");
  }

  private sum(): Expression {
    return this.leftToRight(["+", "-"], () => this.product());
  }

  private product(): Expression {
    return this.leftToRight(["*", "/", "//", "%"], () => this.signed());
  }

  private leftToRight(ops: readonly ArithmeticOp[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const op = ops.find((candidate) => this.takes(candidate));
      if (!op) return left;
      left = { kind: "arithmetic", op, left, right: operand() };
    }
  }

  private signed(): Expression {
    const op = (["-", "+"] as const).find((candidate) => this.takes(candidate));
    if (!op) return this.power();
    return this.deeper(() => ({ kind: "sign", op, of: this.signed() }));
  }

  /** Binds closer than a sign on its left and less than one on its right: -2 ** -1 is -(2 ** (-1)). */
  private power(): Expression {
    const left = this.atom();
    if (!this.takes("**")) return left;
    return this.deeper(() => ({ kind: "arithmetic", op: "**", left, right: this.signed() }));
  }

  private atom(): Expression {
    const token = this.token;
    if (token.kind === "number" || token.kind === "text") {
      this.next++;
      return { kind: "literal", value: token.value };
    }
    if (token.kind === "name" && (token.quoted || !KEYWORDS.has(token.name) || WORDS.has(token.name))) {
      this.next++;
      return this.named(token);
    }
    if (this.takes("[")) return { kind: "list", items: this.list("]", []) };
    if (!this.takes("(")) throw this.unexpected("a value or a name");
    const inner = this.deeper(() => this.or());
    if (this.takes(")")) return inner;
    if (!this.takes(",")) throw this.unexpected("`)`");
    return { kind: "list", items: this.list(")", [inner]) };
  }

  private named({ name, quoted, at }: Token & { kind: "name" }): Expression {
    const word = quoted ? undefined : WORDS.get(name);
    if (word !== undefined) return { kind: "literal", value: word };
    if (!quoted && this.takes("(")) return this.call(name, at);
    const found = this.resolve(name, quoted);
    if ("unknown" in found) throw new Misreading(found.unknown, at);
    return found;
  }

  private call(name: string, at: number): Expression {
    if (!isFunction(name))
      throw new Misreading(
        `there is no function \`${name}\`; there are ${Object.keys(FUNCTIONS).join(", ")}`,
        at,
      );
    const of = this.list(")", []);
    const [least, most] = FUNCTIONS[name];
    if (of.length >= least && of.length <= most) return { kind: "call", name, of };
    const wanted = most === 1 ? "one value" : "one value or more";
    throw new Misreading(`\`${name}\` takes ${wanted}, not ${of.length}`, at);
  }

  /** The rest of a list behind its opening bracket; a comma at its end is harmless. */
  private list(close: ")" | "]", items: Expression[]): Expression[] {
    while (!this.takes(close)) {
      items.push(this.deeper(() => this.or()));
      if (this.takes(close)) break;
      if (!this.takes(",")) throw this.unexpected(`a comma or \`${close}\``);
    }
    return items;
  }

  private deeper(read: () => Expression): Expression {
    if (++this.depth > MAX_DEPTH)
      throw new Misreading(
        `brackets and signs stand more than ${MAX_DEPTH} deep inside each other`,
        this.token.at,
      );
    const expression = read();
    this.depth--;
    return expression;
  }

  private takes(word: string): boolean {
    const token = this.token;
    const matches =
      token.kind === "name"
        ? !token.quoted && token.name === word
        : token.kind === "sign" && token.source === word;
    if (matches) this.next++;
    return matches;
  }

  private get token(): Token {
    return this.tokens[this.next] ?? { kind: "end", at: 0, source: "" };
  }

  private unexpected(expected: string): Misreading {
    const { kind, source, at } = this.token;
    return new Misreading(`${expected} is expected${kind === "end" ? " at its end" : `, not ${source}`}`, at);
  }
}
