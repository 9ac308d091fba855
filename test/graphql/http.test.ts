import { connect } from "node:net";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, send, sharedServer, type TestServer, withServer } from "../support/server";
import { cookieOf, openLink } from "../support/sign-in";
import { createSweep, withRuns } from "../support/sweeps";

const raw = (
  server: TestServer,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) =>
  fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.key}`, ...headers },
    body,
  });
const codeOf = async (response: Response) =>
  ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code;

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

describe("who may ask", () => {
  test("a key as Bearer or Basic, a session cookie from our own pages, nobody else", async () => {
    const query = "{ viewer { name } }";
    const status = async (headers: Record<string, string>) =>
      (await send({ url: server.url }, query, undefined, headers)).status;
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
    const cookie = await signIn(server);
    const own = { cookie, origin: server.url };
    expect({
      nobody: await status({}),
      bearer: await status({ authorization: `Bearer ${server.key}` }),
      lowercase: await status({ authorization: `bearer ${server.key}` }),
      basic: await status(basic(`api:${server.key}`)),
      basicWrong: await status(basic("api:besom-no")),
      unknownKey: await status({ authorization: `Bearer besom-${"x".repeat(43)}` }),
      scheme: await status({ authorization: "Digest x" }),
      cookieOwn: await status(own),
      cookieFetchMetadata: await status({ cookie, "sec-fetch-site": "same-origin" }),
      cookieForeign: await status({ cookie, origin: "https://evil.example" }),
      cookieSandboxed: await status({ cookie, origin: "null" }),
      cookieAlone: await status({ cookie }),
      cookieUnknown: await status({
        cookie: `besom_session_${new URL(server.url).port}=nothing`,
        origin: server.url,
      }),
      // A header wins: with a wrong key the cookie doesn't help.
      both: await status({ ...own, authorization: "Bearer besom-no" }),
    }).toEqual({
      nobody: 401,
      bearer: 200,
      lowercase: 200,
      basic: 200,
      basicWrong: 401,
      unknownKey: 401,
      scheme: 401,
      cookieOwn: 200,
      cookieFetchMetadata: 200,
      cookieForeign: 403,
      cookieSandboxed: 403,
      cookieAlone: 403,
      cookieUnknown: 401,
      both: 401,
    });
  });

  test("a form of another site can't send an operation", async () => {
    const cookie = await signIn(server);
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const response = await raw(server, '{"query":"{ viewer { name } }"}', {
        "content-type": type,
        cookie,
      });
      expect(response.status, type).toBe(400);
    }
  });

  test("a login link works once and leads to the start page, whatever is added to it", async () => {
    const link = await freshLink(server);
    // A preview of the link, or a server on the way, sees no token and uses nothing up.
    expect(new URL(link).search).toBe("");
    await fetch(link, { redirect: "manual" });
    const first = await openLink(`${link}&next=${encodeURIComponent("//evil.example/\u{1F9F9}")}`);
    expect([first.status, await first.json()]).toEqual([200, { url: `${server.url}/` }]);
    expect(first.headers.get("set-cookie")).toMatch(
      /^besom_session_\d+=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Expires=/,
    );
    expect((await openLink(link)).status).toBe(401);
  });

  test("a login link asked for twice under one id is the same link; only the newest twenty work", async () => {
    const again = () =>
      ask<{ createLoginLink: { url: string; clientMutationId: string } }>(
        server,
        'mutation { createLoginLink(input: {clientMutationId: "link"}) { url clientMutationId } }',
      );
    const [first, second] = await Promise.all([again(), again()]);
    expect(first).toEqual(second);
    expect(first.createLoginLink.clientMutationId).toBe("link");
    for (let i = 0; i < 20; i++) await freshLink(server);
    expect(await server.db.sql`select from login_links`).toHaveLength(20);
    expect((await openLink(first.createLoginLink.url)).status).toBe(401);

    // A session has no key of its own to make the link from again: the second answer has none.
    const cookie = await signIn(server);
    const bySession = () =>
      send<{ createLoginLink: { url: string | null } }>(
        { url: server.url },
        'mutation { createLoginLink(input: {clientMutationId: "link"}) { url } }',
        undefined,
        { cookie, origin: server.url },
      );
    expect((await bySession()).data.createLoginLink.url).toContain("/login#token=");
    expect((await bySession()).data.createLoginLink.url).toBeNull();
  });

  test("what another user made looks unknown", async () => {
    const { sweepId, claims } = await withRuns(server, 1);
    const key = await addUser(server, "stranger");
    const stranger = { url: server.url, key };
    const seen = await ask<Record<string, unknown>>(
      stranger,
      `query($run: ID!) { sweep(id: "${sweepId}") { id } run(id: $run) { id } projects { totalCount nodes { id } } }`,
      { run: claims[0]?.runId },
    );
    expect(seen).toEqual({ sweep: null, run: null, projects: { totalCount: 0, nodes: [] } });
    const { pauseSweep } = await ask<{ pauseSweep: { error: { code: string } } }>(
      stranger,
      `mutation { pauseSweep(input: {sweepId: "${sweepId}"}) { error { code } } }`,
    );
    expect(pauseSweep.error.code).toBe("NOT_FOUND");
  });
});

describe("what is refused", () => {
  test("bodies that are too large, announced or not, without reading them to the end", async () => {
    const large = new Uint8Array(17 * 1024 * 1024).fill(32);
    expect(await raw(server, large).then((response) => response.status)).toBe(413);
    const streamed = await streamForever(server);
    expect(streamed).toMatch(/^HTTP\/1\.1 413 /);
    expect((await ask<{ viewer: object }>(server, "{ viewer { name } }")).viewer).toBeTruthy();
  });

  test("a stranger's body is not read at all", async () => {
    const response = await raw(server, new Uint8Array(1024), { authorization: "Bearer besom-no" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("bodies that are no operation", async () => {
    for (const body of [
      "",
      "{",
      "[]",
      "null",
      "1",
      '"x"',
      "{}",
      '{"query": 1}',
      '{"query": ""}',
      '{"query":"{"}',
      '{"query":"{a}","variables":"x"}',
    ]) {
      const response = await raw(server, body);
      expect([body, response.status]).toEqual([body, 400]);
      expect(await codeOf(response)).toBe("BAD_INPUT");
    }
    const get = await fetch(`${server.url}/graphql?query={viewer{name}}`, {
      headers: { authorization: `Bearer ${server.key}` },
    });
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("any bytes get an answer in JSON, and the server goes on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
          fc.string().map((query) => Buffer.from(JSON.stringify({ query }))),
        ),
        async (bytes) => {
          const response = await raw(server, new Uint8Array(bytes));
          expect(response.status).toBe(400);
          expect(await codeOf(response)).toBe("BAD_INPUT");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("queries that are too deep, too wide, too dear or too long, in little time", async () => {
    const nest = (depth: number) =>
      `{ sweep(id: "aaaaaaaa") ${"{ bestRun { sweep ".repeat(depth)}{ id }${" } }".repeat(depth)} }`;
    const bomb = `{ projects { nodes { ...A0 } } } ${Array.from({ length: 40 }, (_, i) => `fragment A${i} on Project { ${i < 39 ? `...A${i + 1} ...A${i + 1}` : "id"} }`).join(" ")}`;
    const hostile: Record<string, string> = {
      deep: nest(20),
      wide: `{ ${Array.from({ length: 30 }, (_, i) => `a${i}: viewer { name }`).join(" ")} }`,
      aliases: `{ viewer { ${Array.from({ length: 100 }, (_, i) => `a${i}: name`).join(" ")} } }`,
      dear: "{ projects(first: 1000) { nodes { sweeps(first: 1000) { nodes { runs(first: 1000) { nodes { id } } } } } } }",
      variable:
        "query($n: Int) { projects(first: $n) { nodes { sweeps(first: $n) { nodes { id name } } } } }",
      fragments: bomb,
      long: `{ viewer { name } } # ${"x".repeat(70_000)}`,
      tokens: `{ viewer { ${"name ".repeat(5_000)} } }`,
    };
    for (const [name, query] of Object.entries(hostile)) {
      const startedAt = performance.now();
      const { status, errors } = await send(server, query);
      expect([name, status, performance.now() - startedAt < 1_000]).toEqual([name, 400, true]);
      if (name !== "tokens") expect([name, errors?.[0]?.extensions.code]).toEqual([name, "QUERY_TOO_LARGE"]);
    }
    // Circles of fragments are graphql's own rule, and must end for ours too.
    expect(
      (await send(server, "{ viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }"))
        .status,
    ).toBe(400);
    expect((await send(server, nest(5))).status).toBe(200);
  });

  test("an empty operationName means the only operation", async () => {
    const response = await raw(
      server,
      JSON.stringify({ query: "query A { viewer { admin } }", operationName: "", variables: null }),
    );
    expect(await response.json()).toEqual({ data: { viewer: { admin: true } } });
  });

  test("pages of lists longer than a thousand, and cursors of another list", async () => {
    const sweepId = await createSweep(server);
    for (const args of ["first: 1001", "first: -1", 'after: "!"', 'after: "WyJ4Il0"']) {
      const { errors } = await send(server, `{ sweep(id: "${sweepId}") { runs(${args}) { nodes { id } } } }`);
      expect([args, errors?.[0]?.extensions.code]).toEqual([args, "BAD_INPUT"]);
    }
  });
});

