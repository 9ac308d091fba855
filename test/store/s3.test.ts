import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { readMaxFileBytes, readS3Settings } from "@/store/open";
import { openS3 } from "@/store/s3";
import { chunksOf, describeStore, newPlace } from "../contract/store";
import { startMoto } from "../support/moto";

const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const moto = process.env.BESOM_CI === "brief" ? "the brief tests leave it out" : await startMoto();
if (typeof moto === "string")
  console.warn(`\n!!! S3 IS NOT TESTED: there is no server to test it with (${moto})\n`);

describe.skipIf(typeof moto === "string")("a bucket", () => {
  describeStore(async () => {
    if (typeof moto === "string") throw new Error(moto);
    const admin = new S3Client({
      endpoint: moto.url,
      region: "us-east-1",
      credentials,
      forcePathStyle: true,
    });
    await admin.send(new CreateBucketCommand({ Bucket: "besom" }));
    const store = await openS3({
      bucket: "besom",
      endpoint: moto.url,
      region: "us-east-1",
      prefix: "a/b/",
      credentials,
      pathStyle: true,
    });
    return {
      store,
      look: async () => {
        const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: "besom" }));
        const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket: "besom" }));
        expect(Contents.every(({ Key }) => Key?.startsWith("a/b/"))).toBe(true);
        return Contents.length + Uploads.length;
      },
      close: async () => {
        admin.destroy();
        await store.close();
        await moto.close();
      },
    };
  });
});

test("a bucket that can't be reached is unavailable, not broken: clients come again", async () => {
  const store = await openS3({
    bucket: "besom",
    endpoint: "http://127.0.0.1:9",
    region: "us-east-1",
    prefix: "",
    credentials,
    pathStyle: true,
  });
  await expect(store.put(newPlace(), chunksOf(Buffer.from("x")), { maxBytes: 10 })).rejects.toMatchObject({
    code: "UNAVAILABLE",
    status: 503,
  });
  await store.close();
});

test.each([
  [{ BESOM_FILES_S3_BUCKET: "b", BESOM_FILES_DIR: "/x" }, "BESOM_FILES_DIR"],
  [{ BESOM_FILES_S3_BUCKET: "b", BESOM_FILES_S3_ENDPOINT: "minio:9000" }, "BESOM_FILES_S3_ENDPOINT"],
  [{ BESOM_FILES_S3_BUCKET: "b", BESOM_FILES_S3_ACCESS_KEY_ID: "x" }, "BESOM_FILES_S3_SECRET_ACCESS_KEY"],
  [{ BESOM_FILES_S3_BUCKET: "b", BESOM_FILES_S3_STYLE: "dns" }, "BESOM_FILES_S3_STYLE"],
])("settings that contradict themselves are refused by name: %j", (env, name) => {
  expect(() => readS3Settings(env as unknown as NodeJS.ProcessEnv)).toThrow(name);
});

test("a bucket with an endpoint is in its path, Amazon's in the host; a prefix ends with a slash", () => {
  const read = (env: object) =>
    readS3Settings({ BESOM_FILES_S3_BUCKET: "b", ...env } as unknown as NodeJS.ProcessEnv);
  expect(read({})).toMatchObject({
    pathStyle: false,
    region: "us-east-1",
    prefix: "",
    credentials: undefined,
  });
  expect(read({ BESOM_FILES_S3_ENDPOINT: "http://h:1", BESOM_FILES_S3_PREFIX: "x" })).toMatchObject({
    pathStyle: true,
    prefix: "x/",
  });
});

test("the largest file is a number of bytes", () => {
  expect(readMaxFileBytes(undefined)).toBe(5e9);
  expect(readMaxFileBytes("1000")).toBe(1000);
  for (const text of ["0", "5GB", "-1"])
    expect(() => readMaxFileBytes(text)).toThrow("BESOM_FILES_MAX_BYTES");
});
