import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { pino } from "pino";
import { AppError, isAppError } from "@/core/errors";
import { isSlug, RESERVED_ENTITY_NAMES } from "@/core/ids";
import type { Database } from "@/db/client";
import { connect } from "@/db/connect";
import { dataDir, makeDataDir } from "@/db/data-dir";
import { migrate } from "@/db/migrate";
import { readReserve } from "@/db/space";
import { openDownloads } from "@/downloads/serve";
import { startBackground } from "@/engine/background";
import type { Logger } from "@/engine/context";
import { ensureLocalAdmin } from "@/engine/local-admin";
import { readKeep } from "@/engine/retention";
import { createLoginLink } from "@/engine/sessions";
import { isUpload, openGateway } from "@/gateway/wandb/door";
import { readTrustedProxies } from "@/graphql/http/address";
import { arrive, logOf, receive } from "@/graphql/http/arrival";
import { readBody } from "@/graphql/http/body";
import { Farewell } from "@/graphql/http/farewell";
import { sendError } from "@/graphql/http/handler";
import { setPageHeaders, setSecurityHeaders } from "@/graphql/http/headers";
import { drain, isLoopback, listen, readDrainMs, toPort, toUrl } from "@/graphql/http/listen";
import { readOpenIdSettings } from "@/graphql/http/openid";
import { checkPublicUrl, isSecure, prefixOf } from "@/graphql/http/public-url";
import { readRate } from "@/graphql/http/rate-limit";
import { openSignIn } from "@/graphql/http/sign-in";
import { openStatus } from "@/graphql/http/status";
import { keepCredentials, loadCredentials, readTlsFiles } from "@/graphql/http/tls";
import { loginUrl } from "@/graphql/links";
import { publishSignInFacts } from "@/graphql/local";
import { openService, type Service } from "@/graphql/service";
import { openStore, readMaxFileBytes } from "@/store/open";

