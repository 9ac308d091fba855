import type { IncomingMessage, ServerResponse } from "node:http";
import { type ApolloServer, HeaderMap } from "@apollo/server";
import { type DocumentNode, type GraphQLError, getOperationAST, OperationTypeNode } from "graphql";
import { AppError, isAppError } from "@/core/errors";
import type { Logger } from "@/engine/context";
import type { Context } from "../context";
import type { Documents } from "../documents";
import { maskError } from "../errors";
import { MAX_BODY_BYTES } from "../limits";
import { withTimeout } from "../timeout";
import { readBody } from "./body";

export interface HandlerOptions {
  apollo: ApolloServer<Context>;
  documents: Documents;
  /** Authenticates; throws UNAUTHENTICATED or FORBIDDEN. */
  toContext: (request: IncomingMessage) => Promise<Context>;
  log: Logger;
}

/**
 * GraphQL over HTTP: POST with a JSON body. Apollo is called directly: its own integration packages, and Next's
 * route handlers, cost more than a whole claim (measured: 5,030 requests/s directly, 345 through Next).
 */
export function createHandler({ apollo, documents, toContext, log }: HandlerOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      if (request.method !== "POST") {
        response.setHeader("allow", "POST");
        throw new AppError("BAD_INPUT", `${request.method} is not answered here; send operations by POST`);
      }
      requireJson(request);
      // Before the body is read: strangers may not make us hold 16 MiB.
      const context = await toContext(request);
      const body = parseBody(await readBody(request, MAX_BODY_BYTES));
      const document = typeof body.query === "string" ? documents.read(body.query) : undefined;
      if (isProblems(document)) return refuse(response, document, log);
      if (document !== undefined) refuseSubscription(document, body.operationName);
      const answer = await withTimeout(
        apollo.executeHTTPGraphQLRequest({
          httpGraphQLRequest: { method: "POST", headers: toHeaders(request), search: "", body },
          context: async () => context,
        }),
      );
      if (answer.body.kind !== "complete") throw new Error("incremental delivery is not offered");
      for (const [name, value] of answer.headers) response.setHeader(name, value);
      response.setHeader("cache-control", "no-store");
      send(response, answer.status ?? 200, answer.body.string);
    } catch (error) {
      sendError(response, error, log);
    }
  };
}

const isProblems = (
  value: DocumentNode | readonly GraphQLError[] | undefined,
): value is readonly GraphQLError[] => Array.isArray(value);

function refuseSubscription(document: DocumentNode, name: unknown): void {
  const operation = getOperationAST(document, typeof name === "string" ? name : undefined);
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return;
  throw new AppError(
    "BAD_INPUT",
    "subscriptions are served on a WebSocket at this same address (protocol graphql-transport-ws)",
  );
}

/** Refusals before the operation ran have the shape of a GraphQL answer too, with a status that says the same. */
export function sendError(response: ServerResponse, error: unknown, log: Logger): void {
  const status = isAppError(error) ? (response.hasHeader("allow") ? 405 : error.status) : 500;
  if (response.headersSent || response.destroyed) return;
  response.setHeader("content-type", "application/json; charset=utf-8");
  if (status === 401) response.setHeader("www-authenticate", "Bearer");
  // The rest of a body that was refused is not read: the connection can't be used again.
  if (!response.req.complete) response.setHeader("connection", "close");
  send(response, status, JSON.stringify({ errors: [maskError(error, log)] }));
}

function refuse(response: ServerResponse, errors: readonly GraphQLError[], log: Logger): void {
  response.setHeader("content-type", "application/json; charset=utf-8");
  send(response, 400, JSON.stringify({ errors: errors.map((error) => maskError(error, log)) }));
}

function send(response: ServerResponse, status: number, text: string): void {
  response.setHeader("content-length", Buffer.byteLength(text));
  response.statusCode = status;
  // As a string: Node then sends head and body in one write.
  response.end(text);
}

/**
 * A form of another site can't send this type without asking first (CORS), which is the whole of CSRF prevention;
 * Apollo's own does the same with a parser for media types, at 2 % of a claim.
 */
function requireJson({ headers }: IncomingMessage): void {
  const type = headers["content-type"] ?? "nothing";
  if (/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new AppError("BAD_INPUT", `the content-type is ${type.slice(0, 80)}, expected application/json`);
}

function parseBody(bytes: Buffer): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new AppError("BAD_INPUT", `the request body is no JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new AppError(
      "BAD_INPUT",
      "the request body must be one JSON object {query, variables, operationName}",
    );
  }
  const { query, variables, operationName } = body as Record<string, unknown>;
  // Several generators send `operationName: ""` for "there is only one", which graphql-js takes for a name.
  return { query, ...(variables != null && { variables }), ...(operationName ? { operationName } : {}) };
}

/** Only what Apollo looks at: it decides about the answer's media type. */
function toHeaders(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  const { accept } = request.headers;
  if (accept !== undefined && accept !== "*/*") headers.set("accept", accept);
  return headers;
}
