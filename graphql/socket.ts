import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  type ExecutionArgs,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
} from "graphql";
import type { Context as SocketContext } from "graphql-ws";
import { type Extra, useServer as serve } from "graphql-ws/use/ws";
import { type WebSocket, WebSocketServer } from "ws";
import { isAppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { openScope, type Scope } from "@/db/scope";
import type { Logger } from "@/engine/context";
import { type Caller, identify } from "./authenticate";
import type { Context } from "./context";
import type { Documents } from "./documents";
import { maskError } from "./errors";
import { addressGroup, clientAddress } from "./http/address";
import { logOf } from "./http/arrival";
import { type Credentials, isSameOrigin, readAuthorization, readCredentials } from "./http/credentials";
import type { Gate } from "./http/gate";
import { MAX_BODY_BYTES } from "./limits";
import { Strangers } from "./strangers";
import { callerGone, withTimeout } from "./timeout";

export interface SocketOptions {
  schema: GraphQLSchema;
  documents: Documents;
  db: Database;
  publicUrl: string;
  toContext: (caller: Caller, db: Database, log: Logger) => Context;
  gate: Gate;
  log: Logger;
}

export interface SocketDoor {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly connections: number;
  close(): Promise<void>;
}

/** Of graphql-ws's protocol: the client stops trying. */
const UNAUTHORIZED = 4401;
const TOO_MANY = 4429;
const TOO_LARGE = 1009;
const MAX_SUBSCRIPTIONS = 100;
const MAX_SOCKETS = 5_000;
/** What anybody may send: connection_init with a key has 100 bytes. Beyond it nothing is buffered any more. */
const MAX_STRANGER_BYTES = 16 * 1024;
/** How long a stranger who said too much has to read why it is cut off. */
const FAREWELL_MS = 1_000;
/** A key that was revoked, or has ended, closes its connections within this time. */
const RECHECK_MS = 5_000;
/** Proxies cut connections that are silent for a minute. */
const KEEP_ALIVE_MS = 12_000;

interface Connection {
  caller: Caller;
  recheck: NodeJS.Timeout;
  /** What its queries and subscriptions read, by their message: an id may be used again. */
  reading: Map<object, Scope>;
}

/** GraphQL over WebSocket, graphql-ws's protocol. Credentials come in `connectionParams: {authorization}` or as the session cookie. */
export function openSocketDoor(options: SocketOptions): SocketDoor {
  const { schema, documents, db, publicUrl, toContext, gate, log } = options;
  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES, perMessageDeflate: false });
  const connections = new WeakMap<object, Connection>();
  const scopes = new WeakMap<object, Scope>();
  const strangers = new Strangers();
  /** Ends what holds for a stranger. */
  const welcomes = new WeakMap<IncomingMessage, () => void>();
  let arriving = 0;
  let closed = false;
  type Socket = SocketContext<Record<string, unknown>, Extra>;

  const connect = async (ctx: Socket): Promise<boolean> => {
    const { socket, request } = ctx.extra;
    try {
      const credentials = toCredentials(ctx.connectionParams, request, publicUrl);
      const caller = await identify(db, credentials).catch((error: unknown) => {
        throw credentials === undefined ? error : gate.toFailure(request, error);
      });
      const recheck = setInterval(() => {
        identify(db, credentials).catch((error) => {
          if (isAppError(error) && error.code === "UNAUTHENTICATED") socket.close(UNAUTHORIZED, "signed out");
        });
      }, RECHECK_MS);
      recheck.unref();
      const reading = new Map<object, Scope>();
      socket.once("close", () => {
        clearInterval(recheck);
        for (const scope of reading.values()) scope.end(callerGone());
      });
      connections.set(ctx, { caller, recheck, reading });
      welcomes.get(request)?.();
      return true;
    } catch (error) {
      const known = isAppError(error);
      if (!known) log.error({ err: error }, "a socket could not be signed in");
      const { code } = known ? error : { code: "INTERNAL" };
      socket.close(
        code === "UNAUTHENTICATED" ? UNAUTHORIZED : code === "RATE_LIMITED" ? TOO_MANY : 1011,
        code,
      );
      return false;
    }
  };

  const mask = ({ extra }: Socket, errors: readonly unknown[]) =>
    errors.map((error) => maskError(error, logOf(extra.request, log)));

  const server = serve<Record<string, unknown>, Partial<Extra>>(
    {
      onConnect: (ctx) => connect(ctx as Socket),
      onSubscribe: (ctx, _id, payload) => {
        const { query, variables, operationName } = payload;
        const connection = connections.get(ctx);
        if (connection === undefined) return [new GraphQLError("not signed in")];
        if (Object.keys(ctx.subscriptions).length > MAX_SUBSCRIPTIONS) {
          (ctx as Socket).extra.socket.close(TOO_MANY, `more than ${MAX_SUBSCRIPTIONS} subscriptions`);
          return [new GraphQLError("too many subscriptions")];
        }
        const refusal = gate.refuse(connection.caller.access);
        if (refusal) return [new GraphQLError(refusal.message, { originalError: refusal })];
        const document = documents.read(query);
        if (isProblems(document)) return document;
        const operation = getOperationAST(document, operationName);
        const reads = operation != null && operation.operation !== OperationTypeNode.MUTATION;
        const scope = reads ? openScope(db) : undefined;
        const requestLog = logOf((ctx as Socket).extra.request, log);
        const contextValue = toContext(connection.caller, scope?.db ?? db, requestLog);
        if (scope) {
          connection.reading.set(payload, scope);
          scopes.set(contextValue, scope);
        }
        return {
          schema,
          document,
          contextValue,
          ...(variables && { variableValues: variables }),
          ...(operationName && { operationName }),
        };
      },
      execute: (args: ExecutionArgs) =>
        withTimeout(Promise.resolve(execute(args)), scopes.get(args.contextValue as object)).catch(
          (error: Error) => ({ errors: [new GraphQLError(error.message, { originalError: error })] }),
        ),
      onNext: (ctx, _id, _payload, _args, { errors, ...result }) =>
        errors && { ...result, errors: mask(ctx as Socket, errors) },
      onError: (ctx, _id, _payload, errors) => mask(ctx as Socket, errors),
      onComplete: (ctx, _id, payload) => {
        const reading = connections.get(ctx)?.reading;
        reading?.get(payload)?.end(callerGone());
        reading?.delete(payload);
      },
    },
    wss,
    KEEP_ALIVE_MS,
  );

  /** The cookie or header counts before a byte is read; `connect` reads it again, with what was sent since. */
  const isKnown = async (request: IncomingMessage): Promise<boolean> => {
    try {
      await identify(db, toCredentials(undefined, request, publicUrl));
      return true;
    } catch {
      return false; // told in the protocol, by `connect`
    }
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    if (wss.clients.size + arriving >= MAX_SOCKETS) return refuse(socket);
    arriving++;
    const known = await isKnown(request);
    arriving--;
    if (closed || socket.destroyed) return void socket.destroy();
    const leave = known ? () => {} : strangers.admit(addressGroup(clientAddress(request)));
    if (leave === undefined) return refuse(socket);
    socket.once("close", leave);
    wss.handleUpgrade(request, socket, head, (client) => {
      if (!known) {
        const unwatch = watchStranger(client, socket, head.length);
        welcomes.set(request, () => {
          unwatch();
          leave();
        });
      }
      wss.emit("connection", client, request);
      // graphql-ws prints what a peer did wrong; ws has closed the socket with the right code by then.
      client.removeAllListeners("error");
      client.on("error", (error) => log.debug({ err: error }, "a socket broke"));
    });
  };

  return {
    upgrade: (request, socket, head) => void upgrade(request, socket, head),
    get connections() {
      return wss.clients.size;
    },
    close: once(async () => {
      closed = true;
      // A peer that does not answer the closing handshake would hold the server for half a minute.
      const cut = setTimeout(() => {
        for (const client of wss.clients) client.terminate();
      }, 1_000);
      await server.dispose();
      clearTimeout(cut);
    }),
  };
}

