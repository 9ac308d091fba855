import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError } from "@/core/errors";
import { mimeTypeOf } from "@/core/file-name";
import type { Database } from "@/db/client";
import { getArtifact, readArtifactFile } from "@/db/queries/artifacts";
import { getRunFile } from "@/db/queries/files";
import { systemAccess } from "@/engine/authorize";
import { receiveEntry, receiveManifest } from "@/engine/files/artifacts";
import { type FileLink, openLinks } from "@/engine/files/links";
import { receiveRunFile } from "@/engine/files/run-files";
import type { Files, GatewayContext } from "./context";
import { findRun } from "./find-run";
import { type SentFile, sendFile } from "./send-file";

/** So long a sender may say nothing; a whole upload may take hours. */
const SILENCE_MS = 60_000;
export const BYTES_PATH = "/bytes";

/** PUT of bytes by a link (W61 to W64). @throws AppError FORBIDDEN, NOT_FOUND, INPUT_TOO_LARGE, BAD_INPUT, DISK_FULL, UNAVAILABLE */
export async function takeBytes(
  { db, store, maxBytes }: Files & { db: Database },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const link = (await openLinks(db)).read(tokenOf(request));
  const expectedBytes = readLength(request);
  const context = { db, store, maxBytes };
  // A request that is broken off has lost its socket.
  const { socket } = request;
  const giveUp = () => socket.destroy();
  socket.setTimeout(SILENCE_MS).once("timeout", giveUp);
  try {
    const { md5 } = await receive(context, link, request, expectedBytes);
    response.writeHead(200, { etag: `"${md5}"`, "content-length": "0", "cache-control": "no-store" }).end();
  } finally {
    socket.setTimeout(0).removeListener("timeout", giveUp);
  }
}

function receive(
  context: Files & { db: Database },
  link: FileLink,
  bytes: AsyncIterable<Uint8Array>,
  expectedBytes: number | undefined,
): Promise<{ md5: string }> {
  switch (link.may) {
    case "put-run-file":
      return receiveRunFile(context, link, bytes, { expectedBytes });
    case "put-manifest":
      return receiveManifest(context, link, bytes, { expectedBytes });
    case "put-entry":
      return receiveEntry(context, link, bytes, { expectedBytes });
    default:
      throw wrongWay();
  }
}

/** GET of bytes by a link, as browsers do (W65). @throws AppError FORBIDDEN, NOT_FOUND */
export async function giveBytes(
  { db, store }: Files & { db: Database },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const link = (await openLinks(db)).read(tokenOf(request));
  const file = await find(db, link);
  if (file === undefined) throw new AppError("NOT_FOUND", "this file is gone");
  // Opened by itself it could carry what is in it elsewhere by going there; in a frame our page's policy keeps it from that.
  const isAlone = request.headers["sec-fetch-dest"] === "document";
  await sendFile(store, request, response, file, { framed: link.may === "show-run-file" && !isAlone });
}

async function find(db: Database, link: FileLink): Promise<SentFile | undefined> {
  switch (link.may) {
    case "get-run-file":
    case "show-run-file":
      return getRunFile(db, systemAccess(), link);
    case "get-manifest": {
      const row = await getArtifact(db, systemAccess(), link.artifactId);
      if (row === undefined || row.manifestPlace === null) return undefined;
      const { manifestPlace: place, manifestBytes: bytes } = row;
      return { name: "wandb_manifest.json", place, bytes, md5: null, mimeType: "application/json" };
    }
    case "get-entry": {
      const file = await readArtifactFile(db.sql, link.fileId);
      if (file === undefined) return undefined;
      const md5 = Buffer.from(file.digest, "base64").toString("hex");
      return { ...file, name: link.name, md5, mimeType: mimeTypeOf(link.name) };
    }
    default:
      throw wrongWay();
  }
}

/** GET of a run's file by its name, with credentials (W65). @throws AppError NOT_FOUND */
export async function giveRunFile(
  context: GatewayContext,
  path: { entity: string; project: string; run: string; name: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const run = await findRun(context, { ...path, name: path.run });
  const file = run && (await getRunFile(context.db, context.access, { runId: run.runId, name: path.name }));
  if (file === undefined)
    throw new AppError(
      "NOT_FOUND",
      `there is no file ${path.name} of run ${path.entity}/${path.project}/${path.run}`,
    );
  await sendFile(context.files.store, request, response, file);
}

const wrongWay = () => new AppError("FORBIDDEN", "this address of a file is for something else");

function tokenOf({ url = "" }: IncomingMessage): string {
  const at = url.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : url.slice(at)).get("t") ?? "";
}

function readLength({ headers }: IncomingMessage): number | undefined {
  const text = headers["content-length"];
  return text === undefined ? undefined : Number(text);
}
