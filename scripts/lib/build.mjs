import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distDirOf, prefixOf } from "../../next.config.js";
import { withLock } from "./lock.mjs";
import { runNode } from "./run.mjs";
import { root, say, seconds } from "./say.mjs";

/** Each public path has a build of its own (next.config.js says why). */
const DIST = join(root, distDirOf(prefixOf()));
const STAMP = join(DIST, "besom-built.json");

/** What the pages are made of: they may import all of these rooms, and the build reads these files. */
const ROOMS = ["app", "ui", "client", "graphql", "engine", "db", "compute", "core", "math", "public"];
const FILES = ["package-lock.json", "tsconfig.json", "proxy.ts"];
/** Not by name, since it may become .ts or .mjs. */
const CONFIGS = /^(next|postcss|tailwind)\.config\.[a-z]+$/;

/** Builds the pages unless they are built from these very sources. Nothing is fetched. */
export async function ensureBuilt() {
  const sources = hashSources();
  if (isBuilt(sources)) return;
  await withLock("build", async () => {
    if (isBuilt(sources)) return;
    say("building the pages; this is done once, and again when their sources change");
    const began = performance.now();
    const tsconfig = readFileSync(join(root, "tsconfig.json"));
    const code = await runNode("node_modules/next/dist/bin/next", ["build"], {
      env: { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
      quiet: !process.env.CI && !process.stderr.isTTY,
    });
    // Next adds the types of the folder it builds into: a checkout must not change by being started.
    if (!readFileSync(join(root, "tsconfig.json")).equals(tsconfig)) {
      writeFileSync(join(root, "tsconfig.json"), tsconfig);
    }
    if (code !== 0) {
      say(`the build failed with exit code ${code}: see above`);
      process.exit(1);
    }
    writeFileSync(STAMP, `${JSON.stringify({ sources })}\n`);
    say(`pages built in ${seconds(began)}`);
  });
}

/** Next removes and remakes its folder, so a build that was broken off has no stamp. */
function isBuilt(sources) {
  try {
    return existsSync(join(DIST, "BUILD_ID")) && JSON.parse(readFileSync(STAMP, "utf8")).sources === sources;
  } catch {
    return false;
  }
}

function hashSources() {
  const hash = createHash("sha256");
  const configs = readdirSync(root).filter((name) => CONFIGS.test(name));
  const files = [...FILES, ...configs, ...ROOMS.flatMap(filesOf)].filter((file) =>
    existsSync(join(root, file)),
  );
  for (const file of files.sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesOf(room) {
  if (!existsSync(join(root, room))) return [];
  return readdirSync(join(root, room), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}
