import { type Constraint, type Expression, parseExpression, type SoftConstraint } from "@/core/constraint";
import { metricsIn, parametersIn } from "@/core/constraint/mentions";
import type { Parameters } from "@/core/parameter";
import type { Findings } from "./diagnostics";
import { findIn, leafNames, parameterAt } from "./names";
import { splitOnMetric } from "./soft-constraints";
import { didYouMean, suggest } from "./suggest";
import { isListNode, isScalar, type Node, type Position, type ScalarNode, show } from "./tree";

/** Each is asked of every configuration; real files have a handful. */
const MOST = 100;

export interface Constraints {
  readonly constraints?: readonly Constraint[];
  readonly softConstraints?: readonly SoftConstraint[];
}

/**
 * `constraints`: a list of expressions over parameters, or, for a metric, with the metric alone on one side. One that
 * can't be understood refuses the file: leaving it out would run what its author ruled out.
 *
 * @param metrics names of the sweep's objectives
 */
export function readConstraints(
  node: Node,
  parameters: Parameters,
  metrics: readonly string[],
  findings: Findings,
): Constraints {
  const items = isListNode(node) ? node.items : [node];
  if (items.length > MOST) {
    const message = `\`constraints\` has ${items.length} entries, at most ${MOST} are read; join some with \`and\``;
    findings.error("CONSTRAINTS_INVALID", message, ["constraints"], node.at);
    return {};
  }
  const constraints: Constraint[] = [];
  const softConstraints: SoftConstraint[] = [];
  for (const [i, item] of items.entries()) {
    const path = isListNode(node) ? ["constraints", String(i)] : ["constraints"];
    if (!isScalar(item) || typeof item.value !== "string") {
      const message = `a constraint is a text such as \`warmup < epochs\`, not ${show(item)}; put quotes around one that YAML reads otherwise`;
      findings.error("CONSTRAINTS_INVALID", message, path, item.at);
      continue;
    }
    const reader = new ConstraintReader(item.text, parameters, metrics);
    const read = reader.read();
    if ("complaint" in read) {
      const { code, complaint, at } = read;
      const place = at === undefined ? "" : ` (character ${at + 1} of it)`;
      findings.error(
        code,
        `the constraint \`${cut(item.text)}\`: ${complaint}${place}`,
        path,
        placeOf(item, at),
      );
      continue;
    }
    const slip = reader.findSlip();
    if (slip) {
      const { name, meant, at } = slip;
      const message = `the constraint \`${cut(item.text)}\` is on a metric: there is no parameter \`${name}\`. Did you mean \`${meant}\`? If it is a metric, put it into backticks`;
      findings.warn("CONSTRAINT_NAME_DOUBTFUL", message, path, placeOf(item, at));
    }
    constraints.push(...read.constraints);
    softConstraints.push(...read.softConstraints);
  }
  return {
    ...(constraints.length > 0 && { constraints }),
    ...(softConstraints.length > 0 && { softConstraints }),
  };
}

interface Complaint {
  readonly code: string;
  readonly complaint: string;
  /** From 0 in the text; absent when all of it is meant. */
  readonly at?: number | undefined;
}

class ConstraintReader {
  private nameUnknown = false;
  /** Metrics by nothing but their not being parameters. */
  private readonly guessed = new Set<string>();

  constructor(
    private readonly source: string,
    private readonly parameters: Parameters,
    private readonly metrics: readonly string[],
  ) {}

  read(): Required<Constraints> | Complaint {
    const parsed = parseExpression(this.source, (name, quoted) => this.resolve(name, quoted));
    if ("complaint" in parsed)
      return { code: this.nameUnknown ? "CONSTRAINT_NAME_UNKNOWN" : "CONSTRAINT_SYNTAX", ...parsed };
    const { expression } = parsed;
    const mentioned = parametersIn(expression);
    const measured = metricsIn(expression);
    if (mentioned.length + measured.length === 0)
      return {
        code: "CONSTRAINT_POINTLESS",
        complaint: "it mentions no parameter, so it holds always or never",
      };
    if (!isQuestion(expression))
      return {
        code: "CONSTRAINT_POINTLESS",
        complaint: "it is a value and asks nothing; compare it with <, <=, ==, != or `in`",
      };
    if (measured.length === 0)
      return { constraints: [{ source: this.source, test: expression }], softConstraints: [] };
    const doubtful = mentioned.length > 0 ? measured.find((name) => this.guessed.has(name)) : undefined;
    if (doubtful !== undefined)
      return {
        code: "CONSTRAINT_NAME_UNKNOWN",
        complaint: `there is no parameter \`${doubtful}\`; if it is a metric, put it into backticks`,
        at: this.source.indexOf(doubtful),
      };
    return splitOnMetric(this.source, expression);
  }

  /** A metric by guess that may be a parameter of a group, whose name is the dotted way to it: `lr` for `optimizer.lr`. */
  findSlip(): { readonly name: string; readonly meant: string; readonly at: number } | undefined {
    const names = leafNames(this.parameters).filter((name) => name.includes("."));
    const lastOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);
    for (const name of this.guessed) {
      const nearest = suggest(name, names.map(lastOf));
      const meant = names.find((each) => lastOf(each) === nearest);
      if (meant !== undefined) return { name, meant, at: this.source.indexOf(name) };
    }
    return undefined;
  }

  private resolve(name: string, quoted: boolean): Expression | { readonly unknown: string } {
    const path = findIn(this.parameters, [], name);
    const parameter = path && parameterAt(this.parameters, path);
    if (path && parameter && parameter.kind !== "group") return { kind: "parameter", path };
    if (quoted || this.metrics.includes(name)) return { kind: "metric", name };
    if (parameter?.kind === "group")
      return this.unknown(
        `\`${name}\` is a group; name a parameter in it, such as \`${name}.${parameter.parameters.keys().next().value}\``,
      );
    const names = leafNames(this.parameters);
    const odd = [...names, ...this.metrics].find((known) => known.startsWith(name) && isOdd(known));
    if (odd !== undefined)
      return this.unknown(
        `\`${odd}\` needs backticks around it here, since it is not made of letters, digits and \`_\` alone`,
      );
    const hint = didYouMean(name, [...names, ...this.metrics]);
    if (hint !== "")
      return this.unknown(
        `there is no parameter \`${name}\`.${hint} If it is a metric, put it into backticks`,
      );
    this.guessed.add(name);
    return { kind: "metric", name };
  }

  private unknown(what: string): { readonly unknown: string } {
    this.nameUnknown = true;
    return { unknown: what };
  }
}

/** Read as several words without backticks. */
const isOdd = (name: string): boolean => !/^[\p{L}_][\p{L}\p{M}\p{N}_.]*$/u.test(name);

/** What is true or false; a parameter may be a boolean. */
const isQuestion = ({ kind }: Expression): boolean =>
  kind === "compare" || kind === "and" || kind === "or" || kind === "not" || kind === "parameter";

const SHOWN = 100;
const cut = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

function placeOf({ at, lead }: ScalarNode, offset: number | undefined): Position | undefined {
  if (!at || lead === undefined || offset === undefined) return at;
  return { line: at.line, column: at.column + lead + offset };
}
