import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@/core/errors";
import type { Binaries } from "./binaries";
import type { Identity } from "./identity";

const run = promisify(execFile);

/** Everything of one data folder that concerns the database. */
export interface Places {
  dataDir: string;
  /** Belongs to the database's user, mode 700. */
  home: string;
  /** PGDATA. */
  cluster: string;
  log: string;
  lock: string;
  /** Of the superuser `besom`; mode 600. */
  password: string;
  port: string;
  /** Which program started the database. */
  owner: string;
}

export function placesOf(dataDir: string): Places {
  const home = join(dataDir, "postgres");
  return {
    dataDir,
    home,
    cluster: join(home, "data"),
    log: join(home, "server.log"),
    lock: join(home, "lock"),
    password: join(dataDir, "database-password"),
    port: join(dataDir, "database-port"),
    owner: join(home, "owner.json"),
  };
}

export const SUPERUSER = "besom";

/** Makes the folders and proves that the database's user can reach his. */
export async function prepareFolders(places: Places, identity: Identity | undefined): Promise<void> {
  mkdirSync(places.home, { recursive: true, mode: 0o700 });
  if (!identity) return;
  chownSync(places.home, identity.uid, identity.gid);
  if (await canEnter(places.home, identity)) return;
  // Our own folder may have been made by hand with mode 700; those above it are not ours to open.
  chmodSync(places.dataDir, statSync(places.dataDir).mode | 0o011);
  if (await canEnter(places.home, identity)) return;
  const closed = closedParent(places.dataDir);
  throw new AppError(
    "DATA_DIR_UNREACHABLE",
    `PostgreSQL refuses to run as root, and ${identity.name}, whom it runs as instead, can't enter ${closed} on the way to ${places.dataDir}: set BESOM_DATA_DIR to a folder such as /var/lib/besom, or chmod o+x ${closed}`,
    { details: { dataDir: places.dataDir, closed, user: identity.name } },
  );
}

async function canEnter(folder: string, { uid, gid }: Identity): Promise<boolean> {
  try {
    await run("/bin/sh", ["-c", 'cd "$1"', "sh", folder], { uid, gid, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

function closedParent(folder: string): string {
  const parents: string[] = [];
  for (let at = folder; at !== dirname(at); at = dirname(at)) parents.unshift(at);
  return parents.find((parent) => (statSync(parent).mode & 0o001) === 0) ?? folder;
}

/** The superuser's password, made once. Two first starts agree on one: a link can't replace a file. */
export function readPassword({ password }: Places): string {
  if (!existsSync(password)) {
    const mine = `${password}.${process.pid}`;
    writeFileSync(mine, randomBytes(24).toString("base64url"), { mode: 0o600 });
    try {
      linkSync(mine, password);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(mine, { force: true });
    }
  }
  return readFileSync(password, "utf8").trim();
}

/** Makes the cluster where there is none, else checks that these programs can read it. */
export async function prepareCluster(
  places: Places,
  binaries: Binaries,
  identity: Identity | undefined,
): Promise<"made" | "found"> {
  const versionFile = join(places.cluster, "PG_VERSION");
  if (existsSync(versionFile)) {
    refuseOtherVersion(places, readFileSync(versionFile, "utf8").trim(), binaries);
    return "found";
  }
  sweepUp(places.home);
  const fresh = `${places.cluster}.new-${process.pid}`;
  const passwordFile = `${fresh}.password`;
  try {
    writeFileSync(passwordFile, readPassword(places), { mode: 0o600 });
    if (identity) chownSync(passwordFile, identity.uid, identity.gid);
    await run(binaries.initdb, initdbArguments(fresh, passwordFile), {
      ...(identity && { uid: identity.uid, gid: identity.gid }),
      cwd: places.home,
      env: databaseEnv(),
    });
    // Whole or not at all: a start that is killed here leaves nothing that looks like a cluster.
    renameSync(fresh, places.cluster);
  } catch (cause) {
    rmSync(fresh, { recursive: true, force: true });
    if (existsSync(versionFile)) return "found"; // another first start was quicker
    throw initdbFailed(cause, places, identity);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  return "made";
}

/** `C.UTF-8` of the builtin provider sorts by code point on every machine, and needs no locale of the system. */
const initdbArguments = (cluster: string, passwordFile: string): string[] => [
  `--pgdata=${cluster}`,
  `--username=${SUPERUSER}`,
  `--pwfile=${passwordFile}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--no-instructions",
];

/** None of the user's own PG* variables (PGDATA, PGPORT, PGOPTIONS ...) may reach our database. */
export const databaseEnv = (): NodeJS.ProcessEnv => ({
  NODE_ENV: "production",
  PATH: process.env.PATH ?? "/usr/bin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
});

export function refuseOtherVersion(places: Places, found: string, { version, major }: Binaries): void {
  if (found === major) return;
  throw new AppError(
    "DATA_DIR_VERSION",
    `the database in ${places.cluster} was made by PostgreSQL ${found}, this Besom brings ${version}: start the Besom that made it and run "besom backup FILE", then run "besom restore FILE" with this one and a fresh data folder (BESOM_DATA_DIR)`,
    { details: { found, expected: major, dataDir: places.dataDir } },
  );
}

/** What first starts that were killed left behind; an hour is far beyond any initdb that still runs. */
function sweepUp(home: string): void {
  for (const name of readdirSync(home)) {
    const path = join(home, name);
    const leftover = name.startsWith("data.new-");
    if (leftover && Date.now() - statSync(path).mtimeMs > 3_600_000)
      rmSync(path, { recursive: true, force: true });
  }
}

function initdbFailed(cause: unknown, places: Places, identity: Identity | undefined): AppError {
  const { stderr, message } = cause as { stderr?: string; message?: string };
  const said = stderr?.trim().split("\n").slice(-3).join(" ") || message;
  const as = identity ? ` as ${identity.name}` : "";
  return new AppError(
    "EMBEDDED_FAILED",
    `initdb could not make a database in ${places.cluster}${as}: ${said}; mend that, or set DATABASE_URL to a PostgreSQL of your own`,
    { cause, details: { dataDir: places.dataDir } },
  );
}
