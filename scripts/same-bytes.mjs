import "./lib/node-version.mjs";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureInstalled } from "./lib/install.mjs";
import { root, say } from "./lib/say.mjs";

/**
 * `npm run check:bytes`: plays every search method on this Node and on Node 20, 22 and 24, and compares the hashes of all that they
 * propose. V8's own `exp` and `pow` may differ between versions; ours must not, since a sweep is replayed, and gone on with, by
 * whatever Node a server has then. The versions are packages of npm; where they can't be had, one line says so.
 */
const METHODS = ["grid", "random", "sobol", "bayes", "tpe", "cmaes"];
const VERSIONS = ["20", "22", "24"];
/** Npm's packages of Node are named so. */
const PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const call = promisify(execFile);

await ensureInstalled({ dev: true });
const folder = await mkdtemp(join(tmpdir(), "besom nodes "));
let failed = 0;
let passed = 0;
try {
  const installing = VERSIONS.map((version) => install(version));
  const own = await play(process.execPath);
  say(`Node ${process.versions.node} has played ${own.size} searches`);
  for (const [i, version] of VERSIONS.entries()) {
    const node = await installing[i];
    if (node === undefined) continue;
    const other = await play(node);
    const differing = [...own].filter(([name, hash]) => other.get(name) !== hash);
    for (const [name, hash] of differing)
      console.log(`FAILED: ${name} is ${hash} here and ${other.get(name)} on Node ${version}`);
    failed += differing.length;
    passed += own.size - differing.length;
    if (differing.length === 0)
      console.log(`Node ${await versionOf(node)}: all ${own.size} searches are the same`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** @returns the hash of each search by its name */
async function play(node) {
  const words = ["--import", "tsx", "test/support/search-trace.ts", "--all", ...METHODS];
  const { stdout } = await call(node, words, { cwd: root });
  const lines = stdout.trim().split("\n");
  if (lines.length !== 2 * METHODS.length) throw new Error(`${lines.length} searches came of ${node}`);
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line.split(" ").at(-1)]));
}

/** @returns the program, undefined where npm can't get it */
async function install(version) {
  const prefix = join(folder, version);
  const flags = ["--prefix", prefix, "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"];
  try {
    await call("npm", ["install", ...flags, `${PACKAGE}@${version}`], {
      shell: process.platform === "win32",
    });
  } catch (error) {
    const why = String(error.stderr).match(/(?:reason: |404 )(.*)/)?.[1] ?? error.message;
    console.log(`SKIPPED: Node ${version} can't be had from npm as ${PACKAGE} (${why})`);
    return undefined;
  }
  return join(prefix, "node_modules", PACKAGE, "bin", process.platform === "win32" ? "node.exe" : "node");
}

async function versionOf(node) {
  return (await call(node, ["--version"])).stdout.trim().slice(1);
}
