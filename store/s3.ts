import { Readable } from "node:stream";
import { AppError, isAppError } from "@/core/errors";
import { checkPlace, type Limits, Metered, type Store, type Stored, storeFull } from "./store";

export interface S3Settings {
  readonly bucket: string;
  /** Undefined: Amazon's own of the region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Before each place, with its slash. */
  readonly prefix: string;
  /** Undefined: what Amazon's own chain finds (environment, shared file, the machine's role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** `https://host/bucket/…` as against `https://bucket.host/…`, which most servers but Amazon's lack. */
  readonly pathStyle: boolean;
}

/** At most 10,000 parts make an object, and 5 MiB is the least that a part may have. */
const PART_BYTES = 8 * 2 ** 20;
const MOST_PARTS = 10_000;

/**
 * A bucket of anything that speaks S3. Amazon's own client is the one that is kept in step with it, finds credentials where
 * operators have them, and retries; 23 MB, 0.3 s to load, so it is loaded where a bucket is set, and nowhere else. (aws4fetch only signs: parts, their
 * retries and roles were ours to write; minio brings lodash and an XML parser, and no roles; s3mini is two months old as 1.0.)
 */
export async function openS3(settings: S3Settings): Promise<Store> {
  const [aws, { Upload }] = await Promise.all([import("@aws-sdk/client-s3"), import("@aws-sdk/lib-storage")]);
  const { bucket, prefix, credentials } = settings;
  const client = new aws.S3Client({
    region: settings.region,
    forcePathStyle: settings.pathStyle,
    ...(settings.endpoint && { endpoint: settings.endpoint }),
    ...(credentials && { credentials }),
    // Checksums in trailers are new, and many servers don't know them; an MD5 of the whole is ours anyway.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const keyOf = (place: string) => `${prefix}${checkPlace(place)}`;

  async function put(place: string, bytes: AsyncIterable<Uint8Array>, limits: Limits): Promise<Stored> {
    const key = keyOf(place);
    const metered = new Metered(bytes, limits);
    const body = Readable.from(metered.read(), { objectMode: false, highWaterMark: PART_BYTES });
    const upload = new Upload({
      client,
      params: { Bucket: bucket, Key: key, Body: body },
      queueSize: 2,
      partSize: Math.max(PART_BYTES, Math.ceil(limits.maxBytes / MOST_PARTS)),
    });
    try {
      await upload.done();
    } catch (error) {
      throw told(error);
    } finally {
      body.destroy();
    }
    return metered.done();
  }

  return {
    where: `s3://${bucket}/${prefix}`,
    put,
    async get(place, range) {
      try {
        const { Body } = await client.send(
          new aws.GetObjectCommand({
            Bucket: bucket,
            Key: keyOf(place),
            ...(range && { Range: `bytes=${range.from}-${range.to}` }),
          }),
        );
        return Body as Readable | undefined;
      } catch (error) {
        if (error instanceof Error && (error.name === "NoSuchKey" || error.name === "NotFound"))
          return undefined;
        throw told(error);
      }
    },
    async remove(place) {
      try {
        await client.send(new aws.DeleteObjectCommand({ Bucket: bucket, Key: keyOf(place) }));
      } catch (error) {
        throw told(error);
      }
    },
    async close() {
      client.destroy();
    },
  };
}

function told(error: unknown): unknown {
  if (isAppError(error)) return error;
  const metadata =
    error instanceof Error && "$metadata" in error
      ? (error.$metadata as { httpStatusCode?: number })
      : undefined;
  if (metadata?.httpStatusCode === 507) return storeFull(error);
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new AppError(
    "UNAVAILABLE",
    `the bucket that files lie in does not answer as it should (${why.slice(0, 300)}): try again`,
    { cause: error },
  );
}
