import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { Agent, request } from "undici";
import { expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { createDatabase } from "../support/database";
import { hostileBodies } from "../support/hostile";
import { ask } from "../support/server";
import { type ServerProcess, startServerProcess } from "../support/server-process";
import { withRuns } from "../support/sweeps";

const COUNT = Number(process.env.BESOM_HOSTILE ?? 10_000);
const SEED = Number(process.env.BESOM_SEED ?? Math.floor(Math.random() * 2 ** 31));
const CALLERS = 8;
/** A server at rest has some 250 MB; its heap may grow by what 8 callers' bodies and parsed documents take. */
const MAX_RSS_MB = 1_200;

interface Told {
  data?: unknown;
  errors?: { message: string; extensions: { code: string } }[];
}

test(`${COUNT} hostile documents end in data or in a clear error, and leave the server as it was (seed ${SEED})`, async () => {
  await withProcess(async (server, key) => {
    const { claims, sweepId } = await withRuns({ url: server.url, key }, 3);
    const known = { ids: [sweepId, ...claims.map(({ runId }) => runId)], names: ["test", "local"] };
    const bodies = hostileBodies(schema, known, SEED);
    const dispatcher = new Agent({ connections: CALLERS });
    const statuses = new Map<number, number>();
    const slowest = new Map<string, number>();
    const wrong: unknown[] = [];
    let left = COUNT;
    let peakMb = 0;

    const call = async () => {
      while (left-- > 0) {
        const { value } = bodies.next();
        if (!value) return;
        const startedAt = performance.now();
        const { statusCode, body } = await request(`${server.url}/graphql`, {
          method: "POST",
          dispatcher,
          headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
          body: value.body,
        });
        const text = await body.text();
        slowest.set(value.kind, Math.max(slowest.get(value.kind) ?? 0, performance.now() - startedAt));
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        const told = parse(text);
        const clear =
          statusCode < 500 &&
          told !== undefined &&
          !text.includes('"INTERNAL"') &&
          (told.data !== undefined || (told.errors?.length ?? 0) > 0) &&
          (told.errors ?? []).every(({ message, extensions }) => message !== "" && extensions.code !== "");
        if (!clear)
          wrong.push({
            kind: value.kind,
            body: value.body.toString().slice(0, 2_000),
            statusCode,
            text: text.slice(0, 500),
          });
        peakMb = Math.max(peakMb, rssMb(server));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, call));
    await dispatcher.close();

    const dearest = [...slowest].sort((a, b) => b[1] - a[1]).slice(0, 4);
    console.log(
      `seed ${SEED}: statuses ${JSON.stringify(Object.fromEntries(statuses))}, peak ${Math.round(peakMb)} MB, slowest ${dearest.map(([kind, ms]) => `${kind} ${Math.round(ms)} ms`).join(", ")}`,
    );
    expect(wrong.slice(0, 5), `${wrong.length} answers, seed ${SEED}`).toEqual([]);
    expect(peakMb).toBeLessThan(MAX_RSS_MB);
    // What it does for a living it does on.
    const again = await withRuns({ url: server.url, key }, 3);
    expect(again.claims.length).toBe(3);
    expect(server.output()).not.toContain("unexpected error");
  });
}, 600_000);

test("whoever sends a head or a body too slowly loses the connection", async () => {
  await withProcess(async ({ url }, key) => {
    const { hostname, port } = new URL(url);
    const answerTo = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), hostname, () => socket.write(text));
        let said = "";
        socket.on("data", (data) => {
          said += data;
        });
        socket.on("close", () => resolve(said));
        socket.on("error", reject);
      });
    const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n`;
    expect(await answerTo(head)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await answerTo(`${head}content-length: 100\r\n\r\n{`)).toMatch(/^(HTTP\/1\.1 408 |$)/);
  });
}, 300_000);

test("bodies of ten megabytes, many at once, are answered within bounded memory", async () => {
  await withProcess(async (server, key) => {
    const bodies = [
      JSON.stringify({ query: "{ __typename }", variables: { a: "x".repeat(10_000_000) } }),
      `{"query":"{ __typename }","variables":{"a":[${"1,".repeat(5_000_000)}1]}}`,
      `{"query":"{ __typename }","variables":{"a":[${"{},".repeat(3_000_000)}1]}}`,
      "[".repeat(10_000_000),
    ];
    let peakMb = 0;
    for (let round = 0; round < 5; round++) {
      const codes = await Promise.all(
        bodies.map(async (body) => {
          const { statusCode, body: answer } = await request(`${server.url}/graphql`, {
            method: "POST",
            headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
            body,
          });
          await answer.dump();
          peakMb = Math.max(peakMb, rssMb(server));
          return statusCode;
        }),
      );
      expect(codes).toEqual([200, 200, 413, 413]);
    }
    console.log(`peak ${Math.round(peakMb)} MB`);
    expect(peakMb).toBeLessThan(MAX_RSS_MB);
    expect(await ask({ url: server.url, key }, "{ __typename }")).toEqual({ __typename: "Query" });
  });
}, 300_000);

async function withProcess(body: (server: ServerProcess, key: string) => Promise<void>): Promise<void> {
  const database = await createDatabase();
  try {
    const server = await startServerProcess({
      env: { DATABASE_URL: database.url, BESOM_RATE_LIMIT: "0", BESOM_LOG_LEVEL: "error" },
    });
    try {
      const { key } = JSON.parse(readFileSync(join(server.dataDir, "credentials.json"), "utf8")) as {
        key: string;
      };
      await body(server, key);
    } finally {
      await server.stop();
    }
  } finally {
    await database.drop();
  }
}

function parse(text: string): Told | undefined {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return undefined;
  }
}

const rssMb = ({ process: { pid } }: ServerProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
