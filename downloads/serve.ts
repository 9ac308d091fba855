import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import { openClientArchives } from "./client-archive";
import { buildWheel, type Wheel } from "./wheel";

export interface DownloadOptions {
  /** Where people reach this server, when somebody has said so; else it is where the request went. */
  publicUrl: string | undefined;
}

type Door = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * The clients that the server hands out, to anybody: they hold no secret, and a worker that is being set up has no key yet.
 * `/besom-agent.tgz` for Node, `/python/` with the wheel for pip.
 * @returns what answers a request; undefined when it is for none of these
 */
export function openDownloads({
  publicUrl,
}: DownloadOptions): (path: string, method?: string) => Door | undefined {
  const archives = openClientArchives();
  let wheel: Wheel | undefined;
  const getWheel = (): Wheel => {
    wheel ??= buildWheel();
    return wheel;
  };
  return (path, method) => {
    if (method !== "GET" && method !== "HEAD") return undefined;
    if (path === "/besom-agent.tgz")
      return async (request, response) => {
        const { bytes, hash } = await archives(publicUrl ?? originOf(request));
        send(request, response, { type: "application/gzip", bytes, hash });
      };
    if (!path.startsWith("/python/")) return undefined;
    const name = path.slice("/python/".length);
    if (name === "")
      return async (request, response) => {
        const { hash } = getWheel();
        send(request, response, { type: "text/html; charset=utf-8", bytes: toIndex(getWheel()), hash });
      };
    if (!/^besom-.*\.whl$/.test(name)) return undefined;
    return async (request, response) => {
      const { bytes, hash, name: current } = getWheel();
      if (name === current) return send(request, response, { type: "application/zip", bytes, hash });
      // Written down under an older server: pip goes by the name, so it must ask for the one that is here.
      response.writeHead(404, { "content-type": "text/plain; charset=utf-8" });
      response.end(`this server hands out ${current}, not ${name}: pip install .../python/${current}\n`);
    };
  };
}

/** Where the client found us. Whoever makes up a host gets an archive for himself alone that asks there. */
function originOf({ headers: { host }, socket }: IncomingMessage): string {
  const scheme = (socket as Partial<TLSSocket>).encrypted ? "https" : "http";
  const valid = host !== undefined && /^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?$/.test(host);
  return `${scheme}://${valid ? host : "localhost:3000"}`;
}

/** For `pip install --no-index --find-links URL/python/ besom`. */
function toIndex({ name, hash }: Wheel): Uint8Array {
  return new TextEncoder().encode(
    `<!doctype html><title>besom</title><a href="${name}#sha256=${hash}">${name}</a>\n`,
  );
}

interface Download {
  type: string;
  bytes: Uint8Array;
  hash: string;
}

function send(request: IncomingMessage, response: ServerResponse, { type, bytes, hash }: Download): void {
  const etag = `"${hash}"`;
  response.setHeader("etag", etag);
  // A new version comes under the same address: ask each time, fetch only what has changed.
  response.setHeader("cache-control", "no-cache");
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { "content-type": type, "content-length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}
