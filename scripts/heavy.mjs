import "./lib/node-version.mjs";
import { ensureBuilt } from "./lib/build.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { runParts, vitest } from "./lib/parts.mjs";

/**
 * The suites that take minutes: `node scripts/heavy.mjs [test/heavy/grid ...]`. They need Chromium. Pages wait for a browser most of the
 * time, so two files of them run side by side; what measures servers under load or kills them runs alone.
 */
await ensureInstalled({ dev: true });
await ensureBuilt();
const given = process.argv.slice(2);
const files = given.length > 0 ? given : ["test/e2e", "test/heavy"];
const isPage = (file) => file.includes("e2e");
const run = (only, ...options) =>
  vitest(["--config", "vitest.heavy.config.ts", ...options, ...only], { NODE_ENV: "test" });
const [pages, others] = [files.filter(isPage), files.filter((file) => !isPage(file))];
process.exitCode = await runParts({
  ...(pages.length > 0 && { pages: () => run(pages, "--file-parallelism", "--max-workers=2") }),
  ...(others.length > 0 && { heavy: () => run(others) }),
});