export interface ServerOptions {
  /** Read are DATABASE_URL, DATABASE_DIRECT_URL, BESOM_* and what decides the data folder. */
  env?: NodeJS.ProcessEnv;
  host?: string;
  /** 0 picks a free one. */
  port?: number;
  /** Where people reach this server when that is not http://HOST:PORT. */
  publicUrl?: string;
  /** The pages too; without them everything but the API is 404. */
  next?: boolean;
  /** Next's development mode. */
  dev?: boolean;
  log?: Logger;
  /** For people: progress at start. */
  say?: (line: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Of the local administrator; undefined when there is none. */
  readonly key: string | undefined;
  /** Signs a browser in, once. */
  readonly loginUrl: string | undefined;
  /** Where data lies, for people. */
  readonly place: string;
  /** What whoever starts it should know. */
  readonly notices: readonly string[];
  /** When pages can be opened. */
  readonly pagesReady: Promise<void>;
  /**
   * Lets requests under way be answered, then stops everything in reverse order.
   * @param drain answers on for BESOM_DRAIN_MS first, while /readyz already says that it goes
   */
  close(options?: { drain?: boolean }): Promise<void>;
}

/** How long requests under way may take when the server stops. */
const LAST_ANSWERS_MS = 5_000;
/** Load balancers look at /readyz every second or two. */
const DRAIN_MS = 5_000;
/** Readers are cancelled after 30 s; whatever else a request began ends by this. */
const STATEMENT_TIMEOUT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 120_000;
/** Each holds a file descriptor and some 20 kB. */
const MAX_CONNECTIONS = 10_000;
/** Who sends a head for longer than 10 s, or a whole request for longer than 2 min (16 MiB at 1 Mbit/s), holds a place for nothing. Files may take
 * hours: who sends one must not fall silent for a minute (gateway/wandb/bytes.ts). */
const PATIENCE = {
  keepAlive: true,
  noDelay: true,
  // Longer than balancers keep a connection for the next request (nginx and ALB: 60 s): if we end it first, that request may be lost.
  keepAliveTimeout: 75_000,
  headersTimeout: 10_000,
  requestTimeout: 0,
  connectionsCheckingInterval: 2_000,
} as const;

export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { env = process.env, next = true, dev = false, say = () => {} } = options;
  const log = options.log ?? pino({ level: env.BESOM_LOG_LEVEL ?? "warn" }, pino.destination(2));
  const host = options.host ?? (env.BESOM_HOST || "127.0.0.1");
  const proxies = readTrustedProxies(env.BESOM_TRUSTED_PROXIES);
  const rate = readRate(env.BESOM_RATE_LIMIT);
  const tls = readTlsFiles(env);
  const openId = readOpenIdSettings(env);
  const maxFileBytes = readMaxFileBytes(env.BESOM_FILES_MAX_BYTES);
  const opened: { name: string; close: () => unknown }[] = [];
  let open: Open | undefined;
  const farewell = new Farewell();
  /** Beside an embedded database there is no other server that clients could go to. */
  let drainMs = 0;
  const status = openStatus({ log, ready: () => open, leaving: () => farewell.begun });
  const http = tls
    ? createSecureServer({ ...PATIENCE, ...loadCredentials(tls) })
    : createServer({ ...PATIENCE });
  http.maxConnections = MAX_CONNECTIONS;
  // Nobody comes before the port is known.
  let place = { proxies, log, prefix: "", publicUrl: "" };
  http.on("request", (request: IncomingMessage, response: ServerResponse) => {
    farewell.admit(response);
    setSecurityHeaders(response, place.publicUrl);
    const path = receive(request, response, place);
    if (!isUpload(path, request.method)) breakOff(request, response);
    void route(path, request, response, open, { status, log });
  });
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    upgrade(arrive(request, place), request, socket, head, open);
  });
  let closing: Promise<void> | undefined;
  const close = ({ drain: draining = false } = {}) => {
    closing ??= (async () => {
      const { service, pages } = open ?? {};
      farewell.begin();
      service?.dismiss();
      if (draining && open) await pause(drainMs);
      const drained = http.listening ? drain(http, LAST_ANSWERS_MS) : undefined;
      pages?.closeSockets();
      await service?.closeSockets();
      await drained;
      open = undefined;
      for (const part of opened.reverse()) {
        // One part that can't be stopped must not keep the others, the database above all, running.
        await Promise.resolve(part.close()).catch((error: unknown) =>
          log.error({ err: error, part: part.name }, "a part of the server could not be stopped"),
        );
      }
    })();
    return closing;
  };

  try {
    // First of all: a second server on one port must say so before it starts a database.
    const port = await listen(http, host, options.port ?? toPort(env.BESOM_PORT));
    const here = toUrl(host, port, tls ? "https" : "http");
    const publicUrl = checkPublicUrl(options.publicUrl ?? (env.BESOM_PUBLIC_URL || here));
    place = { proxies, log, prefix: prefixOf(publicUrl), publicUrl };
    if (tls) opened.push({ name: "certificate", close: keepCredentials(http as SecureServer, tls, log) });
    opened.push({ name: "status", close: status.close });
    // Next's code is read while the database starts, and the API answers before the pages are prepared.
    const pages = next ? openPages({ dev, host, port, prefix: place.prefix }) : undefined;
    if (pages) opened.push({ name: "pages", close: pages.close });
    const connected = await connect({ env, log: say, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
    opened.push({ name: "database", close: connected.close });
    const { db } = connected;
    drainMs = readDrainMs(env.BESOM_DRAIN_MS, connected.kind === "external" ? DRAIN_MS : 0);
    await migrate(db);
    const local = await keepLocalKey(db, env, publicUrl);
    const store = await openFiles(env);
    opened.push({ name: "files", close: store.close });
    const service = await openService({
      db,
      log,
      publicUrl,
      store,
      rate,
      onlyKnownDocuments: readDocuments(env.BESOM_DOCUMENTS),
      observe: status.observe,
    });
    opened.push({ name: "service", close: service.close });
    const background = startBackground({ db, log, store, keep: readKeep(env) });
    opened.push({ name: "background", close: background.stop });
    open = {
      db,
      service,
      pages,
      gateway: openGateway({
        db,
        log,
        publicUrl,
        files: { store, maxBytes: maxFileBytes },
        identify: service.identify,
        readBody,
        logOf: (request) => logOf(request, log),
      }),
      signIn: openSignIn({ db, publicUrl, log, openId }),
      downloads: openDownloads({ publicUrl: publicUrl === here ? undefined : publicUrl }),
    };
    publishSignInFacts({ openId: openId?.name ?? null });
    return {
      url: publicUrl,
      key: local?.key,
      loginUrl: local && loginUrl(publicUrl, await createLoginLink(db, local.userId)),
      place: connected.place,
      notices: noticesOf(host, publicUrl),
      pagesReady: pages?.ready ?? Promise.resolve(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What answers once everything is up. */
interface Open {
  readonly db: Database;
  readonly service: Service;
  readonly pages: Pages | undefined;
  readonly gateway: ReturnType<typeof openGateway>;
  readonly signIn: ReturnType<typeof openSignIn>;
  readonly downloads: ReturnType<typeof openDownloads>;
}

interface Doors {
  readonly status: ReturnType<typeof openStatus>;
  readonly log: Logger;
}

async function route(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  open: Open | undefined,
  { status, log }: Doors,
): Promise<void> {
  try {
    if (path === "/healthz") return status.healthz(response);
    if (path === "/readyz") return await status.readyz(response);
    if (open === undefined) throw notNow();
    if (path === "/graphql" && !(open.pages && wantsPage(request))) {
      const done = status.measure("graphql");
      await open.service.handle(request, response);
      return done(response);
    }
    const gateway = open.gateway(path, request.method);
    if (gateway) {
      const done = status.measure("wandb");
      await gateway(request, response);
      return done(response);
    }
    if (path === "/metrics") return await status.metrics(request, response);
    const door = open.signIn(path, request.method) ?? open.downloads(path, request.method);
    if (door) return await door(request, response);
    if (open.pages === undefined) throw new AppError("NOT_FOUND", `there is nothing at ${path}`);
    const done = status.measure("pages");
    await open.pages.handle(request, response);
    done(response);
  } catch (error) {
    sendError(response, error, log);
  }
}

/** What Node's own `requestTimeout` does, which is one for all requests of a server. */
function breakOff(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  const timer = setTimeout(() => {
    if (request.complete) return;
    if (!response.headersSent) response.writeHead(408, { connection: "close" }).end();
    request.destroy();
  }, REQUEST_TIMEOUT_MS);
  timer.unref();
  request.once("end", () => clearTimeout(timer)).once("close", () => clearTimeout(timer));
}

/** A browser that opens the API's address gets the explorer; programs ask for JSON, or say nothing. */
const wantsPage = ({ method, headers: { accept = "" } }: IncomingMessage): boolean =>
  (method === "GET" || method === "HEAD") && accept.includes("text/html");

function upgrade(
  path: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  open: Open | undefined,
): void {
  if (open !== undefined && path === "/graphql") open.service.upgrade(request, socket, head);
  else if (open?.pages) open.pages.upgrade(request, socket, head);
  else refuseUpgrade(socket, "503 Service Unavailable");
}

const refuseUpgrade = (socket: Duplex, status: string) =>
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);

const notNow = () => new AppError("UNAVAILABLE", "the server is starting or stopping: try again in a second");

interface Pages {
  readonly ready: Promise<void>;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): unknown;
  /** An HTTP server is not closed while sockets that it upgraded are open, and forgets about them itself. */
  closeSockets(): void;
  close(): Promise<void>;
}

interface PagesOptions {
  dev: boolean;
  host: string;
  port: number;
  prefix: string;
}

/**
 * Next behind our own server. At its first request it attaches an `upgrade` listener to the server it is given and
 * ends sockets whose path matches a page (`/[entity]` matches /graphql): subscriptions would die with the first page
 * that is opened. So it is given a server that never listens, on which we emit the upgrades that are hot reload's.
 * (`app.getUpgradeHandler()` gives a function without a body in Next 16; the listener is the handler that works.)
 */
function openPages({ dev, host, port, prefix }: PagesOptions): Pages {
  const decoy = createServer();
  const sockets = new Set<Duplex>();
  /** Next knows its pages below the prefix only; a proxy may have taken it away. */
  const restore = (request: IncomingMessage) => {
    // Without a slash at its end: Next sends `/besom/` to `/besom`, which would come back as `/besom/`.
    if (prefix !== "") request.url = prefix + (request.url ?? "/").replace(/^\/(?=\?|$)/, "");
  };
  const opening = import("next").then(async (module) => {
    const next = module.default;
    const app = next({ dev, dir: import.meta.dirname, hostname: host, port, httpServer: decoy });
    await app.prepare();
    return { app, handle: app.getRequestHandler() };
  });
  const ready = opening.then(() => {});
  ready.catch(() => {}); // told to whoever opens a page, and to whoever waits for `pagesReady`
  return {
    ready,
    async handle(request, response) {
      const { handle } = await opening;
      setPageHeaders(request, response, { dev });
      restore(request);
      await handle(request, response);
    },
    upgrade(request, socket, head) {
      // Built pages have no sockets, and Next leaves those it doesn't know open for ever.
      if (!dev || decoy.listenerCount("upgrade") === 0) return refuseUpgrade(socket, "404 Not Found");
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      restore(request);
      decoy.emit("upgrade", request, socket, head);
    },
    closeSockets() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      const app = await opening.then(
        (pages) => pages.app,
        () => undefined,
      );
      await app?.close();
    },
  };
}

/** On loopback only this machine's programs get here; elsewhere whoever can reach the port. */
function noticesOf(host: string, publicUrl: string): string[] {
  if (isLoopback(host)) return [];
  return [
    `other machines can reach it (BESOM_HOST=${host}): whoever has no key and is not signed in is refused`,
    ...(isSecure(publicUrl)
      ? []
      : [
          "keys travel unencrypted: set BESOM_TLS_CERT and BESOM_TLS_KEY, or put a proxy with https before it",
        ]),
  ];
}

/** BESOM_DOCUMENTS. */
function readDocuments(text: string | undefined): boolean {
  if (text === undefined || text === "" || text === "any") return false;
  if (text === "known") return true;
  throw new AppError("BAD_INPUT", `BESOM_DOCUMENTS is ${JSON.stringify(text)}, expected any or known`);
}

/** Where bytes of files lie: beside the embedded database, or where the settings say. */
function openFiles(env: NodeJS.ProcessEnv) {
  const folder = dataDir(env);
  makeDataDir(folder);
  return openStore(env, { dataDir: folder, databaseReserveBytes: readReserve(env.BESOM_DISK_RESERVE_MB) });
}

/** The key that `besom` on this machine finds: `credentials.json` in the data folder, for its owner alone. */
async function keepLocalKey(db: Database, env: NodeJS.ProcessEnv, url: string) {
  const folder = dataDir(env);
  makeDataDir(folder);
  const path = join(folder, "credentials.json");
  const admin = await ensureLocalAdmin(db, { name: ownerName(), known: readKey(path) });
  if (admin === undefined) return undefined;
  writeFileSync(path, `${JSON.stringify({ url, key: admin.key }, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600); // the mode above counts only when the file is made
  return admin;
}

function readKey(path: string): string | undefined {
  try {
    const { key } = JSON.parse(readFileSync(path, "utf8")) as { key?: unknown };
    return typeof key === "string" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The first administrator is called like whoever started the server, where that can be an entity's name. */
function ownerName(): string {
  const { username } = userInfo();
  return isSlug(username) && !RESERVED_ENTITY_NAMES.has(username.toLowerCase()) ? username : "local";
}

async function main(): Promise<void> {
  const dev = process.argv.includes("--dev");
  // Next and React choose their code by it when they are loaded.
  Object.assign(process.env, { NODE_ENV: dev ? "development" : "production" });
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const starting = startServer({ dev, next: !process.argv.includes("--no-pages"), say });
  stopOnSignals(starting);
  const server = await starting;
  say(
    [
      `Besom is ready at ${server.url}`,
      ...(server.loginUrl ? [`  sign in (once):  ${server.loginUrl}`] : []),
      `  data:            ${server.place}`,
      ...server.notices.map((notice) => `  note:            ${notice}`),
      "  next:            npx besom sweep examples/digits/random.yaml",
      "                   npx besom agent ID",
    ].join("\n"),
  );
  await server.pagesReady.catch((error: unknown) => {
    process.stderr.write(
      `the pages can't be shown: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  });
}

/** The first signal stops in good order, the second one at once. */
function stopOnSignals(starting: Promise<RunningServer>): void {
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(130);
      asked = true;
      process.stdout.write("stopping (once more: at once)\n");
      starting
        // Ctrl-C is a person who waits; SIGTERM comes from what replaces this server by another.
        .then((server) => server.close({ drain: signal === "SIGTERM" }))
        .then(
          () => process.exit(0),
          () => process.exit(1),
        );
    });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: unknown) => {
    // A person's mistake is one sentence; a bug shows its trace.
    process.stderr.write(
      `${isAppError(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(1);
  });
}
