import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@/core/errors";
import { makeDataDir } from "./data-dir";
import { type Binaries, prepareBinaries } from "./embedded/binaries";
import {
  type Places,
  placesOf,
  prepareCluster,
  prepareFolders,
  readPassword,
  SUPERUSER,
} from "./embedded/cluster";
import { databaseIdentity, type Identity, isAlive, type ProcessMark } from "./embedded/identity";
import {
  endOrphan,
  freePort,
  isPostmaster,
  type Postmaster,
  readPostmasterFile,
  removeStalePidFile,
  StartFailure,
  startPostmaster,
} from "./embedded/postmaster";

export interface Embedded {
  /** Of the database `besom`'s superuser, password included: not for logs. */
  url: string;
  /** As in `18.4`. */
  version: string;
  /** Of PostgreSQL's first process, for tests that kill it; another one after a restart. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  dataDir: string;
  log?: (message: string) => void;
  /** On top of ours; the tests' database needs neither fsync nor the usual number of connections. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * What a small server with hot tables wants. fsync and synchronous_commit stay on: an acknowledged metric is
 * on the disk. No unix socket: its path may hold 107 characters, a data folder's more.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "256MB",
  // The packages are built without lz4 and zstd.
  wal_compression: "pglz",
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  random_page_cost: "1.1",
  // Compiling a query costs more than any of ours takes, and its library isn't shipped everywhere.
  jit: "off",
  timezone: "UTC",
  cluster_name: "besom",
};

/** How long a database that is going down may hold the folder before we say that it is in use. */
const BUSY_MS = 10_000;
/** How long an owner that was just killed may take to be gone. */
const OWNER_DYING_MS = 1_000;
/** Pause before a database that ended by itself is started again: longer each time, as on a disk that is full. */
const RESTART_MS = 500;
const LONGEST_RESTART_MS = 10_000;
/** A start that fails on and on is told so often. */
const TELL_EVERY_MS = 60_000;

/**
 * Starts the PostgreSQL of a data folder, making it at the first start (about a second). It ends with
 * `stop()`, and with this process however that ends; if it ends by itself it is started again.
 * @throws AppError DATA_DIR_IN_USE, DATA_DIR_VERSION, DATA_DIR_UNREACHABLE, EMBEDDED_FAILED
 */
export async function startEmbedded({
  dataDir,
  log = () => {},
  settings,
}: EmbeddedOptions): Promise<Embedded> {
  makeDataDir(dataDir);
  // Whoever came by another name (a symbolic link) must meet the same paths in the process list.
  const places = placesOf(realpathSync(dataDir));
  const identity = databaseIdentity(places.home);
  await prepareFolders(places, identity);
  await refuseSecondStart(places, log);
  const binaries = await prepareBinaries(places.dataDir);
  if ((await prepareCluster(places, binaries, identity)) === "made")
    log(`made a database in ${places.cluster}`);

  const start = (port?: number) =>
    startOnFreePort({ places, binaries, identity, settings: { ...SETTINGS, ...settings } }, port);
  let postmaster = await start();

  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();
  const watch = async (): Promise<void> => {
    const { code } = await postmaster.ended;
    if (stopping) return;
    log(`the database ended by itself (exit code ${code}); starting it again`);
    restarting = keepTrying(async () => {
      // The same port, since our pools know no other.
      postmaster = await start(postmaster.port);
      void watch();
    });
  };
  const keepTrying = async (attempt: () => Promise<void>): Promise<void> => {
    let toldAt = Number.NEGATIVE_INFINITY;
    for (let tries = 0; !stopping; tries++) {
      await sleep(Math.min(RESTART_MS * 2 ** tries, LONGEST_RESTART_MS));
      if (stopping) return;
      try {
        return await attempt();
      } catch (error) {
        if (performance.now() - toldAt < TELL_EVERY_MS) continue;
        toldAt = performance.now();
        log(`the database can't be started again yet: ${error instanceof Error ? error.message : error}`);
      }
    }
  };
  void watch();

  return {
    url: urlOf(places, postmaster.port),
    version: binaries.version,
    get pid() {
      return postmaster.pid;
    },
    stop: async () => {
      stopping = true;
      await restarting;
      await postmaster.stop();
    },
  };
}

/** The URL of a data folder's database that another process has started; undefined when none runs. */
export function findRunning(dataDir: string): string | undefined {
  if (!existsSync(dataDir)) return undefined;
  const places = placesOf(realpathSync(dataDir));
  const running = readPostmasterFile(places);
  if (!running?.ready || !isPostmaster(running.pid, places)) return undefined;
  return urlOf(places, running.port);
}

const urlOf = (places: Places, port: number): string =>
  `postgres://${SUPERUSER}:${readPassword(places)}@127.0.0.1:${port}/postgres`;

/** Two servers on one data folder would be two owners of one database. The loser learns who the other is. */
async function refuseSecondStart(places: Places, log: (message: string) => void): Promise<void> {
  const running = readPostmasterFile(places);
  if (!running) return;
  if (!isPostmaster(running.pid, places)) return removeStalePidFile(places);
  const owner = readOwner(places);
  // kill -9 takes effect when the kernel gets to it: on a busy machine a dead owner looks alive for a moment.
  for (const deadline = Date.now() + OWNER_DYING_MS; owner && isAlive(owner); await sleep(50)) {
    if (Date.now() > deadline) throw inUse(places, `by the Besom with process number ${owner.pid}`);
  }
  log("the last Besom was killed; ending the database that it left behind");
  if (!(await endOrphan(running.pid)))
    throw inUse(places, `by a PostgreSQL with process number ${running.pid}`);
}

function readOwner(places: Places): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(places.owner, "utf8")) as ProcessMark;
  } catch {
    return undefined;
  }
}

