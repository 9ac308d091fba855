import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { AppError, ERROR_CODES, type ErrorCode } from "@/core/errors";
import { type Failure, idOf, textOf } from "@/graphql/operations";
import { pause, toDelayMs } from "./backoff";
import { type Answer, openTransport, type TransportOptions, unreachable } from "./transport";

/** Asks the server, and keeps asking while it is away: every document of ours may be sent twice without harm. */
export interface Client {
  readonly url: string;
  query<R, V extends Variables>(
    document: TypedDocumentNode<R, V>,
    variables: NoInfer<V>,
    options?: Patience,
  ): Promise<R>;
  /** Sends a mutation of one field and gives its payload; a payload with an `error` is thrown. */
  mutate<R extends object, V extends Variables>(
    document: TypedDocumentNode<R, V>,
    variables: NoInfer<V>,
    options?: Patience,
  ): Promise<R[keyof R]>;
  close(): Promise<void>;
}

type Variables = Record<string, unknown>;

export interface Patience {
  /** How long a server that is away is asked again; Infinity for work that must arrive. Default 10 s. */
  patienceMs?: number;
  /** How long one try waits for its answer. Default 10 s, or the patience where that is less. */
  requestMs?: number;
  /** Ends the retries at once (the try under way too) with the last trouble. */
  signal?: AbortSignal;
  /** Called after each try that failed and will be repeated. */
  onTrouble?: (error: AppError, attempt: number) => void;
}

const PATIENCE_MS = 10_000;
/** A surprise inside the server may be its database restarting, or a bug that no repetition heals. */
const SURPRISE_PATIENCE_MS = 300_000;
/** What may be over when it is tried again. The server may have done what was asked all the same. */
export const TRANSIENT: ReadonlySet<string> = new Set([
  "SERVER_UNREACHABLE",
  "UNAVAILABLE",
  "DISK_FULL",
  "DATABASE_UNREACHABLE",
  "RATE_LIMITED",
  "TIMED_OUT",
  "INTERNAL",
]);

export interface ClientOptions extends TransportOptions {
  /** How long a server that is away is asked again where a request doesn't say. */
  patienceMs?: number;
}

export function openClient(options: ClientOptions): Client {
  const { url } = options;
  const transport = openTransport(options);
  /** Documents that this server, older or newer than we are, does not know by their id. */
  const inFull = new WeakSet<object>();

  return {
    url,
    query: (document, variables, patience) => ask(document, variables, patience),
    mutate: async <R extends object, V extends Variables>(
      document: TypedDocumentNode<R, V>,
      variables: V,
      patience?: Patience,
    ) => {
      const [payload] = Object.values(await ask(document, variables, patience)) as R[keyof R][];
      if (payload === undefined) throw new AppError("INTERNAL", `the server at ${url} sent an empty answer`);
      return payload;
    },
    close: () => transport.close(),
  };

  async function ask<R, V extends Variables>(
    document: TypedDocumentNode<R, V>,
    variables: V,
    { patienceMs = options.patienceMs ?? PATIENCE_MS, requestMs, signal, onTrouble }: Patience = {},
  ): Promise<R> {
    const startMs = performance.now();
    for (let attempt = 1; ; attempt++) {
      const leftMs = patienceMs - (performance.now() - startMs);
      const byText = inFull.has(document);
      const timeoutMs = requestMs ?? Math.min(10_000, Math.max(1_000, leftMs));
      const outcome = await tryOnce<R>(toBody(document, variables, byText), timeoutMs, signal);
      if ("data" in outcome) return outcome.data;
      if (outcome.trouble.code === "PERSISTED_DOCUMENT_NOT_FOUND" && !byText) {
        inFull.add(document);
        continue;
      }
      const limitMs =
        outcome.trouble.code === "INTERNAL" ? Math.min(patienceMs, SURPRISE_PATIENCE_MS) : patienceMs;
      const delayMs = outcome.retryAfterMs ?? toDelayMs(attempt);
      if (signal?.aborted || performance.now() - startMs + delayMs > limitMs) throw outcome.trouble;
      onTrouble?.(outcome.trouble, attempt);
      await pause(delayMs, signal);
    }
  }

  async function tryOnce<R>(body: string, timeoutMs: number, signal?: AbortSignal): Promise<Outcome<R>> {
    try {
      return readAnswer<R>(url, await transport.post(body, { timeoutMs, ...(signal && { signal }) }));
    } catch (error) {
      if (error instanceof AppError && error.code === "SERVER_UNREACHABLE") return { trouble: error };
      throw error;
    }
  }
}

