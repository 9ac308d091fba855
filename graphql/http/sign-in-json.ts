import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/core/errors";
import type { Logger } from "@/engine/context";
import { maskError } from "../errors";
import { logOf } from "./arrival";
import { readBody } from "./body";

/** A token, a name, a password. */
const MAX_BYTES = 16_384;

export type Fields = Readonly<Record<string, unknown>>;

/** One JSON object. @throws AppError BAD_INPUT, INPUT_TOO_LARGE */
export async function readJson(request: IncomingMessage): Promise<Fields> {
  // A form of another site can't send this type without asking first (CORS).
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new AppError("BAD_INPUT", "the content-type is another one, expected application/json");
  const bytes = await readBody(request, MAX_BYTES);
  try {
    const body: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Fields;
  } catch {
    // Without the parser's message, which quotes the body: it holds secrets.
  }
  throw new AppError("BAD_INPUT", "the body is no JSON object");
}

/** Nothing on the way keeps what is said here, and no address of it travels on. */
export function keepPrivate(response: ServerResponse): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("referrer-policy", "no-referrer");
}

/** POST only; failures as `{error: {code, message, details}}` with the code's status. */
export function answerJson(
  log: Logger,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<object>,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    keepPrivate(response);
    try {
      if (request.method !== "POST") {
        response.setHeader("allow", "POST");
        throw new AppError("BAD_INPUT", `${request.method} is not answered here; send POST`);
      }
      send(response, 200, await answer(request, response));
    } catch (error) {
      sendFailure(response, error, logOf(request, log));
    }
  };
}

function sendFailure(response: ServerResponse, error: unknown, log: Logger): void {
  if (response.headersSent || response.destroyed) return;
  const { message, extensions } = maskError(error, log);
  const { code, details } = extensions ?? {};
  const status = error instanceof AppError ? error.status : 500;
  if (error instanceof AppError && error.code === "RATE_LIMITED")
    response.setHeader("retry-after", Math.ceil(Number(error.details.retryAfterMs ?? 1_000) / 1_000));
  if (!response.req.complete) response.setHeader("connection", "close");
  send(response, response.hasHeader("allow") ? 405 : status, {
    error: { code, message, details: details ?? {} },
  });
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("content-length", Buffer.byteLength(text));
  response.statusCode = status;
  response.end(text);
}
