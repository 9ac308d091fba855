import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "undici";
import { beforeAll, describe, expect, test } from "vitest";
import { RateLimit, readRate } from "@/graphql/http/rate-limit";
import { CheckKey, textOf } from "@/graphql/operations";
import { schema } from "@/graphql/schema";
import { startServer } from "@/server";
import { openSocket, send, sharedServer, type TestServer, withServer } from "../support/server";
import { withRuns } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, to = server) =>
  fetch(`${to.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${to.key}`, ...headers },
    body,
  });
const codeOf = async (response: Response) =>
  ((await response.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code;

describe("known documents", () => {
  const documentId = `sha256:${createHash("sha256").update(textOf(CheckKey)).digest("hex")}`;

  test("are asked for by their hash", async () => {
    const response = await post(JSON.stringify({ documentId }));
    expect(await response.json()).toMatchObject({ data: { serverInfo: { url: server.url } } });
  });

  test("that the server doesn't know are told from everything else", async () => {
    for (const id of ["sha256:0", "", "constructor", `sha256:${"0".repeat(64)}`]) {
      const response = await post(JSON.stringify({ documentId: id }));
      expect([response.status, await codeOf(response)]).toEqual([400, "PERSISTED_DOCUMENT_NOT_FOUND"]);
    }
    expect(await codeOf(await post('{"documentId": 7}'))).toBe("BAD_INPUT");
  });

  test("are the only ones that BESOM_DOCUMENTS=known answers, by hash or by text, by HTTP or socket", async () => {
    await withServer(
      async (strict) => {
        expect((await post(JSON.stringify({ documentId }), {}, strict)).status).toBe(200);
        expect((await send(strict, CheckKey, {})).status).toBe(200);
        const { errors } = await send(strict, "{ viewer { name } }");
        expect(errors?.[0]?.extensions.code).toBe("FORBIDDEN");
        const client = openSocket(strict);
        const refused = await new Promise<unknown>((resolve) => {
          client.subscribe(
            { query: "{ viewer { name } }" },
            { next: resolve, error: resolve, complete: () => {} },
          );
        });
        expect(JSON.stringify(refused)).toContain("FORBIDDEN");
        await client.dispose();
      },
      { BESOM_DOCUMENTS: "known" },
    );
  });
});

describe("a body", () => {
  test("without variables, or with null for them, is answered", async () => {
    for (const body of ['{"query":"{ __typename }"}', '{"query":"{ __typename }","variables":null}'])
      expect(await (await post(body)).json()).toEqual({ data: { __typename: "Query" } });
  });

  test.each<[string, string, string]>([
    [
      "nests too deep",
      `{"query":"{ __typename }","variables":{"a":${"[".repeat(200)}${"]".repeat(200)}}}`,
      "INPUT_TOO_LARGE",
    ],
    ["nests for ever and ends nowhere", "[".repeat(1_000_000), "INPUT_TOO_LARGE"],
    [
      "is made of millions of lists",
      `{"query":"{ __typename }","variables":{"a":[${"[],".repeat(600_000)}0]}}`,
      "INPUT_TOO_LARGE",
    ],
    [
      "hides brackets in strings",
      JSON.stringify({ query: "{ nothing }", variables: { a: '\\"['.repeat(1_000) } }),
      "BAD_INPUT",
    ],
    ["is a list of operations", '[{"query":"{ __typename }"}]', "BAD_INPUT"],
  ])("that %s is refused before it is looked at", async (_title, body, code) => {
    const response = await post(body);
    expect([response.status < 500, await codeOf(response)]).toEqual([true, code]);
  });

  test("that is compressed is not unpacked", async () => {
    const response = await post(new Uint8Array([31, 139, 8]), { "content-encoding": "gzip" });
    expect([response.status, await codeOf(response)]).toEqual([400, "BAD_INPUT"]);
  });
});

describe("long answers", () => {
  const QUERY = JSON.stringify({
    query: "{ __schema { types { name description fields { name description } } } }",
  });
  const ask = async (encoding: string, body = QUERY) => {
    const { headers, body: answer } = await request(`${server.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${server.key}`,
        "accept-encoding": encoding,
      },
      body,
    });
    return { headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };

  test("come compressed to whoever takes them so, short ones never", async () => {
    const plain = await ask("identity");
    expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, "accept-encoding"]);
    for (const [accepted, encoding, open] of [
      ["gzip, deflate, br", "br", brotliDecompressSync],
      ["gzip", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
    ] as const) {
      const { headers, bytes } = await ask(accepted);
      expect([headers["content-encoding"], Number(headers["content-length"])]).toEqual([
        encoding,
        bytes.length,
      ]);
      expect(bytes.length).toBeLessThan(plain.bytes.length / 3);
      expect(open(bytes).equals(plain.bytes)).toBe(true);
    }
    expect((await ask("deflate, zstd")).headers["content-encoding"]).toBeUndefined();
    const short = await ask("br", '{"query":"{ __typename }"}');
    expect([short.headers["content-encoding"], short.headers.vary]).toEqual([undefined, undefined]);
  });
});

