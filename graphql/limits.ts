import {
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValueNode,
} from "graphql";
import { AppError } from "@/core/errors";

/** A sweep file of 10 MiB as JSON text; a batch of 800,000 metrics with all their digits. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The document alone: ours are below 4 kB. */
export const MAX_QUERY_BYTES = 64 * 1024;
export const MAX_TOKENS = 4_000;
/** The deepest of our own documents asks 9 levels; introspection tools ask 13. */
export const MAX_DEPTH = 15;
/** How often fields may be asked under other names within one operation. */
export const MAX_ALIASES = 64;
/** Mutations and subscriptions do work for each root field. */
export const MAX_ROOT_FIELDS = 16;
/** Fields of the answer, were every list as long as it was asked for. */
export const MAX_COST = 400_000;
/** Fields that the answer has, since no document says how many metrics a run, or agents a sweep will have. */
export const MAX_FIELDS = 1_000_000;
/** The longest page of a connection. */
export const MAX_PAGE = 1_000;
export const DEFAULT_PAGE = 50;
/** Lists without an argument `first` are short by nature (attempts of a run, agents of a sweep). */
const UNPAGED_LIST = 10;
/** Fields behind which there is much to read, in fields; what they really bring is counted by the answer's `Allowance`. */
const WEIGHTS: Readonly<Record<string, number>> = {
  "Run.output": 2_000,
  "Run.system": 1_000,
  "Attempt.facts": 100,
  "Attempt.diff": 300,
  "Run.history": 300,
  "Run.folders": 100,
  "Run.media": 100,
  "Media.total": 300,
  "Media.steps": 300,
  "Media.entries": 300,
  "MediaItem.table": 100,
  "Query.histories": 10_000,
  "Project.metricNames": 1_000,
  "Project.parameterNames": 1_000,
  "Sweep.metricNames": 1_000,
  "Sweep.parameterNames": 1_000,
  "Sweep.runColumns": 10_000,
  "Sweep.stopping": 10_000,
  "Sweep.attempts": 10_000,
  "Sweep.importance": 10_000,
  "Subscription.importanceChanged": 10_000,
  "Project.guess": 10_000,
};
export const OPERATION_TIMEOUT_MS = 30_000;
/** Points of each line of `Run.system`. */
export const SYSTEM_SAMPLES = { usual: 300, max: 4_000 } as const;

/** @throws AppError BAD_INPUT */
export function checkSystemSamples(samples: number | null | undefined): number {
  const wanted = samples ?? SYSTEM_SAMPLES.usual;
  if (wanted >= 1 && wanted <= SYSTEM_SAMPLES.max) return wanted;
  throw new AppError("BAD_INPUT", `samples is ${wanted}, expected from 1 to ${SYSTEM_SAMPLES.max}`);
}

/** A validation rule: what a document may cost at most, counted before anything runs and cached with the document. */
export function limitDocument(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      for (const problem of measureDocument(context.getSchema(), document)) context.reportError(problem);
    },
  };
}

interface Measure {
  depth: number;
  cost: number;
  /** Fields side by side, those in fragments too. */
  width: number;
  aliases: number;
}

const NOTHING: Readonly<Measure> = { depth: 0, cost: 0, width: 0, aliases: 0 };

/** The problems of a document; none when it may run. Fragments are measured once, so nesting them can't blow up the time. */
export function measureDocument(schema: GraphQLSchema, document: DocumentNode): GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, Readonly<Measure>>();
  const problems: GraphQLError[] = [];

  const typeOf = (condition: NamedTypeNode) => schema.getType(condition.name.value);
  const measure = (set: SelectionSetNode | undefined, type: Maybe<GraphQLNamedType>): Measure => {
    const total = { ...NOTHING };
    for (const node of set?.selections ?? []) {
      const part =
        node.kind === Kind.FIELD
          ? measureField(node, type)
          : node.kind === Kind.INLINE_FRAGMENT
            ? measure(node.selectionSet, node.typeCondition ? typeOf(node.typeCondition) : type)
            : measureFragment(node.name.value);
      total.depth = Math.max(total.depth, part.depth);
      total.cost += part.cost;
      total.width += part.width;
      total.aliases += part.aliases;
    }
    return total;
  };
  const measureField = (node: FieldNode, parent: Maybe<GraphQLNamedType>): Measure => {
    const field = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined;
    const inner = measure(node.selectionSet, field && getNamedType(field.type));
    return {
      depth: inner.depth + 1,
      cost: (WEIGHTS[`${parent?.name}.${node.name.value}`] ?? 1) + inner.cost * listLength(node, field),
      width: 1,
      aliases: inner.aliases + (node.alias ? 1 : 0),
    };
  };
  const measureFragment = (name: string): Readonly<Measure> => {
    const before = known.get(name);
    if (before !== undefined) return before;
    known.set(name, NOTHING); // a circle is reported by graphql's own rule; here it must only end
    const fragment = fragments.get(name);
    const measured = measure(fragment?.selectionSet, fragment && typeOf(fragment.typeCondition));
    known.set(name, measured);
    return measured;
  };

  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const {
      depth,
      cost,
      width: roots,
      aliases,
    } = measure(node.selectionSet, schema.getRootType(node.operation));
    const name = node.name ? `operation ${node.name.value}` : "the operation";
    const refuse = (message: string, found: number, max: number) =>
      problems.push(
        new GraphQLError(`${name} ${message}; at most ${max} are answered`, {
          nodes: [node],
          extensions: { code: "QUERY_TOO_LARGE", details: { found, max } },
        }),
      );
    if (depth > MAX_DEPTH) refuse(`is ${depth} levels deep`, depth, MAX_DEPTH);
    if (roots > MAX_ROOT_FIELDS) refuse(`has ${roots} root fields`, roots, MAX_ROOT_FIELDS);
    if (aliases > MAX_ALIASES) refuse(`has ${aliases} aliases`, aliases, MAX_ALIASES);
    if (cost > MAX_COST) refuse(`asks for up to ${cost} fields (shorter pages cost less)`, cost, MAX_COST);
  }
  return problems;
}

type Maybe<T> = T | null | undefined;

/** How many times the inner fields may be answered. `edges` and `nodes` were counted at their connection. */
function listLength(node: FieldNode, field: GraphQLField<unknown, unknown> | undefined): number {
  if (field === undefined || node.name.value === "edges" || node.name.value === "nodes") return 1;
  const isConnection = getNamedType(field.type).name.endsWith("Connection");
  if (!isConnection && !isListType(getNullableType(field.type))) return 1;
  const takes = (argument: string) => field.args.some(({ name }) => name === argument);
  const paged = takes("first");
  const length = node.arguments?.find(
    ({ name }) => name.value === "first" || name.value === "last" || (paged && name.value === "samples"),
  );
  if (length !== undefined) return toLength(length.value);
  if (isConnection) return DEFAULT_PAGE;
  // What is sampled is one row when nothing is said (Media.entries).
  return paged && !takes("samples") ? MAX_PAGE : UNPAGED_LIST;
}

/** A variable may be as large as a page may be: limits must hold for every value it can take. */
function toLength(value: ValueNode): number {
  if (value.kind === Kind.INT) return Math.min(Math.max(Number(value.value), 1), MAX_PAGE);
  return MAX_PAGE;
}
