import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { execute } from "graphql";
import type { Database } from "@/db/client";
import { systemAccess } from "@/engine/authorize";
import type { Logger } from "@/engine/context";
import { type Caller, identify, identifyRequest } from "./authenticate";
import type { Context } from "./context";
import { Documents } from "./documents";
import { maskError } from "./errors";
import { openApollo } from "./http/apollo";
import { readCookie, sessionCookie } from "./http/credentials";
import { createHandler } from "./http/handler";
import { openLive } from "./live/live";
import { Loaders } from "./loaders";
import { type LocalAnswer, type LocalRequest, openLocalDoor } from "./local";
import { schema } from "./schema";
import { openSocketDoor } from "./socket";

export interface ServiceOptions {
  db: Database;
  log: Logger;
  publicUrl: string;
}

/** The API of one server behind its three doors (HTTP, socket, pages in this process), with what they share. */
export interface Service {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** For /metrics and /readyz. */
  stats(): { sockets: number; feeds: number; subscribers: number; listening: boolean };
  /** Ends all WebSocket connections: a server can't be drained while they are open. */
  closeSockets(): Promise<void>;
  close(): Promise<void>;
}

export async function openService({ db, log, publicUrl }: ServiceOptions): Promise<Service> {
  const documents = new Documents(schema);
  const live = openLive({ db, access: systemAccess(), log });
  const toContext = ({ access, secret }: Caller): Context => ({
    db,
    access,
    log,
    live,
    publicUrl,
    loaders: new Loaders(db, access),
    ...(secret !== undefined && { secret }),
  });
  const apollo = await openApollo(schema, documents, log);
  const handle = createHandler({
    apollo,
    documents,
    log,
    toContext: async (request) => toContext(await identifyRequest(db, request.headers, publicUrl)),
  });
  const sockets = openSocketDoor({ schema, documents, db, publicUrl, toContext, log });

  /** A page's query: the same schema, rights and masking as by HTTP, without the HTTP. */
  const answerPage = async ({ query, variables, cookie }: LocalRequest): Promise<LocalAnswer> => {
    try {
      const token = readCookie(cookie, sessionCookie(publicUrl));
      const caller = await identify(db, token === undefined ? undefined : { kind: "session", token });
      const document = documents.read(query);
      if (!("kind" in document)) return { errors: document.map((error) => maskError(error, log)) };
      const { data, errors } = await execute({
        schema,
        document,
        variableValues: variables,
        contextValue: toContext(caller),
      });
      return { data, ...(errors && { errors: errors.map((error) => maskError(error, log)) }) };
    } catch (error) {
      return { errors: [maskError(error, log)] };
    }
  };
  const closeLocalDoor = openLocalDoor(answerPage);

  return {
    handle,
    upgrade: sockets.upgrade,
    stats: () => ({
      sockets: sockets.connections,
      feeds: live.feeds,
      subscribers: live.subscribers,
      listening: live.listening,
    }),
    closeSockets: sockets.close,
    async close() {
      closeLocalDoor();
      await sockets.close();
      await live.close();
      await apollo.stop();
    },
  };
}
