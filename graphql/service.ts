import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { execute } from "graphql";
import type { Database } from "@/db/client";
import { openScope } from "@/db/scope";
import { systemAccess } from "@/engine/authorize";
import { dismissWaiting, waitingAgents } from "@/engine/await-news";
import type { CallersLine, Logger } from "@/engine/context";
import { closeImportance } from "@/engine/importance";
import type { Store } from "@/store/store";
import { type Caller, identify, identifyRequest } from "./authenticate";
import type { Context } from "./context";
import { Documents } from "./documents";
import { maskError } from "./errors";
import { openApollo } from "./http/apollo";
import { noteCaller } from "./http/arrival";
import { readCookie, sessionCookie } from "./http/credentials";
import { openGate } from "./http/gate";
import { createHandler } from "./http/handler";
import type { Rate } from "./http/rate-limit";
import { knownDocuments } from "./known-documents";
import { openLive } from "./live/live";
import { Loaders } from "./loaders";
import { type LocalAnswer, type LocalRequest, openLocalDoor } from "./local";
import { schema } from "./schema";
import { openSocketDoor } from "./socket";
import { withTimeout } from "./timeout";

export interface ServiceOptions {
  db: Database;
  log: Logger;
  publicUrl: string;
  /** Where files lie. */
  store: Store;
  /** Requests of each key; absent for no limit. */
  rate?: Rate | undefined;
  /** Answer the documents of our own clients only. */
  onlyKnownDocuments?: boolean;
  /** Of each operation by HTTP: its document's name, and its time. */
  observe?: (name: string, seconds: number) => void;
}

/** The API of one server behind its three doors (HTTP, socket, pages in this process), with what they share. */
export interface Service {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Who asks, for another door: counted with the rest. Throws UNAUTHENTICATED, FORBIDDEN or RATE_LIMITED. */
  identify(request: IncomingMessage): Promise<Caller>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For /metrics and /readyz. */
  stats(): { sockets: number; feeds: number; subscribers: number; waiting: number; listening: boolean };
  /** Answers heartbeats that wait for something to say; from now on none waits. */
  dismiss(): void;
  /** Ends all WebSocket connections: a server can't be drained while they are open. */
  closeSockets(): Promise<void>;
  close(): Promise<void>;
}

export async function openService(options: ServiceOptions): Promise<Service> {
  const { db, log, publicUrl, store, rate, observe, onlyKnownDocuments = false } = options;
  const documents = new Documents(schema, { known: await knownDocuments(), onlyKnown: onlyKnownDocuments });
  const live = openLive({ db, access: systemAccess(), log });
  const gate = openGate(rate);
  const toContext = (
    { access, secret }: Caller,
    from = db,
    requestLog = log,
    line?: CallersLine,
  ): Context => ({
    db: from,
    access,
    log: requestLog,
    live,
    publicUrl,
    store,
    loaders: new Loaders(from, access),
    ...(secret !== undefined && { secret }),
    ...(line !== undefined && { line }),
  });
  const apollo = await openApollo(schema, documents, log);
  const identifyCaller = async (request: IncomingMessage): Promise<Caller> => {
    const caller = await identifyRequest(db, request.headers, publicUrl).catch((error: unknown) => {
      throw gate.toFailure(request, error);
    });
    noteCaller(request, caller.access);
    const refusal = gate.refuse(caller.access);
    if (refusal !== undefined) throw refusal;
    return caller;
  };
  const handle = createHandler({ apollo, documents, db, log, identify: identifyCaller, toContext, observe });
  const sockets = openSocketDoor({ schema, documents, db, publicUrl, toContext, gate, live, log });

  /** A page's query: the same schema, rights and masking as by HTTP, without the HTTP. */
  const answerPage = async ({ query, variables, cookie }: LocalRequest): Promise<LocalAnswer> => {
    try {
      const token = readCookie(cookie, sessionCookie(publicUrl));
      const caller = await identify(db, token === undefined ? undefined : { kind: "session", token });
      const document = documents.read(query);
      if (!("kind" in document)) return { errors: document.map((error) => maskError(error, log)) };
      const scope = openScope(db);
      const { data, errors } = await withTimeout(
        Promise.resolve(
          execute({
            schema,
            document,
            variableValues: variables,
            contextValue: toContext(caller, scope.db),
          }),
        ),
        scope,
      );
      return { data, ...(errors && { errors: errors.map((error) => maskError(error, log)) }) };
    } catch (error) {
      return { errors: [maskError(error, log)] };
    }
  };
  const closeLocalDoor = openLocalDoor(answerPage);

  return {
    handle,
    identify: identifyCaller,
    upgrade: sockets.upgrade,
    stats: () => ({
      sockets: sockets.connections,
      feeds: live.feeds,
      subscribers: live.subscribers,
      waiting: waitingAgents(db),
      listening: live.listening,
    }),
    dismiss: () => dismissWaiting(db),
    closeSockets: sockets.close,
    async close() {
      dismissWaiting(db);
      closeLocalDoor();
      await sockets.close();
      await live.close();
      await closeImportance(db);
      await apollo.stop();
    },
  };
}
