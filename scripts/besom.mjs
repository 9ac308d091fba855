#!/usr/bin/env node
/**
 * The bin `besom` of the clone: sees that the packages are installed, then runs agent/index.ts in this very process
 * (a second one would stand between the agent and its signals).
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const loader = join(root, "node_modules", "tsx", "dist", "esm", "api", "index.mjs");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`besom: Node ${process.versions.node} is too old; install 20.19 or newer`);
  process.exit(1);
}
if (!existsSync(loader)) install();

const { register } = await import(pathToFileURL(loader).href);
// The alias `@/` stands in the clone's tsconfig, wherever besom is called from.
register({ tsconfig: join(root, "tsconfig.json") });
await import(pathToFileURL(join(root, "agent", "index.ts")).href);

function install() {
  console.error("besom: installing its packages (once)");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  try {
    // What it prints goes to stderr: stdout may be somebody's JSON.
    execFileSync(npm, ["ci", "--omit=dev", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
    });
  } catch {
    console.error(`besom: \`npm ci\` failed in ${root}; run it there to see why`);
    process.exit(1);
  }
}
