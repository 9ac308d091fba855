import { Agent, createServer, get, type IncomingMessage, request as send } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { waitFor } from "./recorder";

export interface Balancer {
  readonly url: string;
  /** Takes a server in, and waits until it is ready. */
  add(url: string): Promise<void>;
  remove(url: string): void;
}

const LOOK_EVERY_MS = 250;

/**
 * A load balancer as they all are: requests go round robin to the servers that /readyz says are ready, over connections
 * that are kept; WebSockets are passed through. It never sends a request twice.
 */
export async function withBalancer<T>(body: (balancer: Balancer) => Promise<T>): Promise<T> {
  const ready = new Map<string, boolean>();
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let turn = 0;
  const next = (): URL | undefined => {
    const up = [...ready].filter(([, isReady]) => isReady).map(([url]) => url);
    const url = up[turn++ % up.length];
    return url === undefined ? undefined : new URL(url);
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((request, response) => {
    const target = next();
    if (target === undefined) return void response.writeHead(502).end("no server is ready");
    const { method, url: path, headers } = request;
    const onward = send(
      { agent, host: target.hostname, port: target.port, method, path, headers },
      (answer: IncomingMessage) => {
        const { connection: _, ...rest } = answer.headers; // of this hop alone
        response.writeHead(answer.statusCode ?? 502, rest);
        answer.pipe(response);
      },
    );
    onward.on("error", (error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(String(error));
    });
    request.pipe(onward);
  });
  server.on("connection", keep);
  server.on("upgrade", (request, socket, head) => {
    const target = next();
    if (target === undefined) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const onward = connect(Number(target.port), target.hostname);
    keep(onward);
    const lines = request.rawHeaders.reduce(
      (text, part, i) => text + (i % 2 === 0 ? `${part}: ` : `${part}\r\n`),
      "",
    );
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
    onward.write(head);
    socket.pipe(onward).pipe(socket);
    socket.on("close", () => onward.destroy());
    onward.on("close", () => socket.destroy());
  });
  const look = (url: string) =>
    get(`${url}/readyz`, { agent: false }, (answer) => {
      answer.resume();
      if (ready.has(url)) ready.set(url, answer.statusCode === 200);
    }).on("error", () => {
      if (ready.has(url)) ready.set(url, false);
    });
  const looking = setInterval(() => {
    for (const url of ready.keys()) look(url);
  }, LOOK_EVERY_MS);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await body({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      async add(url) {
        ready.set(url, false);
        await waitFor(`${url} to be ready`, () => ready.get(url) === true);
      },
      remove: (url) => void ready.delete(url),
    });
  } finally {
    clearInterval(looking);
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
