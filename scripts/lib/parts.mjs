import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
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

/** So many files may fail beside others and be asked again; where more fail, something is broken. */
const ASKED_AGAIN = 3;

/**
 * Runs vitest and counts. A few files that failed are run once more by themselves, one after the other: the tests of
 * leases, sockets and processes have clocks, and a machine with others' work on it can starve one. What passes the
 * second time counts as passed and is listed with what it said the first time; what fails twice has failed.
 * @param args {string[]} for vitest: files, options
 * @param env {Record<string, string>}
 * @returns {Promise<{passed: number, failed: number, notes: string[]}>} `notes`: each failure in a line, for the end
 */
export async function vitest(args = [], env = {}) {
  const first = await runVitest(args, env);
  const files = [...new Set(first.failures.map(({ file }) => file))];
  if (first.broken || files.length === 0 || files.length > ASKED_AGAIN) return counted(first);
  say(`${files.length} of the files failed; once more, by themselves: ${files.join(" ")}`);
  const config = args.filter((each, at) => each === "--config" || args[at - 1] === "--config");
  const second = await runVitest([...config, "--no-file-parallelism", ...files], env);
  if (second.broken) return counted(first);
  const again = counted(second);
  const mended = first.failures.length - again.failed;
  return {
    passed: first.passed + Math.max(0, mended),
    failed: again.failed,
    notes: [...lines("failed at first", first.failures), ...again.notes],
  };
}

const lines = (what, failures) =>
  failures.map(({ file, title, said }) => `${what}: ${file} > ${title}: ${said}`);

const counted = ({ passed, failures, broken }) => ({
  passed,
  failed: failures.length + (broken ? 1 : 0),
  notes: [
    ...lines("FAILED", failures),
    ...(broken ? ["FAILED: vitest did not come to an end, see above"] : []),
  ],
});

/** Vitest tells its counts in a file, so what it prints stays for people. */
async function runVitest(args, env) {
  const folder = mkdtempSync(join(tmpdir(), "besom-report-"));
  const report = join(folder, "report.json");
  try {
    const code = await runNode(
      "node_modules/vitest/vitest.mjs",
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args],
      { env },
    );
    const { passed, failures } = readReport(report);
    // Errors outside of tests, a setup that broke, no test at all: the exit code knows.
    return { passed, failures, broken: code !== 0 && failures.length === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failures: [] }; // it did not come to an end
  }
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((each) => each.status === "failed");
    const said = (text) => (text ?? "").split("\n", 1)[0].slice(0, 300);
    const path = relative(process.cwd(), name);
    // A file that can't even be loaded has no tests that could fail.
    if (status === "failed" && failed.length === 0)
      return [{ file: path, title: "the file itself", said: said(message) }];
    return failed.map(({ fullName, failureMessages }) => ({
      file: path,
      title: fullName,
      said: said(failureMessages[0]),
    }));
  });
  return { passed: report.numPassedTests, failures };
}

/**
 * Runs the parts in turn and prints their notes, one line for each part, then the sum as the last line.
 * @param parts {Record<string, () => Promise<{passed: number, failed: number, notes?: string[]}>>}
 * @returns the exit code
 */
export async function runParts(parts) {
  const rows = [];
  const told = [];
  const total = { passed: 0, failed: 0 };
  for (const [name, part] of Object.entries(parts)) {
    say(`${name} ...`);
    const began = performance.now();
    const { passed, failed, notes = [] } = await part();
    told.push(...notes);
    total.passed += passed;
    total.failed += failed;
    rows.push(
      `${name.padEnd(10)} ${failed === 0 ? "ok" : "FAILED"}  ${passed} passed, ${failed} failed  ${seconds(began)}`,
    );
  }
  console.log(`\n${[...told, ...rows].join("\n")}\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}
