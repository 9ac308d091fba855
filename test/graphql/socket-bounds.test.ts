import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import WebSocket from "ws";
import { PauseSweep } from "@/graphql/operations";
import { textOf } from "@/graphql/operations/document";
import { openSocket, subscribe, type TestServer, withServer } from "../support/server";
import { createSweep } from "../support/sweeps";

interface Message {
  type: string;
  payload?: { data?: Record<string, unknown> };
}

/** A socket that has signed in, by hand: graphql-ws's client knows no bad manners. */
async function signIn({ url, key }: TestServer) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  const messages: Message[] = [];
  socket.on("message", (data) => messages.push(JSON.parse(String(data)) as Message));
  const say = (message: object) => socket.send(JSON.stringify(message));
  await once(socket, "open");
  say({ type: "connection_init", payload: { authorization: `Bearer ${key}` } });
  await once(socket, "message");
  messages.length = 0;
  return { socket, messages, say };
}

test("who asks and takes no answers is not listened to until it does", async () => {
  await withServer(async (server) => {
    const { socket, messages, say } = await signIn(server);
    socket.pause();
    const pings = 50;
    for (let i = 0; i < pings; i++) say({ type: "ping", payload: { i, text: "x".repeat(1_000_000) } });
    // Each is answered by its own megabyte: the kernel takes some 20 of them both ways, the rest stays where it comes from.
    let left = Number.POSITIVE_INFINITY;
    while (socket.bufferedAmount < left) {
      left = socket.bufferedAmount;
      await sleep(1_000);
    }
    expect(left).toBeGreaterThan(10e6);
    socket.resume();
    while (messages.length < pings) await once(socket, "message");
    expect(messages.map(({ payload }) => (payload as { i: number }).i)).toEqual(
      Array.from({ length: pings }, (_, i) => i),
    );
    socket.terminate();
  });
});

test("a subscription's id and variables, which the server holds as long as it lasts, are bounded", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server);
    const client = openSocket(server);
    const metrics = (keys: string[]) =>
      subscribe(
        client,
        "subscription($id: ID, $keys: [String!]) { metricsLogged(scope: {sweepId: $id}, keys: $keys) { cursor } }",
        { id: sweepId, keys },
      );
    await metrics(["loss"]).next();
    await expect(metrics(["x".repeat(70_000)]).next()).rejects.toThrow("INPUT_TOO_LARGE");
    await client.dispose();
  });
});

test("a server that stops answers what it was asked over a socket, begins nothing more, and says that it goes", async () => {
  await withServer(async (server) => {
    const sweepId = await createSweep(server);
    const otherId = await createSweep(server);
    const { socket, messages, say } = await signIn(server);
    const pause = (id: string) => {
      const payload = { query: textOf(PauseSweep), variables: { input: { sweepId: id } } };
      say({ id, type: "subscribe", payload });
    };
    const closed = once(socket, "close") as Promise<[number]>;
    let stopping: Promise<void> | undefined;
    await server.db.sql.begin(async (tx) => {
      await tx`select from sweeps where id = ${sweepId} for update`;
      pause(sweepId);
      await sleep(300);
      stopping = server.close();
      await sleep(300);
      pause(otherId);
      await sleep(300);
    });
    expect((await closed)[0]).toBe(1001);
    expect(messages.map(({ type }) => type)).toEqual(["next", "complete"]);
    expect(messages[0]?.payload?.data).toMatchObject({ control: { error: null } });
    await stopping;
    const states = await server.db.sql<{ state: string }[]>`
      select state from sweeps where id in (${sweepId}, ${otherId}) order by id = ${otherId}`;
    expect(states.map(({ state }) => state)).toEqual(["paused", "pending"]);
  });
});
