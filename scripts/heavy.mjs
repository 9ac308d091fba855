import "./lib/node-version.mjs";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runParts, vitest } from "./lib/parts.mjs";

/** The suites that take minutes: `node scripts/heavy.mjs [test/heavy/grid ...]`. They need Chromium. */
await ensureInstalled({ dev: true });
await ensureBuilt();
const files = process.argv.slice(2);
process.exitCode = await runParts({
  heavy: () => vitest(["--config", "vitest.heavy.config.ts", ...files], { NODE_ENV: "test" }),
});
