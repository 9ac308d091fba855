import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { Strangers } from "@/graphql/strangers";
import { ask, openSocket, sharedServer, subscribe, type TestServer } from "../support/server";
import { createSweep } from "../support/sweeps";

const started = sharedServer();
let server: TestServer;
beforeAll(() => {
  server = started();
});

const open = async (headers: Record<string, string> = {}) => {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
    headers,
  });
  await once(socket, "open");
  return socket;
};
const codeAfter = async (socket: WebSocket, send: (socket: WebSocket) => void) => {
  socket.on("error", () => {});
  const closed = once(socket, "close") as Promise<[number]>;
  send(socket);
  return (await closed)[0];
};
const init = (payload: object) => JSON.stringify({ type: "connection_init", payload });

describe("a socket that has not said who it is", () => {
  test("is cut off after 16 kB, in one message or many, also before a frame is complete", async () => {
    const large = Buffer.alloc(1 << 20, "x");
    expect(await codeAfter(await open(), (socket) => socket.send(large))).toBe(1009);
    expect(
      await codeAfter(await open(), (socket) => socket.send(init({ padding: "x".repeat(20_000) }))),
    ).toBe(1009);
    const pings = (socket: WebSocket) => {
      for (let i = 0; i < 200; i++)
        socket.send(JSON.stringify({ type: "ping", payload: { x: "x".repeat(90) } }));
    };
    expect(await codeAfter(await open(), pings)).toBe(1009);
  });

  test("sends what it likes once it was acknowledged, or came with a header", async () => {
    const query = `{ viewer { name } } # ${"x".repeat(40_000)}`;
    const answer = async (headers: Record<string, string>, payload: object) => {
      const socket = await open(headers);
      const next = new Promise<string>((resolve) => {
        socket.on("message", (data) => {
          const message = JSON.parse(String(data)) as { type: string };
          if (message.type === "connection_ack")
            socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
          else if (message.type === "next") resolve(message.type);
        });
        socket.once("close", (code) => resolve(String(code)));
      });
      socket.send(init(payload));
      const type = await next;
      socket.terminate();
      return type;
    };
    const authorization = `Bearer ${server.key}`;
    expect(await answer({}, { authorization })).toBe("next");
    expect(await answer({ authorization }, { padding: "x".repeat(20_000) })).toBe("next");
    expect(await answer({ authorization: "Bearer besom-no" }, { authorization })).toBe("next");
  });

  test("finds no place when fifty of its address wait, until they leave; known callers get in", async () => {
    const { hostname, port } = new URL(server.url);
    const knock = (headers = "") =>
      new Promise<{ status: string; socket: Socket }>((resolve) => {
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${"x".repeat(22)}==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n${headers}\r\n`,
          ),
        );
        socket.once("data", (data) => resolve({ status: String(data).slice(9, 12), socket }));
      });
    const waiting = await Promise.all(Array.from({ length: 60 }, () => knock()));
    const known = await Promise.all(
      Array.from({ length: 10 }, () => knock(`Authorization: Bearer ${server.key}\r\n`)),
    );
    const statuses = waiting.map(({ status }) => status);
    expect(known.map(({ status }) => status)).toEqual(Array(10).fill("101"));
    expect([statuses.filter((s) => s === "101").length, statuses.filter((s) => s === "503").length]).toEqual([
      50, 10,
    ]);
    for (const { socket } of [...known, ...waiting]) socket.destroy();
    for (;;) {
      const { status, socket } = await knock();
      socket.destroy();
      if (status === "101") break;
    }
    const client = openSocket(server);
    const sweepId = await createSweep(server);
    const sweep = subscribe(client, `subscription { sweepChanged(sweepId: "${sweepId}") { id } }`);
    expect(await sweep.next()).toEqual({ sweepChanged: { id: sweepId } });
    await client.dispose();
    expect(await ask(server, "{ viewer { admin } }")).toEqual({ viewer: { admin: true } });
  });
});

test("places are counted by address and given back once", () => {
  const strangers = new Strangers();
  const places = Array.from({ length: 50 }, () => strangers.admit("a"));
  expect([places.every(Boolean), strangers.admit("a")]).toEqual([true, undefined]);
  places[0]?.();
  places[0]?.();
  expect([strangers.admit("a") !== undefined, strangers.admit("a")]).toEqual([true, undefined]);
  for (let i = 0; i < 9; i++) for (let j = 0; j < 50; j++) strangers.admit(`b${i}`);
  expect(strangers.admit("c")).toBeUndefined();
});
