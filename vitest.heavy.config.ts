import { defineConfig } from "vitest/config";

/** What takes minutes, real processes or a browser: `.ci/run` runs it after the fast suite, one file at a time. */
export default defineConfig({
  resolve: {
    alias: [
      { find: "@", replacement: import.meta.dirname },
      // As in vitest.config.ts: one copy of graphql, the one that Node resolves.
      { find: /^graphql$/, replacement: `${import.meta.dirname}/node_modules/graphql/index.js` },
    ],
  },
  test: {
    environment: "node",
    globalSetup: ["test/support/postgres.ts", "test/support/site-host.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    include: ["test/heavy/**/*.test.{ts,tsx}", "test/e2e/**/*.test.{ts,tsx}"],
  },
});
