import "./lib/node-version.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runNode } from "./lib/run.mjs";
import { say } from "./lib/say.mjs";

/** `npm run dev`: the server starts anew when its code changes; pages are reloaded by Next. */
await ensureInstalled({ dev: true });
say("watching: a change of server code starts the server anew, a change of a page shows at once");
process.exitCode = await runNode(
  "node_modules/tsx/dist/cli.mjs",
  ["watch", "--clear-screen=false", "--exclude", ".next/**", "server.ts", "--dev", ...process.argv.slice(2)],
  { env: { NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" } },
);
