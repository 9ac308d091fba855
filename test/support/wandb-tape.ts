import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { TestServer } from "./server";
import { basic } from "./wire";

/*
 * What the real client said and heard, as a file: where no client can be installed, its requests are sent again. Names and numbers
 * that a server gives are others each time; whoever plays the tape learns them by laying each answer beside the recorded one.
 */

export interface Tape {
  readonly client: string;
  /** Texts of operations, which come again and again. */
  readonly documents: readonly string[];
  readonly calls: readonly Call[];
}

interface Call {
  readonly path: string;
  readonly agent: string;
  /** Of an operation: its place in `documents`. */
  readonly document?: number;
  readonly body: Record<string, unknown>;
  readonly status: number;
  readonly answer: unknown;
}

/** Operations by name, each once, in the order of their first call. */
export const operationsOf = ({ documents }: Tape): string[] => documents.map(nameOfOperation);

export interface Recorder {
  readonly url: string;
  readonly close: () => Promise<Tape>;
}

/** @param hide what is of the machine alone, and what stands for it */
export async function recordTape(
  client: string,
  target: string,
  hide: Readonly<Record<string, string>>,
): Promise<Recorder> {
  const documents: string[] = [];
  const calls: Call[] = [];
  const scrub = <T>(value: T): T => {
    let text = JSON.stringify(value);
    for (const [own, other] of Object.entries(hide)) text = text.replaceAll(own, other);
    return JSON.parse(text);
  };
  const server = createServer(async (incoming, outgoing) => {
    const bytes = await readBytes(incoming);
    const { url: path = "", method = "GET", headers } = incoming;
    const passed = await fetch(`${target}${path}`, {
      method,
      headers: toPassed(headers),
      ...(bytes.length > 0 && { body: bytes }),
    });
    const text = Buffer.from(await passed.arrayBuffer());
    outgoing.writeHead(passed.status, { "content-type": passed.headers.get("content-type") ?? "" }).end(text);
    // Files are their own story: their addresses are signed.
    if (method !== "POST" || !/\/graphql$|\/file_stream$/.test(path)) return;
    const plain = headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    const { query, ...body } = JSON.parse(plain.toString()) as Record<string, unknown>;
    const call = { path, agent: headers["user-agent"] ?? "", body, status: passed.status };
    const place = typeof query === "string" ? placeOf(documents, query) : undefined;
    calls.push(
      scrub({
        ...call,
        ...(place !== undefined && { document: place }),
        answer: JSON.parse(text.toString() || "null"),
      }),
    );
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      return { client, documents, calls };
    },
  };
}

function placeOf(documents: string[], text: string): number {
  const known = documents.indexOf(text);
  return known >= 0 ? known : documents.push(text) - 1;
}

async function readBytes(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** What belongs to the connection is the next one's own. */
const toPassed = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && !["host", "connection", "content-length", "accept-encoding"].includes(name)
        ? [[name, value]]
        : [],
    ),
  );

/**
 * @param before is called ahead of each operation by its name, such as to let time pass
 * @returns requests whose status was another one: none where all is well
 */
export async function playTape(
  server: TestServer,
  { documents, calls }: Tape,
  before: (operation: string) => Promise<void>,
): Promise<string[]> {
  const names = new Map<string, string>();
  const differing: string[] = [];
  for (const { path, agent, document, body, status, answer } of calls) {
    const query = document === undefined ? undefined : (documents[document] ?? "");
    const operation = query === undefined ? path : nameOfOperation(query);
    await before(operation);
    const place = path.split("/").map((word) => rename(word, names));
    const response = await fetch(`${server.url}${place.join("/")}`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": agent, ...basic(server.key) },
      body: JSON.stringify({
        ...(renamed(body, names, HOLDERS[operation]) as object),
        ...(query !== undefined && { query }),
      }),
    });
    const heard: unknown = await response.json();
    if (response.status !== status)
      differing.push(`${operation}: ${status} became ${response.status} ${JSON.stringify(heard)}`);
    learn(answer, heard, names);
  }
  return differing;
}

const nameOfOperation = (text: string): string => /(?:query|mutation)\s+(\w+)/.exec(text)?.[1] ?? text;

/** Numbers are told apart by what has them: of these operations the id is such a thing's. */
const HOLDERS: Readonly<Record<string, string>> = { Heartbeat: "agent", UpsertBucket: "bucket" };
/** Under these keys stand names that a server gave. */
const NAMED = new Set(["name", "sweep", "run", "run_id", "sweepName", "entity", "entityName", "username"]);

const rename = (word: string, names: ReadonlyMap<string, string>): string => names.get(word) ?? word;

function renamed(value: unknown, names: ReadonlyMap<string, string>, holder = "", key = ""): unknown {
  if (typeof value === "string") {
    if (key === "id") return names.get(`${holder} ${value}`) ?? value;
    if (NAMED.has(key)) return rename(value, names);
    // What runs, by name, is JSON inside of JSON.
    if (key !== "runState") return value;
    const running = Object.entries(JSON.parse(value) as object).map(([name, own]) => [
      rename(name, names),
      own,
    ]);
    return JSON.stringify(Object.fromEntries(running));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, own]) => [name, renamed(own, names, holder, name)]),
  );
}

/** Lays what was heard beside what was recorded. */
function learn(recorded: unknown, heard: unknown, names: Map<string, string>, holder = "", key = ""): void {
  if (typeof recorded === "string" && typeof heard === "string") {
    if (key === "id") names.set(`${holder} ${recorded}`, heard);
    else if (NAMED.has(key)) names.set(recorded, heard);
    else if (key === "commands") learn(JSON.parse(recorded), JSON.parse(heard), names);
    return;
  }
  if (typeof recorded !== "object" || typeof heard !== "object" || recorded === null || heard === null)
    return;
  for (const [name, own] of Object.entries(recorded))
    learn(own, (heard as Record<string, unknown>)[name], names, Array.isArray(recorded) ? holder : key, name);
}
