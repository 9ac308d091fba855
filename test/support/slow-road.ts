import { createServer, connect as dial, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A way to a server that is long and narrow. */
export interface SlowRoad {
  readonly url: string;
  /** Bytes, both ways together. */
  readonly carried: () => number;
  readonly close: () => Promise<void>;
}

/**
 * @param target `http://host:port` of the server
 * @param delayMs that every piece is under way, each way
 * @param bytesPerSecond of one connection, each way
 */
export async function openSlowRoad(
  target: string,
  { delayMs, bytesPerSecond }: { delayMs: number; bytesPerSecond: number },
): Promise<SlowRoad> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let carried = 0;
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    try {
      for await (const piece of from) {
        const bytes = piece as Buffer;
        carried += bytes.length;
        await pause(delayMs + (bytes.length / bytesPerSecond) * 1_000);
        to.write(bytes);
      }
      to.end();
    } catch {
      to.destroy();
    }
  };
  const server = createServer((near) => {
    const far = dial(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    }
    void carry(near, far);
    void carry(far, near);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    carried: () => carried,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
