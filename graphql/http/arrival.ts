import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Access, toCaller } from "@/core/access";
import type { Logger } from "@/engine/context";
import { noteAddress, plainAddress, type TrustedProxies } from "./address";
import { waitedMs } from "./line";
import { withoutPrefix } from "./public-url";

/** What is known of a request before anybody looks at it. */
interface Arrival {
  readonly id: string;
  readonly log: Logger;
  /** `user:1`, `key:7`, `run:3/1`: never the key itself. */
  caller?: string;
}

export interface ArrivalOptions {
  proxies: TrustedProxies;
  /** Of the public URL's path. */
  prefix: string;
  /** pino's logger says whether a level is written at all. */
  log: Logger & { isLevelEnabled?(level: string): boolean };
}

const arrivals = new WeakMap<IncomingMessage, Arrival>();

/** Gives the request its id and its client's address, and takes the public path's prefix off its URL. @returns its path */
export function arrive(request: IncomingMessage, { proxies, prefix, log }: ArrivalOptions): string {
  const address = noteAddress(request, proxies);
  const id = givenId(request, proxies) ?? randomUUID();
  arrivals.set(request, { id, log: new RequestLog(log, id, address) });
  request.url = withoutPrefix(request.url ?? "/", prefix);
  return pathOf(request);
}

/** As `arrive`, with the id on the answer and one line in the log when it was given. */
export function receive(request: IncomingMessage, response: ServerResponse, options: ArrivalOptions): string {
  const path = arrive(request, options);
  const arrival = arrivals.get(request);
  if (arrival === undefined) return path;
  response.setHeader("x-request-id", arrival.id);
  if (options.log.isLevelEnabled?.("info") === false) return path;
  const startedAt = performance.now();
  response.once("close", () => {
    arrival.log.info(
      {
        method: request.method,
        path: path.slice(0, MAX_PATH),
        status: response.statusCode,
        ms: Math.round((performance.now() - startedAt - waitedMs(response)) * 10) / 10,
        ...(waitedMs(response) > 0 && { waitedMs: Math.round(waitedMs(response)) }),
        ...(arrival.caller && { caller: arrival.caller }),
        ...(!response.writableFinished && { aborted: true }),
      },
      "request",
    );
  });
  return path;
}

/** Logs whatever is logged of the request with its id. */
export const logOf = (request: IncomingMessage, log: Logger): Logger => arrivals.get(request)?.log ?? log;

export function noteCaller(request: IncomingMessage, access: Access): void {
  const arrival = arrivals.get(request);
  if (arrival !== undefined) arrival.caller = toCaller(access);
}

/** Without the query: it may hold what is nobody's business. */
const pathOf = ({ url = "/" }: IncomingMessage): string => url.split("?", 1)[0] ?? "/";
const MAX_PATH = 300;

/** A proxy's own id for the request, so that one id leads through both logs. */
function givenId({ headers, socket }: IncomingMessage, proxies: TrustedProxies): string | undefined {
  const id = headers["x-request-id"];
  if (typeof id !== "string" || !/^[\w.:=+/-]{1,128}$/.test(id)) return undefined;
  return proxies.trusts(plainAddress(socket.remoteAddress ?? "")) ? id : undefined;
}

/** Lighter than pino's child loggers: made for each claim, used by few. */
class RequestLog implements Logger {
  constructor(
    private readonly log: Logger,
    private readonly requestId: string,
    private readonly address: string,
  ) {}

  debug(fields: object, message: string): void {
    this.log.debug({ requestId: this.requestId, ...fields }, message);
  }
  info(fields: object, message: string): void {
    this.log.info({ requestId: this.requestId, address: this.address, ...fields }, message);
  }
  warn(fields: object, message: string): void {
    this.log.warn({ requestId: this.requestId, ...fields }, message);
  }
  error(fields: object, message: string): void {
    this.log.error({ requestId: this.requestId, ...fields }, message);
  }
}
