import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Server } from "node:https";
import { createSecureContext } from "node:tls";
import { AppError } from "@/core/errors";
import type { Logger } from "@/engine/context";

/** Where a certificate with its chain lies, and its key, both PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface Credentials {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Files are looked at this often: certbot and Kubernetes replace links, which file watching does not notice everywhere. */
const LOOK_MS = 1_000;

/** BESOM_TLS_CERT and BESOM_TLS_KEY; undefined when neither is set. @throws AppError BAD_INPUT */
export function readTlsFiles({ BESOM_TLS_CERT, BESOM_TLS_KEY }: NodeJS.ProcessEnv): TlsFiles | undefined {
  if (!BESOM_TLS_CERT && !BESOM_TLS_KEY) return undefined;
  if (BESOM_TLS_CERT && BESOM_TLS_KEY) return { cert: BESOM_TLS_CERT, key: BESOM_TLS_KEY };
  const [there, missing] = BESOM_TLS_CERT
    ? ["BESOM_TLS_CERT", "BESOM_TLS_KEY"]
    : ["BESOM_TLS_KEY", "BESOM_TLS_CERT"];
  throw new AppError("BAD_INPUT", `${there} is set and ${missing} is not: https needs both files`);
}

/** @throws AppError BAD_INPUT that names the file and says what is wrong with it, never what it holds */
export function loadCredentials(files: TlsFiles): Credentials {
  const cert = readPem(files.cert, "BESOM_TLS_CERT");
  const key = readPem(files.key, "BESOM_TLS_KEY");
  const leaf = attempt(
    `BESOM_TLS_CERT: ${files.cert} holds no certificate in PEM`,
    () => new X509Certificate(cert),
  );
  const secret = attempt(`BESOM_TLS_KEY: ${files.key} holds no unencrypted private key in PEM`, () =>
    createPrivateKey(key),
  );
  if (!leaf.checkPrivateKey(secret)) {
    throw new AppError(
      "BAD_INPUT",
      `BESOM_TLS_KEY: ${files.key} is not the key of the certificate in ${files.cert} (${leaf.subject.replaceAll("\n", ", ")})`,
    );
  }
  attempt(`BESOM_TLS_CERT: ${files.cert} can't be used`, () => createSecureContext({ cert, key }));
  return { cert, key };
}

/** Takes new files without a restart; connections that are open keep what they have. @returns stops looking */
export function keepCredentials(server: Server, files: TlsFiles, log: Logger): () => void {
  let known = stampOf(files);
  const timer = setInterval(() => {
    const stamp = stampOf(files);
    if (stamp === known) return;
    known = stamp;
    try {
      server.setSecureContext(loadCredentials(files));
      log.info({ cert: files.cert }, "the certificate was replaced");
    } catch (error) {
      // One of the two is replaced first: the next look finds both.
      log.warn({ err: error }, "the new certificate is not taken, the old one stays");
    }
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function stampOf({ cert, key }: TlsFiles): string {
  return [cert, key]
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {};
      return `${mtimeMs} ${size} ${ino}`;
    })
    .join();
}

function readPem(path: string, variable: string): Buffer {
  return attempt(`${variable}: ${path} can't be read`, () => readFileSync(path));
}

function attempt<T>(sentence: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new AppError("BAD_INPUT", code ? `${sentence} (${code})` : sentence, { cause });
  }
}