const refuse = (socket: Duplex): void =>
  void socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\r\n");

/** Counts what comes in and stops reading when it is too much. @returns stops counting */
function watchStranger(client: WebSocket, socket: Duplex, before: number): () => void {
  let bytes = before;
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_STRANGER_BYTES) return;
    unwatch();
    client.close(TOO_LARGE, `more than ${MAX_STRANGER_BYTES} bytes before connection_ack`);
    socket.pause();
    setTimeout(() => client.terminate(), FAREWELL_MS).unref();
  };
  const unwatch = () => void socket.off("data", count);
  socket.on("data", count);
  return unwatch;
}

/** The cookie counts only for pages of ours: browsers let any page open a socket to any server. */
function toCredentials(
  params: Readonly<Record<string, unknown>> | undefined,
  { headers }: IncomingMessage,
  publicUrl: string,
): Credentials | undefined {
  const authorization = params?.authorization ?? params?.Authorization;
  if (typeof authorization === "string") return { kind: "key", key: readAuthorization(authorization) };
  const credentials = readCredentials(headers, publicUrl);
  return credentials?.kind === "session" && !isSameOrigin(headers, publicUrl) ? undefined : credentials;
}

const isProblems = <T>(value: T | readonly GraphQLError[]): value is readonly GraphQLError[] =>
  Array.isArray(value);

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
