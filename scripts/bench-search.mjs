import "./lib/node-version.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runTypeScript } from "./lib/run.mjs";

/** `npm run bench:search`: the search methods against other projects' engines. bench/search/run.ts says which options there are. */
await ensureInstalled({ dev: true });
process.exitCode = await runTypeScript("bench/search/run.ts", process.argv.slice(2));
