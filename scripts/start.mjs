import "./lib/node-version.mjs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { root } from "./lib/say.mjs";

/** `npm start`: the server alone, on built pages. */
await ensureInstalled({ dev: false });
await ensureBuilt();

// In this very process, so that signals and kill -9 reach the server and nobody in between.
process.chdir(root);
process.env.NODE_ENV = "production";
process.env.NEXT_TELEMETRY_DISABLED = "1";
process.argv[1] = join(root, "server.ts");
await import("tsx");
await import(pathToFileURL(process.argv[1]).href);
