import { expect, test } from "vitest";
import { openClient } from "@/client/client";
import { CheckKey, LeaveAgent } from "@/graphql/operations";
import { type Reply, waitFor, withRecorder } from "../support/recorder";

const LEFT: Reply = { data: { leaveAgent: { error: null } } };
const input = { agentId: "7" };

function withClient<T>(url: string, body: (client: ReturnType<typeof openClient>) => Promise<T>): Promise<T> {
  const client = openClient({ url, key: "besom-secret" });
  return body(client).finally(() => client.close());
}

const refusal = (code: string): Reply => ({
  data: { leaveAgent: { error: { code, message: `because ${code}`, details: { at: 1 } } } },
});
const graphqlError = (code: string, status = 200): Reply => ({
  status,
  body: JSON.stringify({ errors: [{ message: `because ${code}`, extensions: { code } }] }),
});

test("a mutation gives its payload, and the key goes along as a bearer token", async () => {
  await withRecorder(
    () => LEFT,
    (recorder) =>
      withClient(recorder.url, async (client) => {
        expect(await client.mutate(LeaveAgent, { input })).toEqual({ error: null });
        expect(recorder.requests).toEqual([
          { name: "LeaveAgent", byText: false, input, authorization: "Bearer besom-secret" },
        ]);
      }),
  );
});

test.each<[string, Reply]>([
  ["a dropped connection", "drop"],
  ["HTTP 502 from a proxy", { status: 502, body: "<html>bad gateway</html>" }],
  ["UNAVAILABLE in a payload", refusal("UNAVAILABLE")],
  ["a database that is away", graphqlError("DATABASE_UNREACHABLE", 503)],
  ["an operation that took too long", graphqlError("TIMED_OUT", 504)],
  ["a surprise inside the server", graphqlError("INTERNAL", 500)],
  [
    "a rate limit",
    {
      status: 429,
      body: JSON.stringify({ errors: [{ message: "slow", extensions: { code: "RATE_LIMITED" } }] }),
    },
  ],
])("%s is tried again until it is answered", async (_, trouble) => {
  await withRecorder(
    (_request, index) => (index < 3 ? trouble : LEFT),
    (recorder) =>
      withClient(recorder.url, async (client) => {
        const troubles: number[] = [];
        await client.mutate(
          LeaveAgent,
          { input },
          { onTrouble: (_error, attempt) => troubles.push(attempt) },
        );
        expect(troubles).toEqual([1, 2, 3]);
        expect(recorder.requests.length).toBe(4);
      }),
  );
});

test.each<[string, Reply, string]>([
  ["an expected failure", refusal("STALE_ATTEMPT"), "STALE_ATTEMPT"],
  ["a wrong key", graphqlError("UNAUTHENTICATED", 401), "UNAUTHENTICATED"],
  ["a bad request", graphqlError("BAD_INPUT", 400), "BAD_INPUT"],
  ["a page that is no Besom server", { status: 404, body: "<html>not found</html>" }, "BAD_USAGE"],
  ["a code of a newer server", graphqlError("INVENTED_LATER"), "BAD_INPUT"],
])("%s is thrown at once, not repeated", async (_, reply, code) => {
  await withRecorder(
    () => reply,
    (recorder) =>
      withClient(recorder.url, async (client) => {
        await expect(client.mutate(LeaveAgent, { input })).rejects.toMatchObject({ code });
        expect(recorder.requests.length).toBe(1);
      }),
  );
});

test("a server that is out of reach is an error with the address and the way out, after the patience given", async () => {
  await withRecorder(
    () => LEFT,
    async (recorder) => {
      const { url } = recorder;
      await recorder.stop();
      const startMs = performance.now();
      await withClient(url, (client) =>
        expect(client.query(CheckKey, {}, { patienceMs: 500 })).rejects.toMatchObject({
          code: "SERVER_UNREACHABLE",
          message: `can't reach the Besom server at ${url} (connection refused); start one with \`npx besom up\`, or set BESOM_URL to the address of yours`,
        }),
      );
      expect(performance.now() - startMs).toBeLessThan(1_500);
    },
  );
});

test("a server that comes back on the same address gets what was waiting", async () => {
  await withRecorder(
    () => LEFT,
    (recorder) =>
      withClient(recorder.url, async (client) => {
        await client.mutate(LeaveAgent, { input });
        await recorder.stop();
        let troubles = 0;
        const answer = client.mutate(
          LeaveAgent,
          { input },
          { patienceMs: 60_000, onTrouble: () => troubles++ },
        );
        await waitFor("two tries in vain", () => troubles >= 2);
        await recorder.start();
        await answer;
        expect(recorder.requests.length).toBe(2);
      }),
  );
});

test("a server that never answers is given up after the time of one request", async () => {
  await withRecorder(
    () => "hang",
    (recorder) =>
      withClient(recorder.url, (client) =>
        expect(client.query(CheckKey, {}, { patienceMs: 200 })).rejects.toMatchObject({
          code: "SERVER_UNREACHABLE",
        }),
      ),
  );
});

test("an abort ends the try under way", async () => {
  const patience = new AbortController();
  await withRecorder(
    () => "hang",
    (recorder) =>
      withClient(recorder.url, async (client) => {
        const answer = client.query(
          CheckKey,
          {},
          { patienceMs: Number.POSITIVE_INFINITY, signal: patience.signal },
        );
        await waitFor("the request", () => recorder.requests.length === 1);
        patience.abort();
        await expect(answer).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
      }),
  );
});

test("an address that is none is a mistake of usage", () => {
  expect(() => openClient({ url: "localhost:3000" })).toThrow(/must look like http:\/\/host:3000/);
});

test("a server that does not know our document is sent its text, once and for all", async () => {
  const missing = {
    status: 400,
    headers: { "content-type": "application/json" },
    body: '{"errors":[{"message":"unknown document","extensions":{"code":"PERSISTED_DOCUMENT_NOT_FOUND"}}]}',
  };
  await withRecorder(
    (_request, index) => (index === 0 ? missing : LEFT),
    (recorder) =>
      withClient(recorder.url, async (client) => {
        await client.mutate(LeaveAgent, { input });
        await client.mutate(LeaveAgent, { input });
        expect(recorder.requests.map(({ byText }) => byText)).toEqual([false, true, true]);
      }),
  );
});
