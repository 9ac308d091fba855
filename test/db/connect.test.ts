import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { AppError } from "@/core/errors";
import { checkUrl, connect, describeUrl } from "@/db/connect";
import { migrate } from "@/db/migrate";
import { withDatabase } from "../support/database";

const SECRET = "s3cr3t-Pa55";
let dataDir: string;

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "besom-connect-"));
});

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

test("DATABASE_URL decides: with it the server that it names", () =>
  withDatabase(async (_, url) => {
    const { db, kind, place, version, close } = await connect({ env: { ...process.env, DATABASE_URL: url } });
    expect(kind).toBe("external");
    expect(place).toContain(new URL(url).pathname.slice(1));
    expect(Number(version.split(".")[0])).toBeGreaterThanOrEqual(15);
    expect(await db.sql`select count(*) as n from runs`).toEqual([{ n: 0 }]);
    await close();
  }));

test("without DATABASE_URL the data folder's own, which a tool may share while a server has it", async () => {
  const env = { ...process.env, DATABASE_URL: undefined, BESOM_DATA_DIR: dataDir };
  const server = await connect({ env });
  onTestFinished(server.close);
  expect(server).toMatchObject({ kind: "embedded", place: dataDir });
  await migrate(server.db);

  await expect(connect({ env })).rejects.toMatchObject({ code: "DATA_DIR_IN_USE" });
  const tool = await connect({ env, attach: true, max: 1 });
  expect(await tool.db.sql`select count(*) as n from sweeps`).toEqual([{ n: 0 }]);
  await tool.close();
  // The tool's end is not the database's.
  expect(await server.db.sql`select 1 as one`).toEqual([{ one: 1 }]);
});

test.each([
  ["no scheme", "localhost/besom", "no scheme"],
  ["another database's scheme", `mysql://u:${SECRET}@h/d`, 'begins with "mysql:"'],
  ["a port that is no number", `postgres://u:${SECRET}@h:54x/d`, "can't be read"],
  ["no host", `postgres://u:${SECRET}@/d`, "names no host"],
  ["no database", `postgres://u:${SECRET}@h:5432`, "names no database"],
  ["a slash in the password", `postgres://u:12/${SECRET}@h/d`, "not written as %2F"],
  ["an at sign in the password", `postgres://u:a@${SECRET}@h/d`, "not written as %2F"],
  ["a hash in the password", `postgres://u:1#${SECRET}@h/d`, "not written as %2F"],
  ["a percent sign in the password", `postgres://u:%${SECRET}@h/d`, "hexadecimal"],
])("a URL with %s is refused, with what is wrong and without the password", async (_, url, what) => {
  const error = await connect({ env: { ...process.env, DATABASE_URL: url } }).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: "DATABASE_URL_INVALID", message: expect.stringContaining(what) });
  expect(everythingIn(error)).not.toContain(SECRET);
});

test("DATABASE_DIRECT_URL is checked as well, under its own name", async () => {
  const env = { ...process.env, DATABASE_URL: "postgres://u@127.0.0.1/d", DATABASE_DIRECT_URL: "nonsense" };
  await expect(connect({ env })).rejects.toMatchObject({
    message: expect.stringMatching(/^DATABASE_DIRECT_URL /),
  });
});

test("usual URLs pass, and what is said of them never holds the password", () => {
  expect(describeUrl(checkUrl(`postgres://ada:${SECRET}@db.example:6432/besom?sslmode=require`, "X"))).toBe(
    "ada@db.example:6432/besom",
  );
  expect(describeUrl(checkUrl("postgresql://[::1]:5432/besom", "X"))).toBe("[::1]:5432/besom");
  expect(checkUrl("postgres://a:5432,b:5433/besom", "X")).toContain("a:5432,b:5433");
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 20 }), fc.boolean(), (random, encoded) => {
      const password = `${SECRET}${random}`;
      const url = `postgres://ada:${encoded ? encodeURIComponent(password) : password}@h/besom`;
      try {
        expect(describeUrl(checkUrl(url, "X"))).not.toContain(SECRET);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        expect(error.message).not.toContain(SECRET);
        expect(encoded).toBe(false);
      }
    }),
  );
});

