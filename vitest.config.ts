import { defineConfig } from "vitest/config";

const alias = [
  { find: "@", replacement: import.meta.dirname },
  // As Node resolves it: Vite would take graphql's ES build, beside the other one that its dependents get.
  { find: /^graphql$/, replacement: `${import.meta.dirname}/node_modules/graphql/index.js` },
];

export default defineConfig({
  resolve: { alias },
  test: {
    environment: "node",
    globalSetup: ["test/support/postgres.ts"],
    // Two cores: more workers only make database tests wait for each other.
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    include: ["test/**/*.test.{ts,tsx}"],
    exclude: ["test/heavy/**", "test/e2e/**", "node_modules/**"],
  },
});
