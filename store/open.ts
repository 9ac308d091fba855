import { join } from "node:path";
import { AppError } from "@/core/errors";
import { openFolder } from "./folder";
import { openS3, type S3Settings } from "./s3";
import type { Store } from "./store";

/** 5 GB, as much as one PUT to S3 may bring. */
const MAX_BYTES = 5e9;
/** Twice what the database keeps free for itself (db/space.ts). */
const RESERVE_BYTES = 512 * 2 ** 20;

/** The store that BESOM_FILES_* name: a bucket, or a folder, by default `files` in the data folder. @throws AppError BAD_INPUT */
export async function openStore(
  env: NodeJS.ProcessEnv,
  { dataDir, databaseReserveBytes }: { dataDir: string; databaseReserveBytes?: number | undefined },
): Promise<Store> {
  const s3 = readS3Settings(env);
  if (s3) return openS3(s3);
  return openFolder(env.BESOM_FILES_DIR || join(dataDir, "files"), {
    reserveBytes: databaseReserveBytes === undefined ? RESERVE_BYTES : 2 * databaseReserveBytes,
  });
}

/** BESOM_FILES_MAX_BYTES. @throws AppError BAD_INPUT */
export function readMaxFileBytes(text: string | undefined): number {
  if (!text) return MAX_BYTES;
  if (/^\d{1,13}$/.test(text) && Number(text) > 0) return Number(text);
  throw wrong("BESOM_FILES_MAX_BYTES", text, "bytes, at least 1");
}

/** BESOM_FILES_S3_*; undefined without a bucket. @throws AppError BAD_INPUT */
export function readS3Settings(env: NodeJS.ProcessEnv): S3Settings | undefined {
  const bucket = env.BESOM_FILES_S3_BUCKET;
  if (!bucket) return undefined;
  if (env.BESOM_FILES_DIR)
    throw wrong(
      "BESOM_FILES_DIR",
      env.BESOM_FILES_DIR,
      "nothing beside BESOM_FILES_S3_BUCKET: files lie in one place",
    );
  const endpoint = env.BESOM_FILES_S3_ENDPOINT || undefined;
  if (endpoint && !/^https?:\/\/[^/]/.test(endpoint))
    throw wrong("BESOM_FILES_S3_ENDPOINT", endpoint, "http://… or https://…");
  const [accessKeyId, secretAccessKey] = [
    env.BESOM_FILES_S3_ACCESS_KEY_ID,
    env.BESOM_FILES_S3_SECRET_ACCESS_KEY,
  ];
  if (!accessKeyId !== !secretAccessKey)
    throw new AppError(
      "BAD_INPUT",
      "BESOM_FILES_S3_ACCESS_KEY_ID and BESOM_FILES_S3_SECRET_ACCESS_KEY belong together: set both, or neither",
    );
  const style = env.BESOM_FILES_S3_STYLE || (endpoint ? "path" : "host");
  if (style !== "path" && style !== "host") throw wrong("BESOM_FILES_S3_STYLE", style, "path or host");
  const prefix = env.BESOM_FILES_S3_PREFIX ?? "";
  return {
    ...{ bucket, endpoint, region: env.BESOM_FILES_S3_REGION || "us-east-1", pathStyle: style === "path" },
    prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  };
}

const wrong = (name: string, value: string, expected: string) =>
  new AppError("BAD_INPUT", `${name} is ${JSON.stringify(value)}, expected ${expected}`);
