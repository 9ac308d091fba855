import "./lib/node-version.mjs";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureChromium } from "./lib/chromium.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runTypeScript } from "./lib/run.mjs";

/** `npm run screenshots`: each page as it looks on a server that people work on, into docs/screenshots. */
await ensureInstalled({ dev: true });
if (!(await ensureChromium())) process.exit(1);
await ensureBuilt();
process.exitCode = await runTypeScript("scripts/screenshots.ts", process.argv.slice(2));
