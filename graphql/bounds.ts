import {
  defaultFieldResolver,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { AppError } from "@/core/errors";
import { Allowance } from "./allowance";
import type { Context } from "./context";
import { MAX_FIELDS } from "./limits";
import { rowWidth } from "./row-width";

/** Each costs the server a third of a millisecond: 64,000 of them, from a page of 1,000 rows and 64 aliases, took 19 s. */
const MAX_FAILURES = 100;
/** Scalars whose values may be long. */
const LONG: ReadonlySet<string> = new Set(["String", "JSON", "Column", "RunColumns"]);

/**
 * What an answer holds is known only while it is made: a document can ask for one long text many times, lists that have no
 * pages are as long as they are, and each row can fail by itself. So what is written is counted, the fields of a list's rows
 * before any is made, and of fields that may be null the first failures are told; those behind them are just null. All doors
 * use this schema.
 */
export function boundAnswers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const isLong = LONG.has(getNamedType(field.type).name);
      const isList = isListType(getNullableType(field.type));
      const mayFail = !isNonNullType(field.type);
      if (!isLong && !isList && !mayFail) continue;
      const { resolve = defaultFieldResolver } = field;
      field.resolve = (source, args, context: Context, info) => {
        const answer = answerOf(context, info.rootValue);
        const take = (value: unknown) => {
          if (isLong) answer.write(value);
          if (isList && Array.isArray(value)) answer.count(value.length * rowWidth(info));
          return value;
        };
        const fail = (error: unknown) => {
          if (mayFail && !answer.tells()) return null;
          throw error;
        };
        try {
          const value: unknown = resolve(source, args, context, info);
          return value instanceof Promise ? value.then(take).catch(fail) : take(value);
        } catch (error) {
          return fail(error);
        }
      };
    }
  }
  return schema;
}

class Answer {
  private readonly allowance = new Allowance();
  private fields = 0;
  private failures = 0;
  private refusal: AppError | undefined;

  /** @throws AppError QUERY_TOO_LARGE */
  write(value: unknown): void {
    this.allowance.spend(weigh(value));
  }

  /** @throws AppError QUERY_TOO_LARGE */
  count(fields: number): void {
    this.fields += fields;
    if (this.fields <= MAX_FIELDS) return;
    // One error for all lists that meet it, as an allowance has.
    this.refusal ??= new AppError(
      "QUERY_TOO_LARGE",
      `the answer would have more than ${MAX_FIELDS} fields: ask for shorter pages, fewer lists in each row, or fewer fields`,
      { details: { max: MAX_FIELDS } },
    );
    throw this.refusal;
  }

  /** Whether one more failure is told. */
  tells(): boolean {
    return ++this.failures <= MAX_FAILURES;
  }
}

/**
 * An answer is made with one set of loaders: a request has one, each update of a subscription its own. Where an update goes in
 * pieces, each piece is an answer: it is the root that graphql-js begins with.
 */
function answerOf(context: Context, root: unknown): Answer {
  const { loaders } = context;
  const known = answers.get(context);
  if (known !== undefined && known.loaders === loaders && known.root === root) return known.answer;
  const answer = new Answer();
  answers.set(context, { loaders, root, answer });
  return answer;
}
const answers = new WeakMap<Context, { loaders: Context["loaders"]; root: unknown; answer: Answer }>();

/** A number in JSON has some 8 characters. */
function weigh(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  let sum = 0;
  if (Array.isArray(value)) for (const item of value) sum += weigh(item);
  else for (const [key, item] of Object.entries(value)) sum += key.length + weigh(item);
  return sum;
}
