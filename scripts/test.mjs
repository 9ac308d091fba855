import "./lib/node-version.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { format, lint, runParts, types, vitest } from "./lib/parts.mjs";

/** `npm test`: the whole fast suite; with arguments (`npm test -- test/db`) those tests alone. */
await ensureInstalled({ dev: true });
const only = process.argv.slice(2);
const env = { NODE_ENV: "test" };
process.exitCode = await runParts(
  only.length > 0
    ? { tests: () => vitest(only, env) }
    : { types, format, lint, tests: () => vitest([], env) },
);
