import "./lib/node-version.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { fix, format, lint, runParts, types, vitest } from "./lib/parts.mjs";

/** `npm run check`: what needs no database. `npm run check -- --fix` mends format and imports first. */
await ensureInstalled({ dev: true });
const parts = {
  format,
  lint,
  types,
  house: () => vitest(["test/house.test.ts"], { NODE_ENV: "test", BESOM_TEST_DATABASE: "none" }),
};
process.exitCode = await runParts(process.argv.includes("--fix") ? { fix, ...parts } : parts);
