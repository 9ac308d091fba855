import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
} from "graphql";
import {
  CloseCode,
  handleProtocols,
  makeServer,
  type Context as SocketContext,
  type SubscribePayload,
} from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Access } from "@/core/access";
import { AppError, isAppError } from "@/core/errors";
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
import { Events, type LiveEvent } from "./live/events";
import type { Live } from "./live/live";
import { Connection, Connections } from "./socket/connections";
import { Delivery } from "./socket/delivery";
import { Outbox } from "./socket/outbox";
import { toQuestion } from "./socket/question";
import { Texts } from "./socket/text";
import { UnderWay } from "./socket/under-way";
import { Strangers } from "./strangers";
import { callerGone, withTimeout } from "./timeout";

export interface SocketOptions {
  schema: GraphQLSchema;
  documents: Documents;
  db: Database;
  publicUrl: string;
  toContext: (caller: Caller, db: Database, log: Logger) => Context;
  gate: Gate;
  live: Pick<Live, "onAccess">;
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
/** Characters of its id and variables: they are held as long as it lasts. */
const MAX_QUESTION = 64 * 1024;
const MAX_SOCKETS = 5_000;
/** What anybody may send: connection_init with a key has 100 bytes. Beyond it nothing is buffered any more. */
const MAX_STRANGER_BYTES = 16 * 1024;
/** What is under way when the server stops is answered within this time, or never. */
const LAST_ANSWERS_MS = 5_000;
/** How long a stranger who said too much has to read why it is cut off. */
const FAREWELL_MS = 1_000;
/** Proxies cut connections that are silent for a minute. */
const PING_MS = 10_000;
/** A peer that neither says nor takes anything for so long has gone, or has stopped to read. */
const MAX_SILENT_MS = 60_000;
/** Of our own. Clients of graphql-ws connect again; the cursor of the last update brings what was missed. */
const TOO_SLOW = 4413;
const TOO_SLOW_REASON = "nothing was read for 60 s: connect again and go on from the last cursor";

interface Extra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly outbox: Outbox;
}
type Socket = SocketContext<Record<string, unknown>, Extra>;

/** An operation as it is executed; graphql-ws hands on what `onSubscribe` gave it. */
interface Operation extends ExecutionArgs {
  readonly contextValue: Context;
  readonly connection: Connection;
  readonly outbox: Outbox;
  readonly id: string;
  readonly log: Logger;
}

