import "./lib/node-version.mjs";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runTypeScript } from "./lib/run.mjs";

/** `npm run demo`: from a bare clone to a finished sweep. `-- --once` shuts everything down at the end. */
await ensureInstalled({ dev: false });
await ensureBuilt();
process.exitCode = await runTypeScript("scripts/demo.ts", process.argv.slice(2), {
  env: { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
});
