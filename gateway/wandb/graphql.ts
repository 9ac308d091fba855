import {
  type DocumentNode,
  execute,
  GraphQLError,
  getOperationAST,
  Kind,
  parse,
  type SelectionNode,
  type SelectionSetNode,
  specifiedRules,
  validate,
} from "graphql";
import { type AppError, isAppError } from "@/core/errors";
import type { Logger } from "@/engine/context";
import type { GatewayContext } from "./context";
import { Mutation } from "./mutation";
import { Query } from "./query";
import { schema } from "./schema";

/** What the client posts. */
export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly body: { data?: unknown; errors?: readonly { message: string; extensions?: object }[] };
}

/** The client's own documents have at most 900 tokens and 9 levels. */
const MAX_TOKENS = 4_000;
const MAX_DEPTH = 15;
/** A field that reads a run's history may stand in a list of runs, but not in many lists. */
const MAX_FIELDS = 300;
const MOST_DOCUMENTS = 500;
/** The longest has some 6,000; what is long is long for its comments, and would be kept here. */
const MAX_CHARACTERS = 50_000;

/** Documents that were read, by their text: clients send the same few again and again. The oldest goes first. */
const known = new Map<string, Reading>();

type Reading =
  | { readonly document: DocumentNode; readonly name: string }
  | { readonly problem: string; readonly name: string };

/**
 * Runs one operation (W4 to W8). An operation that this server does not know is answered with an error and status 200: the client then goes
 * on without it, where a 400 would print its body into the user's terminal. A refusal has the HTTP status that the client acts on.
 */
export async function answerGraphql(
  context: GatewayContext,
  { query, variables }: GraphqlRequest,
  unknown: (name: string, why: string) => void,
): Promise<GraphqlAnswer> {
  const reading = read(query);
  if ("problem" in reading) {
    unknown(reading.name, reading.problem);
    return {
      status: 200,
      body: { data: null, errors: [{ message: `besom does not know ${reading.name}: ${reading.problem}` }] },
    };
  }
  const operation = getOperationAST(reading.document);
  const { data, errors } = await execute({
    schema,
    document: reading.document,
    rootValue: operation?.operation === "mutation" ? new Mutation() : new Query(),
    contextValue: context,
    variableValues: variables,
  });
  if (!errors) return { status: 200, body: { data } };
  const shown = errors.map((error) => show(error, context.log));
  const status = Math.max(200, ...shown.map((one) => one.status));
  return {
    status,
    body: {
      data: data ?? null,
      errors: shown.map(({ message, code }) => ({ message, extensions: { code } })),
    },
  };
}

function read(query: string): Reading {
  const before = known.get(query);
  if (before !== undefined) return before;
  if (query.length > MAX_CHARACTERS)
    return {
      name: "a document",
      problem: `it has ${query.length} characters, at most ${MAX_CHARACTERS} are read`,
    };
  const made = readAnew(query);
  if (known.size >= MOST_DOCUMENTS) known.delete(known.keys().next().value ?? "");
  known.set(query, made);
  return made;
}

function readAnew(query: string): Reading {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS, noLocation: true });
  } catch (error) {
    return { name: "a document", problem: error instanceof Error ? error.message : String(error) };
  }
  const name = nameOf(document);
  const [problem] = validate(schema, document, specifiedRules, { maxErrors: 1 });
  if (problem) return { name, problem: problem.message };
  const { depth, fields } = measure(document);
  if (depth > MAX_DEPTH || fields > MAX_FIELDS)
    return {
      name,
      problem: `it has ${fields} fields and ${depth} levels, at most ${MAX_FIELDS} and ${MAX_DEPTH} are answered`,
    };
  return { document, name };
}

/** Of the operation, or of its first field where that has no name. */
function nameOf(document: DocumentNode): string {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    if (definition.name) return definition.name.value.slice(0, 100);
    const [first] = definition.selectionSet.selections;
    if (first?.kind === Kind.FIELD) return first.name.value.slice(0, 100);
  }
  return "a document";
}

/** A fragment counts wherever it is spread: two that are spread twice on each level would be millions of fields. */
function measure(document: DocumentNode): Size {
  const fragments = new Map<string, SelectionSetNode>();
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one.selectionSet);
  const known = new Map<string, Size>();
  const ofSpread = (name: string): Size => {
    const set = fragments.get(name);
    const size = known.get(name) ?? (set ? ofSet(set) : NOTHING);
    known.set(name, size);
    return size;
  };
  const ofSet = ({ selections }: SelectionSetNode): Size => selections.map(ofSelection).reduce(add, NOTHING);
  const ofSelection = (one: SelectionNode): Size => {
    if (one.kind === Kind.FRAGMENT_SPREAD) return ofSpread(one.name.value);
    if (one.kind === Kind.INLINE_FRAGMENT) return ofSet(one.selectionSet);
    const inside = one.selectionSet ? ofSet(one.selectionSet) : NOTHING;
    return { depth: inside.depth + 1, fields: inside.fields + 1 };
  };
  return document.definitions
    .map((one) => (one.kind === Kind.OPERATION_DEFINITION ? ofSet(one.selectionSet) : NOTHING))
    .reduce(add, NOTHING);
}

interface Size {
  readonly depth: number;
  readonly fields: number;
}
const NOTHING: Size = { depth: 0, fields: 0 };
const add = (a: Size, b: Size): Size => ({
  depth: Math.max(a.depth, b.depth),
  fields: a.fields + b.fields,
});

function show(error: GraphQLError, log: Logger): { message: string; status: number; code: string } {
  const original = error.originalError ?? error;
  if (isAppError(original)) return { message: original.message, ...toStatus(original) };
  if (original instanceof GraphQLError)
    return { message: error.message.slice(0, 1_000), status: 400, code: "BAD_INPUT" };
  if (isUnstorable(original)) {
    log.warn({ err: original, path: error.path }, "a wandb client sent what the database can't hold");
    return { message: "a value can't be stored: text with NUL, or a number out of range", ...UNSTORABLE };
  }
  log.error({ err: original, path: error.path }, "unexpected error in an operation of the gateway");
  return { message: "internal error: the server's log has it", status: 500, code: "INTERNAL" };
}

/** PostgreSQL's class of data exceptions: sent again, which the client does at 500, it would be refused again. */
const isUnstorable = (error: unknown): boolean =>
  error instanceof Error && /^22/.test(String((error as { code?: unknown }).code));
const UNSTORABLE = { status: 400, code: "BAD_INPUT" };

/**
 * The client gives up at 400, 401, 403, 404, 410, 413 and 422, and asks again at all else (section 14 of the protocol), UpsertBucket at 409
 * too: a mistake of the caller's is one of those, whatever HTTP would call it.
 */
export function toStatus(error: AppError): { status: number; code: string } {
  const { status, code } = error;
  if (status >= 500 || status === 429 || [400, 401, 403, 404, 410, 413, 422].includes(status))
    return { status, code };
  return { status: 400, code };
}