interface Cluster {
  places: Places;
  binaries: Binaries;
  identity: Identity | undefined;
  settings: Readonly<Record<string, string>>;
}

/** The remembered port, or another when it is taken; a database that is going down is waited for. */
async function startOnFreePort(cluster: Cluster, fixedPort: number | undefined): Promise<Postmaster> {
  const { places } = cluster;
  for (const deadline = Date.now() + BUSY_MS; ; ) {
    const port = fixedPort ?? (await freePort(rememberedPort(places)));
    try {
      const postmaster = await startPostmaster({ ...cluster, port });
      // Left alone where it says so already: on a full disk it would be cut to nothing.
      if (rememberedPort(places) !== port) writeFileSync(places.port, String(port), { mode: 0o600 });
      return postmaster;
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      if (error.kind === "other") throw startFailed(places, error);
      if (Date.now() > deadline)
        throw error.kind === "port" ? startFailed(places, error) : inUse(places, `(${error.said})`);
      await sleep(100);
      const owner = readOwner(places);
      if (error.kind === "locked" && owner && owner.pid !== process.pid && isAlive(owner)) {
        throw inUse(places, `by the Besom with process number ${owner.pid}`);
      }
    }
  }
}

function rememberedPort(places: Places): number | undefined {
  if (!existsSync(places.port)) return undefined;
  const port = Number(readFileSync(places.port, "utf8"));
  return Number.isInteger(port) && port > 0 && port < 65536 ? port : undefined;
}

const inUse = (places: Places, who: string): AppError =>
  new AppError(
    "DATA_DIR_IN_USE",
    `the data folder ${places.dataDir} is in use ${who}: stop that one, or set BESOM_DATA_DIR to another folder; several servers share one database through DATABASE_URL`,
    { details: { dataDir: places.dataDir } },
  );

function startFailed(places: Places, cause: StartFailure): AppError {
  const version = /initialized with|was initialized by PostgreSQL version|incompatible with server/.test(
    cause.said,
  );
  return new AppError(
    version ? "DATA_DIR_VERSION" : "EMBEDDED_FAILED",
    version
      ? `the database in ${places.cluster} was made by another PostgreSQL than the one this Besom brings (${cause.said}): start the Besom that made it and run "besom backup FILE", then run "besom restore FILE" with this one and a fresh data folder (BESOM_DATA_DIR)`
      : `PostgreSQL does not start in ${places.cluster}: ${cause.said.split("\n").slice(-3).join(" ")}; its log is ${places.log}`,
    { cause, details: { dataDir: places.dataDir, log: places.log } },
  );
}
