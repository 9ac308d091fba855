import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@/core/errors";
import { type Database, type OpenOptions, openDatabase } from "./client";
import { dataDir } from "./data-dir";
import { type Embedded, findRunning, startEmbedded } from "./embedded";
import { readReserve, watchSpace } from "./space";

export interface ConnectOptions extends Omit<OpenOptions, "directUrl"> {
  /** Read are DATABASE_URL, DATABASE_DIRECT_URL and what decides the data folder. */
  env?: NodeJS.ProcessEnv;
  log?: (message: string) => void;
  /** A database that is away (starting, restarting) is waited for this long. */
  patienceMs?: number;
  /** Use the embedded database of a server that runs already instead of refusing: for backup and doctor. */
  attach?: boolean;
}

export interface Connected {
  db: Database;
  kind: "embedded" | "external";
  /** For people: the data folder, or user, host and database. Never the password. */
  place: string;
  /** Of PostgreSQL, as in `18.4`. */
  version: string;
  /** Closes the pool, then the embedded server if it was started here. */
  close(): Promise<void>;
}

/** `xid8`, `merge` and unique indexes as we use them came with 13 to 15; older ones are out of support by now. */
const OLDEST = 15;

/** The database of this process: `DATABASE_URL` when it is set, else the embedded one of the data folder. */
export async function connect(options: ConnectOptions = {}): Promise<Connected> {
  const { env = process.env, log = () => {}, attach = false, patienceMs = 10_000, ...open } = options;
  const target = env.DATABASE_URL ? externalTarget(env) : await embeddedTarget(dataDir(env), attach, log);
  const { kind, place, url, directUrl, embedded } = target;
  const db = openDatabase(url, { ...open, ...(directUrl && { directUrl }) });
  let unwatch = () => {};
  const close = async () => {
    unwatch();
    await db.close();
    await embedded?.stop();
  };
  try {
    if (embedded) unwatch = await watchSpace(db, place, readReserve(env.BESOM_DISK_RESERVE_MB));
    return { db, kind, place, version: await askVersion(db, place, { patienceMs, log }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Target {
  kind: Connected["kind"];
  place: string;
  url: string;
  directUrl?: string;
  /** Started here, so to be stopped here. */
  embedded?: Embedded;
}

function externalTarget({ DATABASE_URL = "", DATABASE_DIRECT_URL }: NodeJS.ProcessEnv): Target {
  const url = checkUrl(DATABASE_URL, "DATABASE_URL");
  const target: Target = { kind: "external", place: describeUrl(url), url };
  if (DATABASE_DIRECT_URL) target.directUrl = checkUrl(DATABASE_DIRECT_URL, "DATABASE_DIRECT_URL");
  return target;
}

async function embeddedTarget(
  place: string,
  attach: boolean,
  log: (message: string) => void,
): Promise<Target> {
  const running = attach ? findRunning(place) : undefined;
  if (running !== undefined) return { kind: "embedded", place, url: running };
  const embedded = await startEmbedded({ dataDir: place, log });
  return { kind: "embedded", place, url: embedded.url, embedded };
}

/** Says what is wrong with a URL without repeating it: it holds a password. */
export function checkUrl(text: string, variable: string): string {
  const wrong = (what: string): AppError =>
    new AppError(
      "DATABASE_URL_INVALID",
      `${variable} ${what}: expected postgres://USER:PASSWORD@HOST:5432/DATABASE, special characters in the password written as %XX; leave it unset for the embedded database`,
      { details: { variable } },
    );
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text.trim())?.[1]?.toLowerCase();
  if (scheme === undefined) throw wrong("has no scheme");
  if (scheme !== "postgres" && scheme !== "postgresql")
    throw wrong(`begins with "${scheme}:", which is no PostgreSQL`);
  if (/^[^/]*\/\/(?:[^/?#]*@)?(?:\/|$)/.test(text.trim()) && !/[?&]host=/.test(text))
    throw wrong("names no host");
  // Several hosts (a,b) are the driver's extension of URLs: the first stands for them here.
  const single = text.trim().replace(/^([^?]*@[^/,?]+|[^/]*\/\/[^/,@?]+),[^/?]*/, "$1");
  let url: URL;
  try {
    url = new URL(single);
  } catch {
    // Not as `cause`: the error of URL quotes the whole text.
    throw wrong("can't be read as a URL (is the port a number, are / ? # @ in the password written as %XX?)");
  }
  // The driver and URL disagree about such texts, and what they take for the path would be part of the password.
  if (url.hash || url.pathname.includes("@") || /@[^/]*@/.test(text))
    throw wrong("holds one of / # @ in the password or the user, not written as %2F %23 %40");
  if (url.pathname.length < 2) throw wrong("names no database after the host");
  for (const part of [url.username, url.password, url.pathname]) {
    try {
      decodeURIComponent(part);
    } catch {
      throw wrong("holds a % that is followed by no two hexadecimal digits");
    }
  }
  return text.trim();
}

/** `user@host:port/database`, fit for logs. */
export function describeUrl(text: string): string {
  const match = /^[a-z]+:\/\/(?:([^:@/?#]*)(?::[^@]*)?@)?([^/?#]*)\/([^?#]*)/i.exec(text);
  const [, user, host, database] = match ?? [];
  return `${user ? `${decodeURIComponent(user)}@` : ""}${host ?? "?"}/${database ?? "?"}`;
}

interface Patience {
  patienceMs: number;
  log: (message: string) => void;
}

/** Asks who is there; also the moment when a wrong password or a missing database comes out. */
async function askVersion(db: Database, place: string, { patienceMs, log }: Patience): Promise<string> {
  const deadline = Date.now() + patienceMs;
  for (let said = false; ; said = true) {
    try {
      const [row] = await db.sql<{ number: string; text: string }[]>`
        select current_setting('server_version_num') as number, current_setting('server_version') as text`;
      if (!row || Number(row.number) < OLDEST * 10_000) throw tooOld(place, row?.text);
      return row.text.split(" ")[0] ?? row.text;
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (!isPassing(error) || Date.now() > deadline) throw unreachable(place, error);
      if (!said) log(`waiting for the database ${place} (${reasonOf(error)})`);
      await sleep(250);
    }
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code ?? "");

/** Refused and reset connections and a server that is starting up or going down: worth another try. */
const isPassing = (error: unknown): boolean =>
  /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECT_TIMEOUT|57P0[123]|53300|08)/.test(
    codeOf(error),
  );

/** An AggregateError (host names with several addresses) has no message of its own. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error && error.message) || codeOf(error) || "no answer";

const WAYS_OUT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: is it started, is the port right?",
  ENOTFOUND: "the name of the host is unknown",
  EAI_AGAIN: "the name of the host can't be looked up now",
  "28P01": "the password in DATABASE_URL is not the user's",
  "28000": "the server does not let this user in from here (pg_hba.conf)",
  "3D000": "the database does not exist: createdb makes it",
  "42501": "the user may not connect to it",
  "53300": "all its connections are taken: raise max_connections, or use a pooler",
};

function unreachable(place: string, cause: unknown): AppError {
  const code = codeOf(cause);
  const hint = WAYS_OUT[code] ?? "check DATABASE_URL, or leave it unset for the embedded database";
  return new AppError(
    "DATABASE_UNREACHABLE",
    `no answer from the database ${place} (${reasonOf(cause)}): ${hint}`,
    {
      cause,
      details: { place, code },
    },
  );
}

const tooOld = (place: string, version: string | undefined): AppError =>
  new AppError(
    "DATABASE_TOO_OLD",
    `the database ${place} is PostgreSQL ${version}: Besom needs ${OLDEST} or newer; upgrade it, or leave DATABASE_URL unset for the embedded database`,
    { details: { version, oldest: OLDEST } },
  );