describe("a caller's rate", () => {
  test("is a bucket that fills, each caller's for itself, and few words of memory", () => {
    let nowMs = 0;
    const limit = new RateLimit({ perSecond: 10, burst: 5 }, () => nowMs, 3);
    expect(Array.from({ length: 6 }, () => limit.take("a"))).toEqual([0, 0, 0, 0, 0, 100]);
    expect(limit.take("b")).toBe(0);
    nowMs = 99;
    expect(limit.take("a")).toBe(1);
    nowMs = 100;
    expect([limit.take("a"), limit.take("a")]).toEqual([0, 100]);
    nowMs = 100_000;
    expect(Array.from({ length: 6 }, () => limit.take("a"))).toEqual([0, 0, 0, 0, 0, 100]);
    for (const caller of ["c", "d", "e", "f"]) expect(limit.take(caller)).toBe(0);
  });

  test("is set by BESOM_RATE_LIMIT", () => {
    expect([readRate(undefined), readRate("0"), readRate("2.5"), readRate("100")]).toEqual([
      { perSecond: 2_000, burst: 10_000 },
      undefined,
      { perSecond: 2.5, burst: 12.5 },
      { perSecond: 100, burst: 500 },
    ]);
    for (const text of ["many", "-1", "1e3"]) expect(() => readRate(text)).toThrow("BESOM_RATE_LIMIT");
  });

  test("beyond it means 429 with a time to wait, on sockets too, and nothing for other callers", async () => {
    await withServer(
      async (slow) => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => send(slow, "{ __typename }")));
        const refused = answers.filter(({ status }) => status === 429);
        expect(refused.length).toBe(3);
        expect([refused[0]?.errors?.[0]?.extensions.code, refused[0]?.headers.get("retry-after")]).toEqual([
          "RATE_LIMITED",
          expect.stringMatching(/^\d+$/),
        ]);
        const client = openSocket(slow);
        const told = await new Promise<unknown>((resolve) => {
          client.subscribe(
            { query: "{ __typename }" },
            { next: resolve, error: resolve, complete: () => {} },
          );
        });
        expect(JSON.stringify(told)).toContain("RATE_LIMITED");
        await client.dispose();
        const other = await addKey(slow);
        expect((await send({ url: slow.url, key: other }, "{ __typename }")).status).toBe(200);
      },
      { BESOM_RATE_LIMIT: "1" },
    );
  });

  test("of wrong keys is an address's; the right key still gets in", async () => {
    await withServer(async (guarded) => {
      const wrong = { url: guarded.url, key: `besom-${"x".repeat(43)}` };
      // Far more than the 10 a second that come to the 100 at once, however slow the machine is.
      const answers = await Promise.all(Array.from({ length: 500 }, () => send(wrong, "{ __typename }")));
      const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
      expect(count(401)).toBeGreaterThanOrEqual(100);
      expect(count(429)).toBeGreaterThan(0);
      expect(count(401) + count(429)).toBe(500);
      expect((await send(guarded, "{ __typename }")).status).toBe(200);
    });
  });
});

