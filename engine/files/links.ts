import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError } from "@/core/errors";
import type { Database } from "@/db/client";
import { readSecret } from "@/db/queries/files";
import { retrying } from "@/db/transaction";
import { perDatabase } from "../recent";

/** What a link lets its bearer do, until when, and nothing else. */
export type FileLink =
  | {
      /** show: a page, in a frame that keeps it apart (gateway/wandb/send-file.ts). */
      readonly may: "put-run-file" | "get-run-file" | "show-run-file";
      readonly runId: number;
      readonly name: string;
    }
  | { readonly may: "put-manifest" | "get-manifest"; readonly artifactId: number }
  | { readonly may: "put-entry"; readonly artifactId: number; readonly digest: string }
  | { readonly may: "get-entry"; readonly fileId: number; readonly name: string };

const HOUR_MS = 3_600_000;
/** Uploads of large files wait for their turn at the client. */
const LINK_MS = 24 * HOUR_MS;
/** What somebody looks at is loaded at once; a film goes on for a while. */
export const LOOK_MS = HOUR_MS;

/** Where a link's bearer comes, without credentials (gateway/wandb/bytes.ts). */
export const toAddress = (publicUrl: string, token: string): string => `${publicUrl}/wandb/bytes?t=${token}`;

/** Without credentials bytes come and go by what such a text says. All servers of a database share the secret that signs it. */
export interface Links {
  /** @param forMs at least, and up to an hour more; a day when absent */
  sign(link: FileLink, forMs?: number): string;
  /** @throws AppError FORBIDDEN */
  read(token: string): FileLink;
}

const memory = perDatabase((db) => ({ secret: undefined as Promise<Uint8Array> | undefined, db }));

export async function openLinks(db: Database): Promise<Links> {
  const known = memory(db);
  // A query's own connection may write nothing, and the first one to ask makes the secret.
  const { sql } = db.root ?? db;
  known.secret ??= retrying(() => readSecret(sql, "file-links", randomBytes(32)));
  try {
    return linksBy(await known.secret);
  } catch (error) {
    known.secret = undefined;
    throw error;
  }
}

export function linksBy(secret: Uint8Array, now: () => number = Date.now): Links {
  const mac = (text: string) => createHmac("sha256", secret).update(text).digest();
  return {
    sign(link, forMs = LINK_MS) {
      // To the hour, so that a page that is loaded again finds its pictures in the browser's cache.
      const until = (Math.floor(now() / HOUR_MS) + 1) * HOUR_MS + forMs;
      const text = Buffer.from(JSON.stringify({ ...link, until })).toString("base64url");
      return `${text}.${mac(text).toString("base64url")}`;
    },
    read(token) {
      const [text = "", given = ""] = token.split(".");
      const [expected, bytes] = [mac(text), Buffer.from(given, "base64url")];
      if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected))
        throw new AppError("FORBIDDEN", "this address of a file is not one that the server gave out");
      const { until, ...link } = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as FileLink & {
        until: number;
      };
      if (until < now())
        throw new AppError("FORBIDDEN", "this address of a file has ended: ask for another one");
      return link;
    },
  };
}
