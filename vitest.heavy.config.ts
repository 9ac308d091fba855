import { defineConfig } from "vitest/config";

/** Whole servers, agents and browsers as processes, killed at random: one file after the other, and patience. */
export default defineConfig({
  resolve: { alias: { "@": import.meta.dirname } },
  test: {
    environment: "node",
    globalSetup: ["test/support/postgres.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    include: ["test/heavy/**/*.test.ts", "test/e2e/**/*.test.ts"],
  },
});
