import { randomBytes } from "node:crypto";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { AppError, ERROR_CODES, isAppError } from "@/core/errors";
import type { Logger } from "@/engine/context";
import { countError } from "./error-counts";

/** An expected failure as data, beside the payload's other fields. */
export interface Failure {
  code: string;
  message: string;
  details: Readonly<Record<string, unknown>>;
}

/** Undefined when the error was not expected: the caller throws it on, to be masked at the door. */
export function toFailure(error: unknown): Failure | undefined {
  if (!isAppError(error) || error.code === "INTERNAL") return undefined;
  countError(error.code);
  return { code: error.code, message: error.message, details: error.details };
}

/**
 * How an error leaves the server: expected failures with their code and details, the caller's own mistakes
 * (syntax, validation, variables) as graphql-js words them, everything else as INTERNAL with an id that stands
 * in the log beside the original.
 */
export function maskError(error: unknown, log: Logger): GraphQLFormattedError {
  const masked = mask(error, log);
  countError(String(masked.extensions?.code));
  return masked;
}

function mask(error: unknown, log: Logger): GraphQLFormattedError {
  const original = explain(error instanceof GraphQLError ? (error.originalError ?? error) : error);
  const where =
    error instanceof GraphQLError
      ? { ...(error.locations && { locations: error.locations }), ...(error.path && { path: error.path }) }
      : {};
  if (isAppError(original) && original.code !== "INTERNAL") {
    return {
      message: original.message,
      ...where,
      extensions: { code: original.code, details: original.details },
    };
  }
  if (original instanceof GraphQLError) {
    const { code, details } = original.extensions;
    return {
      // The outer one says which variable it was.
      message: shorten(error instanceof GraphQLError ? error.message : original.message),
      ...where,
      extensions: { code: toOurCode(code), ...(details !== undefined && { details }) },
    };
  }
  // A scalar that refuses a value throws a plain error which graphql-js wraps while it coerces variables; those arrive
  // as GraphQLError above. What is left is ours.
  const errorId = idOf(original) ?? randomBytes(6).toString("hex");
  if (idOf(original) === undefined) {
    log.error({ errorId, err: original, path: where }, "unexpected error in a GraphQL operation");
    if (typeof original === "object" && original !== null) errorIds.set(original, errorId);
  }
  return {
    message: `internal error ${errorId}: the server's log has the details under this id`,
    ...where,
    extensions: { code: "INTERNAL", details: { errorId } },
  };
}

/** A statement that fails takes the fields of all its rows along: one id and one line in the log for all of them. */
const errorIds = new WeakMap<object, string>();
const idOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null ? errorIds.get(error) : undefined;

/** A statement that met the database's own limit of time, or an operator's pg_cancel_backend. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && error.code === "57014")) return error;
  return new AppError(
    "TIMED_OUT",
    "the database ended the operation, which took too long: ask for less at once",
    {
      cause: error,
    },
  );
}

/** graphql-js repeats the value that it refuses, whatever its length. */
const MAX_MESSAGE = 1_000;
const shorten = (text: string): string =>
  text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}... (${text.length} characters)`;

/** Apollo's words for the caller's mistakes, in ours. */
function toOurCode(code: unknown): string {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code) ? code : "BAD_INPUT";
}
