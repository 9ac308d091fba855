import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256 } from "@/core/sha256";
import { knownDocuments } from "@/graphql/known-documents";

/** One GraphQL request as it arrived. */
export interface Recorded {
  /** The operation's name, e.g. LogMetrics. */
  name: string;
  /** It came with its text, not with its id. */
  byText: boolean;
  input: Record<string, unknown>;
  authorization: string | undefined;
}

/** What to do with it: data to answer with, or a way to fail. */
export type Reply =
  | { data: unknown }
  | { status: number; body?: string; headers?: Record<string, string> }
  | "drop"
  | "hang";

export interface Recorder {
  readonly url: string;
  readonly requests: readonly Recorded[];
  of(name: string): Recorded[];
  /** Stops listening and cuts every connection; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A real HTTP server that writes down what it is asked and answers as the test says; closed afterwards. */
export async function withRecorder<T>(
  reply: (request: Recorded, index: number) => Reply | Promise<Reply>,
  body: (recorder: Recorder) => Promise<T>,
): Promise<T> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => void answer(request, response));
  let port = 0;
  const start = () =>
    new Promise<void>((resolve) => {
      server.listen(port, "127.0.0.1", () => {
        ({ port } = server.address() as AddressInfo);
        resolve();
      });
    });
  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { documentId, variables = {}, ...asked } = JSON.parse(Buffer.concat(chunks).toString() || "{}");
    const query = asked.query ?? (await texts()).get(documentId) ?? "";
    const name = /(?:query|mutation)\s+(\w+)/.exec(String(query))?.[1] ?? request.url ?? "";
    const recorded = {
      name,
      byText: asked.query !== undefined,
      input: variables.input ?? variables,
      authorization: request.headers.authorization,
    };
    requests.push(recorded);
    const outcome = await reply(recorded, requests.length - 1);
    if (outcome === "hang") return;
    if (outcome === "drop") {
      request.socket.destroy();
      return;
    }
    if ("data" in outcome) {
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ data: outcome.data }));
    } else response.writeHead(outcome.status, outcome.headers).end(outcome.body ?? "");
  }

  await start();
  try {
    return await body({
      get url() {
        return `http://127.0.0.1:${port}`;
      },
      requests,
      of: (name) => requests.filter((request) => request.name === name),
      stop,
      start,
    });
  } finally {
    await stop();
  }
}

/** Waits for what a test expects, and fails with its name instead of hanging. Looks every 10 ms. */
export async function waitFor(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let known: Promise<Map<string, string>> | undefined;
/** As the server knows the documents of our clients: by their hash. */
function texts(): Promise<Map<string, string>> {
  known ??= knownDocuments().then((all) => new Map(all.map((text) => [`sha256:${sha256(text)}`, text])));
  return known;
}
