import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { loadCredentials, readTlsFiles } from "@/graphql/http/tls";
import { startServer } from "@/server";
import { createDatabase } from "../support/database";

let folder: string;
const at = (name: string) => join(folder, name);

/** A certificate of its own authority, with its key. */
function make(name: string): void {
  execFileSync(
    "openssl",
    [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      ...["-keyout", at(`${name}.key`), "-out", at(`${name}.crt`)],
    ],
    { stdio: "ignore" },
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "besom-tls-"));
  make("first");
  make("second");
  writeFileSync(at("empty"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the two files", () => {
  test("are needed both", () => {
    expect(readTlsFiles({ NODE_ENV: "test" })).toBeUndefined();
    const env = { NODE_ENV: "test" as const };
    expect(() => readTlsFiles({ ...env, BESOM_TLS_CERT: "x" })).toThrow("BESOM_TLS_KEY is not");
    expect(() => readTlsFiles({ ...env, BESOM_TLS_KEY: "x" })).toThrow("BESOM_TLS_CERT is not");
  });

  test.each([
    ["nowhere", "first.key", /BESOM_TLS_CERT: .*nowhere can't be read \(ENOENT\)/],
    ["first.crt", "nowhere", /BESOM_TLS_KEY: .*nowhere can't be read \(ENOENT\)/],
    ["empty", "first.key", /BESOM_TLS_CERT: .*empty holds no certificate/],
    ["first.crt", "empty", /BESOM_TLS_KEY: .*empty holds no unencrypted private key/],
    ["first.key", "first.crt", /BESOM_TLS_CERT: .*first.key holds no certificate/],
    ["first.crt", "second.key", /second.key is not the key of the certificate in .*first.crt \(CN=first\)/],
  ])("%s and %s: the sentence says which is wrong, and holds no key", (cert, key, sentence) => {
    const load = () => loadCredentials({ cert: at(cert), key: at(key) });
    expect(load).toThrow(sentence);
    expect(load).toThrow(/^(?!.*BEGIN)/s);
  });
});

test("a server with a certificate speaks https, signs in with a cookie that never leaves it, and takes a new certificate while it runs", async () => {
  copyFileSync(at("first.crt"), at("live.crt"));
  copyFileSync(at("first.key"), at("live.key"));
  const database = await createDatabase();
  const server = await startServer({
    env: {
      NODE_ENV: "test",
      BESOM_DATA_DIR: at("data"),
      DATABASE_URL: database.url,
      BESOM_TLS_CERT: at("live.crt"),
      BESOM_TLS_KEY: at("live.key"),
    },
    port: 0,
    next: false,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  try {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { headers, subject } = await ask(server.url, "/healthz");
    expect([subject, headers["strict-transport-security"]]).toEqual(["first", "max-age=31536000"]);
    const plain = await fetch(`${server.url.replace("https", "http")}/healthz`).catch(() => "refused");
    expect(plain).toBe("refused");

    const token = new URL(server.loginUrl ?? "").hash.replace("#token=", "");
    const signedIn = await ask(server.url, "/login", JSON.stringify({ token }));
    expect(signedIn.headers["set-cookie"]?.[0]).toMatch(
      /^__Host-besom_session_\d+=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Expires=[^;]+; Secure$/,
    );

    const socket = new WebSocket(`${server.url.replace("https", "wss")}/graphql`, "graphql-transport-ws", {
      rejectUnauthorized: false,
    });
    await new Promise((resolve) => socket.once("open", resolve));

    // One of the two is there first: nobody may meet a server without a certificate meanwhile.
    renameSync(at("second.crt"), at("live.crt"));
    expect((await ask(server.url, "/healthz")).subject).toBe("first");
    renameSync(at("second.key"), at("live.key"));
    while ((await ask(server.url, "/healthz")).subject !== "second") await new Promise(setImmediate);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.terminate();
  } finally {
    await server.close();
    await database.drop();
  }
});

function ask(url: string, path: string, body?: string) {
  return new Promise<{ headers: Record<string, string | string[] | undefined>; subject: string }>(
    (resolve, reject) => {
      const asked = request(
        `${url}${path}`,
        {
          method: body === undefined ? "GET" : "POST",
          rejectUnauthorized: false,
          agent: false,
          ...(body !== undefined && { headers: { "content-type": "application/json" } }),
        },
        (response) => {
          response.resume();
          const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
          resolve({ headers: response.headers, subject: String(CN) });
        },
      );
      asked.on("error", reject);
      asked.end(body);
    },
  );
}
