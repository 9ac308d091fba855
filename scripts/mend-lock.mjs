import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, say } from "./lib/say.mjs";

/**
 * After `npm install`: `node scripts/mend-lock.mjs`. Packages with a build for each platform name them as optional
 * dependencies. A registry mirror that lacks some of those builds makes npm leave them out of package-lock.json, and
 * `npm ci` then refuses the whole file as out of step ("Missing: ... from lock file"). So the entries are written
 * here: what they are for stands in their names, and only the platform in question ever fetches them.
 */
const FILE = join(root, "package-lock.json");
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (path === "" || isLocked(path, name)) continue;
    if (!/^\d/.test(version))
      throw new Error(`${name}@${version} of ${path} is no exact version: run npm install`);
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev && { dev: true }),
      optional: true,
    };
    added.push(`${name}@${version}`);
  }
}
if (added.length > 0) {
  const inOrder = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  lock.packages = Object.fromEntries(inOrder);
  writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
}
say(added.length > 0 ? `added to package-lock.json: ${added.join(", ")}` : "package-lock.json is whole");

/** As Node resolves: beside, or in a node_modules further up. */
function isLocked(path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf("/node_modules/"), 0))) {
    if (lock.packages[at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`]) return true;
    if (at === "") return false;
  }
}

function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = ["android", "darwin", "freebsd", "linux", "win32"].filter((word) => words.includes(word));
  const cpu = ["arm", "arm64", "ia32", "x64", "wasm32"].filter((word) => words.includes(word));
  if (os.length + cpu.length === 0) throw new Error(`${name}: which platform is it for?`);
  const libc = words.includes("musl") ? { libc: ["musl"] } : words.includes("gnu") ? { libc: ["glibc"] } : {};
  return { cpu, ...libc, ...(os.length > 0 && { os }) };
}
