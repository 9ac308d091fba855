import type { IncomingMessage, ServerResponse } from "node:http";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { ping } from "@/db/queries/liveness";
import { spaceOf } from "@/db/space";
import type { Logger } from "@/engine/context";
import { identify } from "../authenticate";
import type { Service } from "../service";
import { withTimeout } from "../timeout";
import { readAuthorization } from "./credentials";
import { sendError } from "./handler";
import { waitedMs } from "./line";
import { type OperationMetrics, registerMetrics } from "./metrics";

/** What operators ask of a server: is it there, is it ready, how does it do. */
export interface Status {
  /** Times one request; call the result when it was answered. */
  measure(door: "graphql" | "wandb" | "pages"): (response: ServerResponse) => void;
  /** Times one operation of GraphQL. */
  readonly observe: OperationMetrics["observe"];
  healthz(response: ServerResponse): void;
  readyz(response: ServerResponse): Promise<void>;
  metrics(request: IncomingMessage, response: ServerResponse): Promise<void>;
  close(): void;
}

export interface StatusOptions {
  log: Logger;
  /** Undefined while the server starts or stops. */
  ready: () => { db: Database; service: Service } | undefined;
  /** Told to stop: it answers on for a moment, and takes nobody new. */
  leaving: () => boolean;
}

/** A database that says nothing for so long is out of reach: balancers wait no longer, and metrics are asked for then above all. */
const LOOK_MS = 2_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function openStatus({ log, ready, leaving }: StatusOptions): Status {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "besom_http_request_seconds",
    help: "Time from a request's head to the end of its answer.",
    labelNames: ["door", "status"] as const,
    buckets: SECONDS,
    registers: [registry],
  });
  const { observe } = registerMetrics(registry, ready);

  return {
    observe,
    measure(door) {
      const startedAt = performance.now();
      return (response) =>
        requests.observe(
          { door, status: `${Math.floor(response.statusCode / 100)}xx` },
          (performance.now() - startedAt - waitedMs(response)) / 1_000,
        );
    },
    healthz: (response) => sendText(response, 200, "ok\n"),
    async readyz(response) {
      const parts = ready();
      if (parts === undefined || leaving()) return sendText(response, 503, "starting or stopping\n");
      try {
        await withTimeout(ping(parts.db), undefined, LOOK_MS);
        // Reads go on, so it stays in the balancer's list.
        const { full } = spaceOf(parts.db);
        sendText(response, 200, full ? "ready, but the disk is full: writes are refused\n" : "ready\n");
      } catch {
        sendText(response, 503, "the database is out of reach\n");
      }
    },
    /** From this machine, or with an administrator's key: names and numbers of a server are nobody else's business. */
    async metrics(request, response) {
      try {
        const parts = ready();
        if (!isLocal(request)) await requireAdmin(parts, request);
        response.setHeader("content-type", registry.contentType);
        response.end(await registry.metrics());
      } catch (error) {
        sendError(response, error, log);
      }
    },
    close: () => registry.clear(),
  };
}

const LOOPBACK: ReadonlySet<string | undefined> = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
/** A proxy on this machine speaks for somebody else: it says so, or it passes on the name that this one asked for. */
const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  LOOPBACK.has(socket.remoteAddress) &&
  LOOPBACK_HOST.test(headers.host ?? "") &&
  headers["x-forwarded-for"] === undefined &&
  headers.forwarded === undefined;

async function requireAdmin(
  parts: { db: Database } | undefined,
  { headers: { authorization } }: IncomingMessage,
): Promise<void> {
  if (parts === undefined) throw new AppError("UNAVAILABLE", "the server is starting or stopping");
  const key = authorization === undefined ? undefined : readAuthorization(authorization);
  const caller = identify(parts.db, key === undefined ? undefined : { kind: "key", key });
  const { access } = await withTimeout(caller, undefined, LOOK_MS);
  if (access.kind === "user" && access.admin) return;
  throw new AppError("FORBIDDEN", "metrics of the server are for its administrators");
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
    .end(text);
}