/** The server knows our documents by their SHA-256: a claim's request has 200 bytes instead of 550. */
const toBody = <R, V>(document: TypedDocumentNode<R, V>, variables: V, byText: boolean): string =>
  JSON.stringify(byText ? { query: textOf(document), variables } : { documentId: idOf(document), variables });

type Outcome<R> = { data: R } | { trouble: AppError; retryAfterMs?: number };

interface GraphQLAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions?: { code?: unknown; details?: unknown } }[];
}

/** Data, a trouble worth another try, or a refusal that is thrown. */
function readAnswer<R>(url: string, { status, body, retryAfterMs }: Answer): Outcome<R> {
  const answer = parseAnswer(body);
  if (!answer) {
    if (status >= 500)
      return { trouble: unreachable(url, `it answered ${status}`), ...(retryAfterMs && { retryAfterMs }) };
    // A proxy's bound, which may be below the server's.
    if (status === 413)
      throw new AppError("INPUT_TOO_LARGE", `something before the server at ${url} takes no request so long`);
    throw new AppError(
      status === 401 || status === 403 ? "FORBIDDEN" : "BAD_USAGE",
      `what answers at ${url} is not a Besom server (HTTP ${status}); set BESOM_URL to the server's address`,
    );
  }
  const failure = findFailure(answer);
  if (!failure) {
    if (answer.data) return { data: answer.data as R };
    return { trouble: unreachable(url, `it answered ${status} without data`) };
  }
  const trouble = toAppError(failure);
  if (trouble.code === "PERSISTED_DOCUMENT_NOT_FOUND") return { trouble };
  if (TRANSIENT.has(trouble.code) || (status >= 500 && trouble.code !== "UNAUTHENTICATED"))
    return { trouble, ...(retryAfterMs && { retryAfterMs }) };
  throw trouble;
}

function parseAnswer(body: string): GraphQLAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null && ("data" in answer || "errors" in answer)
      ? (answer as GraphQLAnswer)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The first error of the request, else the `error` of a payload. */
function findFailure({ data, errors }: GraphQLAnswer): Failure | undefined {
  const [first] = errors ?? [];
  if (first)
    return {
      code: String(first.extensions?.code ?? "INTERNAL"),
      message: first.message,
      details: first.extensions?.details ?? null,
    };
  for (const payload of Object.values(data ?? {})) if (isRefused(payload)) return payload.error;
  return undefined;
}

const isRefused = (payload: unknown): payload is { error: Failure } =>
  typeof payload === "object" &&
  payload !== null &&
  "error" in payload &&
  typeof payload.error === "object" &&
  payload.error !== null &&
  "code" in payload.error;

/** A server newer than this program may send codes that it doesn't know: they keep their sentence. */
export function toAppError({ code, message, details }: Failure): AppError {
  const known = code in ERROR_CODES ? (code as ErrorCode) : GRAPHQL_CODES[code];
  return new AppError(known ?? "BAD_INPUT", message, {
    details: { ...(typeof details === "object" ? details : {}), ...(known !== code && { serverCode: code }) },
  });
}

const GRAPHQL_CODES: Readonly<Record<string, ErrorCode>> = {
  INTERNAL_SERVER_ERROR: "INTERNAL",
};