describe("what goes wrong inside", () => {
  test("is masked, with an id that the log has", async () => {
    await withServer(async (server) => {
      const sweepId = await createSweep(server);
      await server.db.sql`alter table attempts rename to attempts_away`;
      const { errors } = await send(server, `{ sweep(id: "${sweepId}") { agents { id } } }`);
      const [error] = errors ?? [];
      expect(error?.extensions.code).toBe("INTERNAL");
      expect(JSON.stringify(errors)).not.toMatch(/relation|attempts|select/);
      // Background work misses the table too, and may say so first.
      const logged = server.errors.splice(0).find(({ fields }) => fields.errorId !== undefined);
      expect(logged?.fields.errorId).toBe(error?.extensions.details?.errorId);
      expect(String(logged?.fields.err)).toContain("attempts");
    });
  });

  test("is masked in a mutation too: no payload pretends that nothing happened", async () => {
    await withServer(async (server) => {
      await server.db.sql`alter table sweeps rename to sweeps_away`;
      const { errors } = await send(
        server,
        'mutation { createSweep(input: {source: "method: grid\\nparameters: {x: {value: 1}}"}) { error { code } } }',
      );
      expect(errors?.[0]?.extensions.code).toBe("INTERNAL");
      expect(server.errors.splice(0).length).toBeGreaterThan(0);
    });
  });
});

async function signIn(server: TestServer): Promise<string> {
  return cookieOf(await openLink(await freshLink(server)));
}

async function freshLink(server: TestServer): Promise<string> {
  const { createLoginLink } = await ask<{ createLoginLink: { url: string } }>(
    server,
    "mutation { createLoginLink(input: {}) { url } }",
  );
  return createLoginLink.url;
}

async function addUser({ db }: TestServer, name: string): Promise<string> {
  const key = `besom-${name.padEnd(43, "0")}`;
  await db.sql`
    with entity as (insert into entities (name, kind) values (${name}, 'user') returning id),
    made as (insert into users (entity_id) select id from entity returning id)
    insert into api_keys (user_id, name, prefix, hash) select id, 'k', 'besom-', sha256(${key}::text::bytea) from made`;
  return key;
}

/** Sends chunks until the server answers. */
function streamForever({ url, key }: TestServer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
      const pump = () => {
        while (!socket.destroyed && socket.write(chunk)) {}
        if (!socket.destroyed) socket.once("drain", pump);
      };
      pump();
    });
    socket.once("data", (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ECONNRESET" ? undefined : reject(error),
    );
  });
}
