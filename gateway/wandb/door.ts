import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access } from "@/core/access";
import { AppError, isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { getWireRuns } from "@/db/queries/wire-runs";
import type { Logger } from "@/engine/context";
import { BYTES_PATH, giveBytes, giveRunFile, takeBytes } from "./bytes";
import type { Files, GatewayContext } from "./context";
import { type StreamBody, takeStream } from "./filestream";
import { answerGraphql, toStatus } from "./graphql";
import { openLoaders } from "./loaders";
import { Project } from "./project";
import { Run } from "./run";
import { parseBody } from "./words";

export interface GatewayOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly publicUrl: string;
  readonly files: Files;
  /** Throws UNAUTHENTICATED, FORBIDDEN or RATE_LIMITED. */
  readonly identify: (request: IncomingMessage) => Promise<{ access: Access; secret?: string }>;
  /** The whole body, refused when it is longer. */
  readonly readBody: (request: IncomingMessage, maxBytes: number) => Promise<Buffer>;
  /** The request's own logger. */
  readonly logOf: (request: IncomingMessage) => Logger;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** `wandb verify` posts a variable of 10 MB, a stream up to 10 MiB with its escapes. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** What answers below `/wandb` and at `/authorize`; undefined for all other paths. */
export function openGateway(
  options: GatewayOptions,
): (path: string, method: string | undefined) => Handler | undefined {
  const unknown = countUnknown(options.log);
  return (path, method) => {
    if (path === "/authorize") return toAuthorize(options);
    if (path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined;
    const inside = path.slice(ROOT.length).replace(/\/+$/, "") || "/";
    if (method === "POST" && inside === "/graphql") return toGraphql(options, unknown);
    const stream = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/file_stream$/.exec(inside);
    if (method === "POST" && stream) return toStream(options, stream.slice(1).map(decode));
    if (inside === BYTES_PATH) {
      if (method === "PUT") return byLink(options, takeBytes);
      if (method === "GET" || method === "HEAD") return byLink(options, giveBytes);
    }
    const file = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/(.+)$/.exec(inside);
    if ((method === "GET" || method === "HEAD") && file) return toFile(options, file.slice(1).map(decode));
    if ((method === "GET" || method === "HEAD") && /^\/[A-Za-z0-9]/.test(inside))
      return toPage(options, inside);
    // The telemetry probe wants to hear of nothing here, and soon (W3).
    return async (request, response) =>
      sendError(options, request, response, new AppError("NOT_FOUND", `there is nothing at ${path}`));
  };
}
export const ROOT = "/wandb";

/** Bytes of a file, which may take hours. */
export const isUpload = (path: string, method: string | undefined): boolean =>
  method === "PUT" && path === `${ROOT}${BYTES_PATH}`;

const toGraphql =
  (options: GatewayOptions, unknown: (name: string, why: string) => void): Handler =>
  (request, response) =>
    answer(options, request, response, async (context) => {
      const body = parseBody(await options.readBody(request, MAX_BODY_BYTES));
      const { query, variables } = body as { query?: unknown; variables?: unknown };
      if (typeof query !== "string" || (variables != null && typeof variables !== "object"))
        throw new AppError("BAD_INPUT", "the request body must be one JSON object {query, variables}");
      return answerGraphql(
        context,
        { query, variables: (variables ?? undefined) as Record<string, unknown> | undefined },
        unknown,
      );
    });

const toStream =
  (options: GatewayOptions, [entity = "", project = "", name = ""]: readonly string[]): Handler =>
  (request, response) =>
    answer(options, request, response, async (context) => {
      const body = parseBody(await options.readBody(request, MAX_BODY_BYTES)) as StreamBody;
      return { status: 200, body: await takeStream(context, { entity, project, name }, body) };
    });

/** A run's file, for whoever may see the run (W65). */
const toFile =
  (options: GatewayOptions, [entity = "", project = "", run = "", name = ""]: readonly string[]): Handler =>
  (request, response) =>
    answer(options, request, response, async (context) => {
      await giveRunFile(context, { entity, project, run, name }, request, response);
      return undefined;
    });

/** Bytes by a link: its bearer brings no credentials (W61, W65). */
const byLink =
  (options: GatewayOptions, move: typeof takeBytes): Handler =>
  async (request, response) => {
    try {
      await move({ db: options.db, ...options.files }, request, response);
    } catch (error) {
      sendError(options, request, response, error);
    }
  };

/** Links that the client prints lead to our own pages (W2). */
const toPage =
  ({ publicUrl }: GatewayOptions, inside: string): Handler =>
  async (_request, response) => {
    response.writeHead(302, { location: `${publicUrl}${inside.replace(/\/workspace$/, "")}` }).end();
  };

/** `wandb login` prints this address for whoever has no key yet (W11). */
const toAuthorize =
  ({ publicUrl }: GatewayOptions): Handler =>
  async (_request, response) => {
    response.writeHead(302, { location: `${publicUrl}/settings` }).end();
  };

async function answer(
  options: GatewayOptions,
  request: IncomingMessage,
  response: ServerResponse,
  run: (context: GatewayContext) => Promise<{ status: number; body: object } | undefined>,
): Promise<void> {
  try {
    const caller = await options.identify(request);
    const agent = request.headers["user-agent"] ?? "";
    const context: GatewayContext = {
      ...{ db: options.db, log: options.logOf(request), publicUrl: options.publicUrl },
      ...caller,
      publicClient: agent.startsWith("W&B Public Client"),
      loaders: openLoaders({ ...options.db, sql: options.db.readers }, caller.access),
      files: options.files,
      runOf: async (runId) => {
        const [row] = await getWireRuns(options.db, caller.access, [runId]);
        return row === undefined ? null : Object.assign(new Run(row), { __typename: "Run" });
      },
      projectOf: (path) => Project.of(context, path),
    };
    const given = await run(context);
    if (given) send(response, given.status, given.body);
  } catch (error) {
    sendError(options, request, response, error);
  }
}

/** In the shape that the client shows to its user. */
function sendError(
  options: GatewayOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.headersSent || response.destroyed) return;
  if (!request.complete) response.setHeader("connection", "close");
  if (isAppError(error)) {
    const { status, code } = toStatus(error);
    if (status === 429)
      response.setHeader("retry-after", Math.ceil(Number(error.details.retryAfterMs ?? 1_000) / 1_000));
    const { message } = error;
    send(response, status, { errors: [{ message, extensions: { code } }], error: message });
    return;
  }
  options.logOf(request).error({ err: error }, "unexpected error at the gateway");
  send(response, 500, { errors: [{ message: "internal error: the server's log has it" }] });
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Operations that nobody here knows, by name: each is logged once, and counted for /metrics (W5). */
function countUnknown(log: Logger): (name: string, why: string) => void {
  const told = new Set<string>();
  return (name, why) => {
    if (told.has(name) || told.size >= 1_000) return;
    told.add(name);
    log.warn(
      { operation: name, why },
      "a wandb client asked for an operation that this server does not know",
    );
  };
}
