import type { IncomingMessage, ServerResponse } from "node:http";
import { type ApolloServer, HeaderMap } from "@apollo/server";
import { type DocumentNode, type GraphQLError, getOperationAST, OperationTypeNode } from "graphql";
import { AppError, isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { openScope } from "@/db/scope";
import type { CallersLine, Logger } from "@/engine/context";
import type { Caller } from "../authenticate";
import type { Context } from "../context";
import type { Documents } from "../documents";
import { maskError } from "../errors";
import { MAX_BODY_BYTES } from "../limits";
import { callerGone, withTimeout } from "../timeout";
import { logOf } from "./arrival";
import { readBody } from "./body";
import { compress, mayCompress } from "./compress";
import { parseJsonBody } from "./json";
import { openLine } from "./line";

export interface HandlerOptions {
  apollo: ApolloServer<Context>;
  documents: Documents;
  db: Database;
  /** Throws UNAUTHENTICATED, FORBIDDEN or RATE_LIMITED. */
  identify: (request: IncomingMessage) => Promise<Caller>;
  toContext: (caller: Caller, db: Database, log: Logger, line: CallersLine) => Context;
  log: Logger;
  /** Told of each operation that was run, by the name of its document and how long it took. */
  observe?: ((name: string, seconds: number) => void) | undefined;
}

/**
 * GraphQL over HTTP: POST with a JSON body. Apollo is called directly: its own integration packages, and Next's
 * route handlers, cost more than a whole claim (measured: 5,030 requests/s directly, 345 through Next).
 */
export function createHandler(options: HandlerOptions) {
  const { apollo, documents, db, identify, toContext, observe = () => {} } = options;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const log = logOf(request, options.log);
    try {
      if (request.method !== "POST") {
        response.setHeader("allow", "POST");
        throw new AppError("BAD_INPUT", `${request.method} is not answered here; send operations by POST`);
      }
      requireJson(request);
      // Before the body is read: strangers may not make us hold 16 MiB.
      const caller = await identify(request);
      const body = toParams(parseJsonBody(await readBody(request, MAX_BODY_BYTES)), documents);
      const document = typeof body.query === "string" ? documents.read(body.query) : undefined;
      if (isProblems(document)) return await refuse(response, document, log);
      const scope = isQuery(document, body.operationName) ? openScope(db) : undefined;
      if (scope) response.once("close", () => scope.end(callerGone()));
      const startedAt = performance.now();
      const line = openLine(response);
      const context = toContext(caller, scope?.db ?? db, log, line);
      const answer = await withTimeout(
        apollo.executeHTTPGraphQLRequest({
          httpGraphQLRequest: { method: "POST", headers: toHeaders(request), search: "", body },
          context: async () => context,
        }),
        scope,
      );
      const tookMs = performance.now() - startedAt - line.waitedMs;
      observe(documents.nameOf(String(body.query)), tookMs / 1_000);
      if (answer.body.kind !== "complete") throw new Error("incremental delivery is not offered");
      for (const [name, value] of answer.headers) response.setHeader(name, value);
      response.setHeader("cache-control", "no-store");
      await send(response, answer.status ?? 200, answer.body.string);
    } catch (error) {
      sendError(response, error, log);
    }
  };
}

const isProblems = (
  value: DocumentNode | readonly GraphQLError[] | undefined,
): value is readonly GraphQLError[] => Array.isArray(value);

/** What only reads can be cancelled in the middle. @throws AppError BAD_INPUT for subscriptions */
function isQuery(document: DocumentNode | undefined, name: unknown): boolean {
  const operation = document && getOperationAST(document, typeof name === "string" ? name : undefined);
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
    return operation?.operation === OperationTypeNode.QUERY;
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
  if (status === 429 && isAppError(error)) {
    response.setHeader("retry-after", Math.ceil(Number(error.details.retryAfterMs ?? 1_000) / 1_000));
  }
  // The rest of a body that was refused is not read: the connection can't be used again.
  if (!response.req.complete) response.setHeader("connection", "close");
  sendPlain(response, status, JSON.stringify({ errors: [maskError(error, logOf(response.req, log))] }));
}

function refuse(response: ServerResponse, errors: readonly GraphQLError[], log: Logger): Promise<void> {
  response.setHeader("content-type", "application/json; charset=utf-8");
  return send(response, 400, JSON.stringify({ errors: errors.map((error) => maskError(error, log)) }));
}

async function send(response: ServerResponse, status: number, text: string): Promise<void> {
  if (!mayCompress(text)) return sendPlain(response, status, text);
  response.setHeader("vary", "accept-encoding");
  const compressed = await compress(response.req, text);
  if (compressed === undefined) return sendPlain(response, status, text);
  response.setHeader("content-encoding", compressed.encoding);
  response.setHeader("content-length", compressed.bytes.length);
  response.statusCode = status;
  response.end(compressed.bytes);
}

function sendPlain(response: ServerResponse, status: number, text: string): void {
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
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type))
    throw new AppError("BAD_INPUT", `the content-type is ${type.slice(0, 80)}, expected application/json`);
  // A kilobyte of gzip can stand for a gigabyte: what is sent is what is read.
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity")
    throw new AppError(
      "BAD_INPUT",
      `the content-encoding is ${encoding.slice(0, 80)}; bodies are read as they are, so send it uncompressed`,
    );
}

/** A `documentId` stands for a document that the server knows (GraphQL over HTTP, persisted documents). */
function toParams(body: unknown, documents: Documents): Record<string, unknown> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new AppError(
      "BAD_INPUT",
      "the request body must be one JSON object {query, variables, operationName}",
    );
  }
  const { query, documentId, variables, operationName } = body as Record<string, unknown>;
  return {
    query: query === undefined && typeof documentId === "string" ? documents.textOf(documentId) : query,
    ...(variables != null && { variables }),
    // Several generators send `operationName: ""` for "there is only one", which graphql-js takes for a name.
    ...(operationName ? { operationName } : {}),
  };
}

/** Only what Apollo looks at: it decides about the answer's media type. */
function toHeaders(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap();
  const { accept } = request.headers;
  if (accept !== undefined && accept !== "*/*") headers.set("accept", accept);
  return headers;
}
