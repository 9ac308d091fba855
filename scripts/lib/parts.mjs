import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNode } from "./run.mjs";
import { say, seconds } from "./say.mjs";

/** What a part found: how many of its checks passed and failed. */
const one = (code) => (code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

const biome = async (...args) => one(await runNode("node_modules/@biomejs/biome/bin/biome", args));

export const format = () => biome("format");
export const lint = () => biome("check", "--formatter-enabled=false", "--error-on-warnings");
export const fix = () => biome("check", "--write");
export const types = async () =>
  one(await runNode("node_modules/typescript/bin/tsc", ["--noEmit", "-p", "."]));

/** Vitest tells its counts in a file, so what it prints stays for people. */
export async function vitest(args = [], env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "besom-report-"));
  const report = join(folder, "report.json");
  try {
    const code = await runNode(
      "node_modules/vitest/vitest.mjs",
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
      { env },
    );
    return readReport(report, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file, code) {
  let passed = 0;
  let failed = 0;
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8"));
    passed = numPassedTests;
    // A file that can't even be loaded has no tests that could fail.
    const unloaded = testResults.filter(
      ({ status, assertionResults }) =>
        status === "failed" && !assertionResults.some((each) => each.status === "failed"),
    );
    failed = numFailedTests + unloaded.length;
  } catch {
    // no report: it did not come to an end
  }
  // Errors outside of tests, a setup that broke, no test at all: the exit code knows.
  return code !== 0 && failed === 0 ? { passed, failed: 1 } : { passed, failed };
}

/**
 * Runs the parts in turn and prints one line for each, then the sum as the last line.
 * @param parts {Record<string, () => Promise<{passed: number, failed: number}>>}
 * @returns the exit code
 */
export async function runParts(parts) {
  const lines = [];
  const total = { passed: 0, failed: 0 };
  for (const [name, part] of Object.entries(parts)) {
    say(`${name} ...`);
    const began = performance.now();
    const { passed, failed } = await part();
    total.passed += passed;
    total.failed += failed;
    lines.push(
      `${name.padEnd(10)} ${failed === 0 ? "ok" : "FAILED"}  ${passed} passed, ${failed} failed  ${seconds(began)}`,
    );
  }
  console.log(`\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}
