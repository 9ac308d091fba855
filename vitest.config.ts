import { defineConfig } from "vitest/config";

const alias = { "@": import.meta.dirname };

export default defineConfig({
  resolve: { alias },
  test: {
    environment: "node",
    globalSetup: ["test/support/postgres.ts"],
    // Two cores: more workers only make database tests wait for each other.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/heavy/**", "test/e2e/**", "node_modules/**"],
  },
});