/** GraphQL over WebSocket, graphql-ws's protocol. Credentials come in `connectionParams: {authorization}` or as the session cookie. */
export function openSocketDoor(options: SocketOptions): SocketDoor {
  const { schema, documents, db, publicUrl, toContext, gate, live, log } = options;
  const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES, perMessageDeflate: false });
  wss.options.handleProtocols = handleProtocols;
  const connections = new Connections({ db, log }, live.onAccess);
  const signedIn = new WeakMap<object, Connection>();
  const scopes = new WeakMap<object, Scope>();
  const outboxes = new WeakMap<WebSocket, Outbox>();
  const texts = new Texts();
  /** Queries and mutations, by their message. */
  const underWay = new UnderWay();
  const strangers = new Strangers();
  /** Ends what holds for a stranger. */
  const welcomes = new WeakMap<IncomingMessage, () => void>();
  let arriving = 0;
  let closed = false;

  const connect = async (ctx: Socket): Promise<boolean> => {
    const { socket, request } = ctx.extra;
    try {
      const credentials = toCredentials(ctx.connectionParams, request, publicUrl);
      const caller = await identify(db, credentials).catch((error: unknown) => {
        throw credentials === undefined ? error : gate.toFailure(request, error);
      });
      if (credentials === undefined || socket.readyState !== socket.OPEN) return false;
      const connection = new Connection(credentials, caller, () => socket.close(UNAUTHORIZED, "signed out"));
      connections.add(connection);
      socket.once("close", () => connections.remove(connection));
      signedIn.set(ctx, connection);
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

  const prepare = (ctx: Socket, id: string, payload: SubscribePayload) => {
    const { query, variables, operationName } = payload;
    const connection = signedIn.get(ctx);
    if (connection === undefined) return [new GraphQLError("not signed in")];
    if (Object.keys(ctx.subscriptions).length > MAX_SUBSCRIPTIONS) {
      ctx.extra.socket.close(TOO_MANY, `more than ${MAX_SUBSCRIPTIONS} subscriptions`);
      return [new GraphQLError("too many subscriptions")];
    }
    const refusal = gate.refuse(connection.access);
    if (refusal) return [new GraphQLError(refusal.message, { originalError: refusal })];
    const document = documents.read(query);
    if (isProblems(document)) return document;
    const requestLog = logOf(ctx.extra.request, log);
    // What a subscription reads may serve others too, so it is not cancelled with its subscriber.
    const kind = getOperationAST(document, operationName)?.operation;
    const scope = kind === OperationTypeNode.QUERY ? openScope(db) : undefined;
    const contextValue = toContext(connection.caller, scope?.db ?? db, requestLog);
    // A role that changes while it runs counts at once.
    Object.defineProperty(contextValue, "access", { get: () => connection.access, enumerable: true });
    if (scope) {
      connection.reading.set(payload, scope);
      scopes.set(contextValue, scope);
    }
    if (kind === OperationTypeNode.QUERY || kind === OperationTypeNode.MUTATION) underWay.begin(payload);
    return {
      schema,
      document,
      contextValue,
      variableValues: variables ?? {},
      operationName: operationName || undefined,
      connection,
      outbox: ctx.extra.outbox,
      id,
      log: requestLog,
    } satisfies Operation;
  };

  const subscribe = async (operation: Operation) => {
    const { connection, contextValue, outbox, id } = operation;
    const { caller } = connection;
    const asked = toQuestion(operation);
    if (id.length + asked.length > MAX_QUESTION) return { errors: [tooLong()] };
    const events = await createSourceEventStream(operation);
    if (!(events instanceof Events)) return events as ExecutionResult;
    const toText = (event: LiveEvent<unknown>) => {
      const viewer = events.forEverybody ? "" : viewerOf(contextValue.access);
      return texts.get(event, `${asked} ${viewer}`, () => answer(operation, event));
    };
    const delivery = new Delivery<LiveEvent<unknown>>(events, { id, outbox, toText }, () =>
      connection.subscriptions.delete(delivery),
    );
    connection.subscriptions.add(delivery);
    // The rights changed while it was being opened, when nobody knew of it yet.
    if (connection.caller !== caller) await delivery.recheck();
    return delivery;
  };

  const server = makeServer<Record<string, unknown>, Partial<Extra>>({
    onConnect: (ctx) => connect(ctx as Socket),
    onSubscribe: (ctx, id, payload) => prepare(ctx as Socket, id, payload),
    execute: (args: ExecutionArgs) =>
      withTimeout(
        Promise.resolve().then(() => execute(args)),
        scopes.get(args.contextValue as object),
      ).catch((error: Error) => ({ errors: [new GraphQLError(error.message, { originalError: error })] })),
    subscribe: (args: ExecutionArgs) => subscribe(args as Operation),
    onNext: (ctx, _id, _payload, _args, { errors, ...result }) =>
      errors && { ...result, errors: mask(ctx as Socket, errors) },
    onError: (ctx, _id, _payload, errors) => mask(ctx as Socket, errors),
    onComplete: (ctx, _id, payload) => {
      underWay.end(payload);
      const reading = signedIn.get(ctx)?.reading;
      reading?.get(payload)?.end(callerGone());
      reading?.delete(payload);
    },
  });

  /** graphql-ws's own adapter takes an answer that can't be written for a fault of ours, and prints to the console. */
  const open = (client: WebSocket, request: IncomingMessage): void => {
    const outbox = new Outbox(client);
    outboxes.set(client, outbox);
    const over = server.opened(
      {
        protocol: client.protocol,
        send: (text) => outbox.send(text),
        close: (code, reason) => client.close(code, reason),
        onMessage: (handle) =>
          client.on("message", (data) => {
            if (closed) return; // its client hears 1001, and asks another server
            outbox.alive();
            handle(String(data)).catch((error: unknown) => {
              logOf(request, log).error({ err: error }, "a message of a socket could not be answered");
              client.close(CloseCode.InternalServerError, "Internal server error");
            });
          }),
      },
      { socket: client, request, outbox },
    );
    client.on("pong", () => outbox.alive());
    // ws has closed the socket with the right code by then.
    client.on("error", (error) => log.debug({ err: error }, "a socket broke"));
    client.once("close", (code, reason) => {
      outbox.end();
      void over(code, String(reason));
    });
  };
  const keepAlive = setInterval(() => {
    for (const client of wss.clients) {
      if (client.readyState !== client.OPEN) continue;
      if ((outboxes.get(client)?.silentMs ?? 0) > MAX_SILENT_MS) client.close(TOO_SLOW, TOO_SLOW_REASON);
      else client.ping();
    }
  }, PING_MS);
  keepAlive.unref();

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
      open(client, request);
    });
  };

  return {
    upgrade: (request, socket, head) => void upgrade(request, socket, head),
    get connections() {
      return wss.clients.size;
    },
    close: onlyOnce(async () => {
      closed = true;
      await underWay.over(LAST_ANSWERS_MS);
      clearInterval(keepAlive);
      connections.close();
      for (const client of wss.clients) client.close(1001, "Going away");
      // A peer that does not answer the closing handshake would hold the server for half a minute.
      const cut = setTimeout(() => {
        for (const client of wss.clients) client.terminate();
      }, 1_000);
      await Promise.all(
        [...wss.clients].map((client) => new Promise((resolve) => client.once("close", resolve))),
      );
      clearTimeout(cut);
    }),
  };
}

/** The text of one event's answer, its errors masked. It may serve many: the first who asks makes it. */
async function answer(operation: Operation, event: object): Promise<string> {
  const { errors, ...result } = await execute({ ...operation, rootValue: event });
  return JSON.stringify(
    errors ? { ...result, errors: errors.map((error) => maskError(error, operation.log)) } : result,
  );
}

/** Fields may depend on who asks (`viewerCan...`): whoever has the same user and the same rights gets the same. */
function viewerOf(access: Access): string {
  const known = viewers.get(access);
  if (known !== undefined) return known;
  const viewer = JSON.stringify(access.kind === "user" ? { ...access, keyId: 0, sessionId: 0 } : access);
  viewers.set(access, viewer);
  return viewer;
}
const viewers = new WeakMap<Access, string>();

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

const tooLong = () => {
  const message = `a subscription's id and variables have more than ${MAX_QUESTION} characters`;
  return new GraphQLError(message, { originalError: new AppError("INPUT_TOO_LARGE", message) });
};

const isProblems = <T>(value: T | readonly GraphQLError[]): value is readonly GraphQLError[] =>
  Array.isArray(value);

function onlyOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
