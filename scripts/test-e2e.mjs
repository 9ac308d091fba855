import "./lib/node-version.mjs";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureChromium } from "./lib/chromium.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runParts, vitest } from "./lib/parts.mjs";
import { root } from "./lib/say.mjs";

/**
 * `npm run test:e2e`: every page in a real Chromium against a production build, in each theme at each width; with names
 * (`npm run test:e2e -- run-page`) those files alone. BESOM_CI=brief leaves out what CI has no time for.
 */
await ensureInstalled({ dev: true });
if (!(await ensureChromium())) process.exit(1);
await ensureBuilt();
const wanted = process.argv.slice(2);
const folder = "test/e2e";
const files = readdirSync(join(root, folder))
  .filter((name) => name.endsWith(".test.ts"))
  .filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)))
  .map((name) => `${folder}/${name}`);
const env = { NODE_ENV: "test", BESOM_CI: process.env.BESOM_CI ?? "full" };
process.exitCode = await runParts({
  pages: () => vitest(["--config", "vitest.heavy.config.ts", ...files], env),
});