describe("time", () => {
  /** What the readers of this server's database do now. */
  const reading = ({ db }: TestServer) => db.sql<{ query: string }[]>`
    select query from pg_stat_activity
    where datname = current_database() and application_name = 'besom reads' and state = 'active'`;

  test("of a caller that has gone is nobody's: what it asked ends in PostgreSQL, and the next is answered", async () => {
    const { sweepId } = await withRuns(server, 1);
    await server.db.sql.begin(async (tx) => {
      await tx`lock table attempts in access exclusive mode`;
      const leaving = new AbortController();
      const asked = Array.from({ length: 10 }, () =>
        fetch(`${server.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
          body: JSON.stringify({ query: `{ sweep(id: "${sweepId}") { agents { id } } }` }),
          signal: leaving.signal,
        }).catch(() => "gone"),
      );
      while ((await reading(server)).length < 6) await new Promise(setImmediate);
      leaving.abort();
      expect(await Promise.all(asked)).toEqual(Array(10).fill("gone"));
      while ((await reading(server)).length > 0) await new Promise(setImmediate);
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send(server, `{ sweep(id: "${sweepId}") { id agents { id } } }`)),
    );
    expect(answers.map(({ status, errors }) => [status, errors])).toEqual(Array(20).fill([200, undefined]));
  });

  test("of a socket that was closed ends too", async () => {
    const { sweepId } = await withRuns(server, 1);
    await server.db.sql.begin(async (tx) => {
      await tx`lock table attempts in access exclusive mode`;
      const client = openSocket(server);
      client.subscribe(
        { query: `{ sweep(id: "${sweepId}") { agents { id } } }` },
        { next: () => {}, error: () => {}, complete: () => {} },
      );
      while ((await reading(server)).length < 1) await new Promise(setImmediate);
      client.terminate();
      while ((await reading(server)).length > 0) await new Promise(setImmediate);
    });
  });
});

test("GET mutates nothing, on no door", async () => {
  const before = await server.db.sql`select count(*) as runs from runs`;
  const names = Object.keys(schema.getMutationType()?.getFields() ?? {});
  for (const path of [
    ...names.map(
      (name) => `/graphql?query=${encodeURIComponent(`mutation { ${name}(input: {}) { error { code } } }`)}`,
    ),
    "/logout",
    "/invite/accept",
    "/login/device",
  ]) {
    for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${server.key}` },
        redirect: "manual",
      });
      expect([path, method, response.status >= 400 && response.status < 500]).toEqual([path, method, true]);
    }
  }
  expect(await server.db.sql`select count(*) as runs from runs`).toEqual(before);
});

describe("requests have ids", () => {
  test("a fresh one each, a proxy's own only when the proxy is trusted", async () => {
    const idOf = async ({ url }: { url: string }, given?: string) =>
      (await fetch(`${url}/healthz`, { headers: given ? { "x-request-id": given } : {} })).headers.get(
        "x-request-id",
      );
    const ids = await Promise.all([idOf(server), idOf(server), idOf(server, "mine")]);
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain("mine");
    await withServer(
      async (behind) => {
        expect(await idOf(behind, "0af7651916cd43dd8448eb211c80319c")).toBe(
          "0af7651916cd43dd8448eb211c80319c",
        );
        expect(await idOf(behind, "two words")).toMatch(/^[\da-f-]{36}$/);
      },
      { BESOM_TRUSTED_PROXIES: "127.0.0.1" },
    );
  });

  test("a log line tells who asked for what from where, and not with which key", async () => {
    const lines: Record<string, unknown>[] = [];
    const log = {
      debug: () => {},
      info: (fields: object, message: string) => lines.push({ ...fields, message }),
      warn: () => {},
      error: () => {},
    };
    await withServer(async ({ databaseUrl, key }) => {
      const dataDir = mkdtempSync(join(tmpdir(), "besom-door-"));
      const env = { BESOM_DATA_DIR: dataDir, DATABASE_URL: databaseUrl, BESOM_TRUSTED_PROXIES: "127.0.0.1" };
      const second = await startServer({ env: { NODE_ENV: "test", ...env }, port: 0, next: false, log });
      const response = await fetch(`${second.url}/graphql?token=secret`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${key}`,
          "x-forwarded-for": "203.0.113.9",
        },
        body: '{"query":"{ __typename }"}',
      });
      await response.text();
      await second.close();
      rmSync(dataDir, { recursive: true });
      expect(lines.filter(({ message }) => message === "request")).toEqual([
        {
          message: "request",
          requestId: response.headers.get("x-request-id"),
          address: "203.0.113.9",
          method: "POST",
          path: "/graphql",
          status: 200,
          ms: expect.any(Number),
          caller: expect.stringMatching(/^key:\d+$/),
        },
      ]);
      expect(JSON.stringify(lines)).not.toContain("secret");
      expect(JSON.stringify(lines)).not.toContain(key);
    });
  });
});

async function addKey({ db }: TestServer): Promise<string> {
  const key = `besom-${"k".repeat(43)}`;
  await db.sql`
    insert into api_keys (user_id, name, prefix, hash) select id, 'k', 'besom-', sha256(${key}::text::bytea) from users`;
  return key;
}