test("a server that does not answer is named, with the way out and without the password", async () => {
  const error = await failure(`postgres://ada:${SECRET}@127.0.0.1:1/besom`);
  expect(error).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringMatching(/ada@127\.0\.0\.1:1\/besom.*nothing listens there/),
  });
  expect(everythingIn(error)).not.toContain(SECRET);
});

test("a database that does not exist is told from a server that does not answer", () =>
  withDatabase(async (_, url) => {
    const missing = new URL(url);
    missing.pathname = "/besom_missing";
    await expect(connect({ env: { ...process.env, DATABASE_URL: missing.href } })).rejects.toMatchObject({
      code: "DATABASE_UNREACHABLE",
      message: expect.stringContaining("does not exist"),
    });
  }));

test("a database that comes up late is waited for", () =>
  withDatabase(async (_, url) => {
    const { hostname, port } = new URL(url);
    const late = await freePort();
    const env = { ...process.env, DATABASE_URL: Object.assign(new URL(url), { port: String(late) }).href };
    const said: string[] = [];
    const connecting = connect({ env, log: (message) => said.push(message) });
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    onTestFinished(await forward(late, hostname, Number(port)));
    const { close } = await connecting;
    await close();
    expect(said).toEqual([expect.stringContaining("waiting for the database")]);
  }));

test("a PostgreSQL older than 15 is refused by its version", async () => {
  const port = await freePort();
  onTestFinished(await oldPostgres(port));
  await expect(failure(`postgres://ada@127.0.0.1:${port}/besom`)).resolves.toMatchObject({
    code: "DATABASE_TOO_OLD",
    message: expect.stringContaining("PostgreSQL 14.9"),
  });
});

const failure = (url: string): Promise<unknown> =>
  connect({ env: { ...process.env, DATABASE_URL: url }, patienceMs: 0 }).then(
    () => "connected",
    (error) => error,
  );

/** What a log could ever show of an error: its words, its stack, its facts, and those of its causes. */
function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? "";
  const facts = Object.getOwnPropertyNames(error).map((name) => error[name as keyof Error]);
  return facts
    .map((fact) => (fact instanceof Error ? everythingIn(fact) : (JSON.stringify(fact) ?? "")))
    .join("\n");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Passes connections on, as a database that has just come up. */
async function forward(from: number, host: string, to: number): Promise<() => void> {
  const { connect: open } = await import("node:net");
  const server = createServer((client) => {
    const upstream = open(to, host);
    client.pipe(upstream).pipe(client);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(from, "127.0.0.1", resolve));
  return () => void server.close();
}

/** As much of the protocol as asking for the version takes: an old server is not to be had as a package. */
async function oldPostgres(port: number): Promise<() => void> {
  const message = (kind: string, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const head = Buffer.alloc(5);
    head.write(kind, 0);
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const int16 = (n: number) => Buffer.from([n >> 8, n & 255]);
  const int32 = (n: number) => Buffer.from([n >> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  const ready = message("Z", Buffer.from("I"));
  const columns = ["number", "text"].map((name) =>
    Buffer.concat([Buffer.from(`${name}\0`), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
  );
  const cells = ["140009", "14.9"].map((cell) => Buffer.concat([int32(cell.length), Buffer.from(cell)]));
  const answer = Buffer.concat([
    message("1"),
    message("t", int16(0)),
    message("T", int16(2), ...columns),
    message("2"),
    message("D", int16(2), ...cells),
    message("C", Buffer.from("SELECT 1\0")),
    ready,
  ]);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", int32(0)), ready]));
      socket.on("data", (bytes) => {
        if (bytes.includes("pg_type") || bytes.includes("typarray")) {
          socket.write(
            Buffer.concat([
              message("1"),
              message("t", int16(0)),
              message("n"),
              message("2"),
              message("C", Buffer.from("SELECT 0\0")),
              ready,
            ]),
          );
        } else if (bytes.includes("server_version")) socket.write(answer);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return () => void server.close();
}
