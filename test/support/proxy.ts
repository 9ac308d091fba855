import { createServer, type IncomingMessage, request } from "node:http";
import { type AddressInfo, connect } from "node:net";

export interface Proxy {
  readonly port: number;
  /** Paths that were asked for so far, as they came. */
  readonly paths: string[];
  /** Where the server behind it listens, once it is known. */
  forwardTo(port: number): void;
  close(): Promise<void>;
}

/** A small reverse proxy that shows one server below a path, and nothing anywhere else. */
export async function openProxy({ prefix, strip }: { prefix: string; strip: boolean }): Promise<Proxy> {
  const paths: string[] = [];
  let behind = 0;
  const toPath = ({ url = "/" }: IncomingMessage): string | undefined => {
    paths.push(url);
    if (url !== prefix && !url.startsWith(`${prefix}/`) && !url.startsWith(`${prefix}?`)) return undefined;
    return strip ? url.slice(prefix.length).replace(/^(?!\/)/, "/") : url;
  };
  const toHeaders = ({ headers, socket }: IncomingMessage) => ({
    ...headers,
    "x-forwarded-for": socket.remoteAddress,
  });

  const server = createServer((incoming, outgoing) => {
    const path = toPath(incoming);
    if (path === undefined) return void outgoing.writeHead(404).end("not below the prefix");
    const passed = request(
      { port: behind, host: "127.0.0.1", path, method: incoming.method, headers: toHeaders(incoming) },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  server.on("upgrade", (incoming, socket, head) => {
    const path = toPath(incoming);
    if (path === undefined) return void socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
    const upstream = connect(behind, "127.0.0.1", () => {
      const headers = Object.entries(toHeaders(incoming)).map(([name, value]) => `${name}: ${value}`);
      upstream.write(`GET ${path} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    paths,
    forwardTo(port) {
      behind = port;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
