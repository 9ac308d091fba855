import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { AppError } from "@/core/errors";
import type { Store } from "@/store/store";

export interface SentFile {
  /** With slashes; people get what stands behind the last one. */
  readonly name: string;
  readonly place: string;
  readonly bytes: number;
  readonly md5: string | null;
  readonly mimeType: string | null;
}

/** What a browser may show by itself: pictures of dots, sound, film and plain text run nothing. All else is saved. */
const SHOWN =
  /^(image\/(png|jpeg|gif|webp|bmp)|video\/(mp4|webm)|audio\/(wav|mpeg|ogg)|text\/plain|application\/json)$/;

/**
 * A page of a user's program in a frame of ours: its own scripts and styles run, in an origin of nobody's, which sees no cookie and no page around
 * it, and reach nothing over the network, so that what is in the file stays where it is.
 */
const FRAMED =
  "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; frame-ancestors 'self'";

/**
 * A file that some program of a user's wrote, from our own origin: whatever is in it runs nothing there (W66). It is what it says it is, a page that opens it is
 * in a sandbox of no origin, and what could be a page (HTML, SVG, PDF, what is unknown) is saved, never shown.
 * @param framed HTML is shown, to a page of ours that frames it
 * @throws AppError NOT_FOUND where its bytes are gone
 */
export async function sendFile(
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
  file: SentFile,
  { framed = false }: { framed?: boolean } = {},
): Promise<void> {
  const mimeType = file.mimeType ?? "application/octet-stream";
  const etag = file.md5 === null ? undefined : `"${file.md5}"`;
  const inFrame = framed && mimeType === "text/html";
  const headers: Record<string, string> = {
    "content-type": mimeType === "text/plain" || inFrame ? `${mimeType}; charset=utf-8` : mimeType,
    "content-disposition": `${inFrame || SHOWN.test(mimeType) ? "inline" : "attachment"}; filename*=UTF-8''${spell(file.name)}`,
    "content-security-policy": inFrame ? FRAMED : "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    // Another file may have the name tomorrow; until then the tag says that nothing has changed.
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
    ...(etag && { etag }),
  };
  if (etag && request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const ifRange = request.headers["if-range"];
  const range =
    ifRange !== undefined && ifRange !== etag ? undefined : readRange(request.headers.range, file.bytes);
  if (range === "none") {
    response
      .writeHead(416, { ...headers, "content-range": `bytes */${file.bytes}`, "content-length": "0" })
      .end();
    return;
  }
  const { from, to } = range ?? { from: 0, to: file.bytes - 1 };
  const head = () =>
    response.writeHead(range ? 206 : 200, {
      ...headers,
      "content-length": String(to - from + 1),
      ...(range && { "content-range": `bytes ${from}-${to}/${file.bytes}` }),
    });
  if (request.method === "HEAD" || file.bytes === 0) {
    head().end();
    return;
  }
  const stream = await store.get(file.place, range);
  if (stream === undefined)
    throw new AppError(
      "NOT_FOUND",
      `the bytes of ${file.name} are not where files lie: were they part of the backup?`,
    );
  head();
  try {
    await pipeline(stream, response);
  } catch (error) {
    // Whoever asked has gone away; or the store broke off, and the length that was announced tells.
    if (!response.destroyed) response.destroy();
    if (!request.destroyed) throw error;
  }
}

/** One range of bytes. Several, and other units, are answered with the whole, as the standard allows. */
export function readRange(
  text: string | undefined,
  bytes: number,
): { from: number; to: number } | "none" | undefined {
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? "");
  if (!parts) return undefined;
  const [, first = "", last = ""] = parts;
  if (first === "" && last === "") return undefined;
  const from = first === "" ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === "" || last === "" ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (from >= bytes || (first === "" && Number(last) === 0)) return "none";
  return to < from ? undefined : { from, to };
}

const spell = (name: string): string =>
  encodeURIComponent(name.slice(name.lastIndexOf("/") + 1)).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
