import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type Client, createClient } from "graphql-ws";
import { afterAll, beforeAll } from "vitest";
import WebSocket from "ws";
import { type Database, openDatabase } from "@/db/client";
import type { Logger } from "@/engine/context";
import { textOf } from "@/graphql/operations";
import { type RunningServer, startServer } from "@/server";
import { createDatabase } from "./database";

export interface TestServer {
  readonly url: string;
  /** Of the administrator that the first start made. */
  readonly key: string;
  /** A second pool on the server's database, to look behind the API. */
  readonly db: Database;
  readonly databaseUrl: string;
  readonly loginUrl: string;
  /** Errors that the server logged; a test that expects some empties it, since any left over fail the test. */
  readonly errors: { fields: Record<string, unknown>; message: string }[];
  close(): Promise<void>;
}

/** Runs `body` against the real server, without pages, on a free port and a database of its own. */
export async function withServer<T>(
  body: (server: TestServer) => Promise<T>,
  env: Record<string, string> = {},
): Promise<T> {
  const database = await createDatabase();
  try {
    return await withServerOn(database.url, body, env);
  } finally {
    await database.drop();
  }
}

/**
 * One server for all tests of a file that share nothing but its database; call it at the top of the file. Tests that
 * break something use `withServer`.
 */
export function sharedServer(env: Record<string, string> = {}): () => TestServer {
  let server: TestServer | undefined;
  let stop = () => {};
  let running: Promise<void> | undefined;
  beforeAll(async () => {
    await new Promise<void>((ready, fail) => {
      running = withServer(async (started) => {
        server = started;
        ready();
        await new Promise<void>((resolve) => {
          stop = resolve;
        });
      }, env);
      running.catch(fail);
    });
  });
  afterAll(async () => {
    stop();
    await running;
  });
  return () => {
    if (server === undefined) throw new Error("the shared server runs within tests only");
    return server;
  };
}

/** A further server on a database that is there already. */
export async function withServerOn<T>(
  databaseUrl: string,
  body: (server: TestServer) => Promise<T>,
  more: Record<string, string> = {},
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "besom-test-"));
  const errors: TestServer["errors"] = [];
  const log: Logger = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (fields, message) => errors.push({ fields: fields as Record<string, unknown>, message }),
  };
  const env = { NODE_ENV: "test" as const, BESOM_DATA_DIR: dataDir, DATABASE_URL: databaseUrl, ...more };
  const server: RunningServer = await startServer({ env, port: 0, next: false, log });
  const db = openDatabase(databaseUrl, { max: 2 });
  try {
    const { url, key = "", loginUrl = "" } = server;
    const answer = await body({ url, key, db, databaseUrl, loginUrl, errors, close: () => server.close() });
    if (errors.length > 0)
      throw new Error(`the server logged errors: ${JSON.stringify(errors.map((e) => e.message))}`);
    return answer;
  } finally {
    await db.close();
    await server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

export interface Answer<Data> {
  status: number;
  headers: Headers;
  data: Data;
  errors?: { message: string; extensions: { code: string; details?: Record<string, unknown> } }[];
}

type Asked<Data, Variables> = string | TypedDocumentNode<Data, Variables>;

/** One operation by HTTP, as any client sends it. */
export async function send<Data = Record<string, never>, Variables = Record<string, unknown>>(
  { url, key }: { url: string; key?: string },
  document: Asked<Data, Variables>,
  variables?: Variables,
  headers: Record<string, string> = {},
): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify({ query: typeof document === "string" ? document : textOf(document), variables }),
  });
  const body = (await response.json()) as Omit<Answer<Data>, "status">;
  return { ...body, status: response.status, headers: response.headers };
}

/** The data of an operation that must not fail. */
export async function ask<Data, Variables = Record<string, unknown>>(
  server: { url: string; key?: string },
  document: Asked<Data, Variables>,
  variables?: Variables,
): Promise<Data> {
  const { data, errors } = await send<Data, Variables>(server, document, variables);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** A graphql-ws client; dispose it. */
export function openSocket({ url, key }: { url: string; key: string }): Client {
  return createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  });
}

export interface Subscription<Data> {
  /** The next update; rejects when the subscription ended instead. */
  next(): Promise<Data>;
  /** Updates until one satisfies the condition; gives all of them. */
  until(condition: (data: Data) => boolean): Promise<Data[]>;
  end(): void;
}

export function subscribe<Data>(
  client: Client,
  document: string | TypedDocumentNode<Data, never>,
  variables: Record<string, unknown> = {},
): Subscription<Data> {
  const query = typeof document === "string" ? document : textOf(document);
  const iterator = client.iterate<Data>({ query, variables });
  const next = async (): Promise<Data> => {
    const { value, done } = await iterator.next();
    if (done) throw new Error("the subscription has ended");
    if (value.errors) throw new Error(JSON.stringify(value.errors));
    return value.data as Data;
  };
  return {
    next,
    async until(condition) {
      const seen: Data[] = [];
      for (;;) {
        const data = await next();
        seen.push(data);
        if (condition(data)) return seen;
      }
    },
    end: () => void iterator.return?.(),
  };
}
