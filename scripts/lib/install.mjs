import "./node-version.mjs";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { run } from "./run.mjs";
import { root, say, seconds } from "./say.mjs";

const STAMP = join(root, "node_modules/.besom-installed.json");

/**
 * Installs the packages of package-lock.json unless they are there.
 * @param dev also what tests and checks need. Without it `NODE_ENV=production` leaves those out, and everything
 *   that start and demo need is a dependency proper; with it they come even then.
 */
export async function ensureInstalled({ dev }) {
  const production = process.env.NODE_ENV === "production";
  const wanted = {
    lock: hashOf("package-lock.json"),
    node: process.versions.modules,
    dev: dev || !production,
  };
  if (isInstalled(wanted)) return;
  await withLock("installation", async () => {
    if (isInstalled(wanted)) return; // the one we waited for did it
    say("installing packages (npm ci); this is done once, and again when package-lock.json changes");
    const began = performance.now();
    const code = await run("npm", [
      "ci",
      wanted.dev ? "--include=dev" : "--omit=dev",
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
    ]);
    if (code !== 0) {
      say(`npm ci failed with exit code ${code}: see above; "npm ci" by hand shows more`);
      process.exit(1);
    }
    writeStamp(wanted);
    say(`packages installed in ${seconds(began)}`);
  });
}

const hashOf = (file) =>
  createHash("sha256")
    .update(readFileSync(join(root, file)))
    .digest("hex");

const writeStamp = (wanted) => writeFileSync(STAMP, `${JSON.stringify(wanted)}\n`);

function isInstalled(wanted) {
  const stamp = readJson(STAMP);
  if (stamp) {
    if (stamp.lock === wanted.lock && stamp.node === wanted.node) return stamp.dev || !wanted.dev;
  }
  // Somebody ran npm by hand: npm writes what it has installed beside it, so the two lists can be compared.
  if (!isComplete(wanted.dev)) return false;
  writeStamp(wanted);
  return true;
}

/** Whether node_modules holds each package of the lock file in its version. Optional ones are for other platforms. */
function isComplete(dev) {
  const locked = readJson(join(root, "package-lock.json"))?.packages;
  const installed = readJson(join(root, "node_modules/.package-lock.json"))?.packages;
  if (!locked || !installed) return false;
  return Object.entries(locked).every(
    ([path, { version, integrity, optional, devOptional, dev: isDev, link }]) =>
      path === "" ||
      optional ||
      devOptional ||
      link ||
      (isDev && !dev) ||
      (installed[path]?.version === version &&
        installed[path]?.integrity === integrity &&
        existsSync(join(root, path, "package.json"))),
  );
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
