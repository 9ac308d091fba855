import { Agent, request } from "undici";
import { AppError } from "@/core/errors";

/** One POST and its answer. Throws SERVER_UNREACHABLE when none came: refused, reset, or later than `timeoutMs`. */
export interface Transport {
  post(body: string, options?: PostOptions): Promise<Answer>;
  close(): Promise<void>;
}

export interface PostOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Below the server's address; `/graphql` when absent. */
  path?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What a `Retry-After` header in seconds asks for. */
  readonly retryAfterMs?: number;
}

export interface TransportOptions {
  /** The server's address, with a path prefix where a proxy has one. */
  url: string;
  /** Sent as a bearer token. */
  key?: string;
  userAgent?: string;
}

/** For each try. The server answers in milliseconds; whoever is silent for longer is gone or frozen. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** An agent of 24 slots sends metrics and output of each at once; more than this many connections bring nothing. */
const CONNECTIONS = 32;

export function openTransport({ url, key, userAgent = "besom" }: TransportOptions): Transport {
  const endpoint = toEndpoint(url, "/graphql");
  const dispatcher = new Agent({
    connections: CONNECTIONS,
    connect: { timeout: REQUEST_TIMEOUT_MS },
    // Node's server closes an idle connection after 5 s; asking on one that is just closing costs a retry.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 30_000,
  });
  const headers = {
    "content-type": "application/json",
    accept: "application/json",
    "user-agent": userAgent,
    ...(key && { authorization: `Bearer ${key}` }),
  };

  return {
    async post(body, { timeoutMs = REQUEST_TIMEOUT_MS, signal, path } = {}) {
      // Not AbortSignal.any: on a signal that lives as long as an agent it leaves something behind for each request.
      const end = new AbortController();
      const abort = () => end.abort();
      const timer = setTimeout(abort, Math.ceil(timeoutMs));
      signal?.addEventListener("abort", abort, { once: true });
      if (signal?.aborted) abort();
      try {
        const answer = await request(path === undefined ? endpoint : toEndpoint(url, path), {
          method: "POST",
          headers,
          body,
          dispatcher,
          signal: end.signal,
        });
        const retryAfter = Number(answer.headers["retry-after"]);
        return {
          status: answer.statusCode,
          body: await answer.body.text(),
          ...(retryAfter > 0 && { retryAfterMs: Math.min(retryAfter, 60) * 1_000 }),
        };
      } catch (error) {
        const late = end.signal.aborted && !signal?.aborted;
        throw unreachable(url, late ? `no answer within ${Math.ceil(timeoutMs / 1_000)} s` : error);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function toEndpoint(url: string, path: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:")
    throw new AppError(
      "BAD_USAGE",
      `the server's address must look like http://host:3000, not ${JSON.stringify(url)}; see BESOM_URL`,
    );
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, "")}${path}`;
  return parsed.href;
}

export function unreachable(url: string, cause: unknown): AppError {
  return new AppError(
    "SERVER_UNREACHABLE",
    `can't reach the Besom server at ${url} (${toReason(cause)}); start one with \`npx besom up\`, or set BESOM_URL to the address of yours`,
    { cause, details: { url } },
  );
}

function toReason(cause: unknown): string {
  if (typeof cause === "string") return cause;
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause ? String(cause.code) : "";
  return REASONS[code] ?? (cause.message || code || cause.name);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name can't be resolved now",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to the host",
  UND_ERR_SOCKET: "connection closed",
  UND_ERR_CONNECT_TIMEOUT: "connecting took too long",
};
