import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "besom-python-test-"));
const bin = (name: string, script: string): void => {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
};

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("PATH", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

test("peers are not installed by a Python for which the pinned versions don't exist, and it is said which there are", async () => {
  bin("python3", "echo 3.13");
  const { pythonOf } = await import("@/bench/search/python");
  expect(() => pythonOf("hebo", () => {})).toThrow(
    "the pinned versions want Python 3.11: python3.11 is missing, or without the modules venv and ensurepip (python3-venv of Debian); python3 is 3.13",
  );
  expect(readdirSync(join(folder, "cache/besom-bench-search"))).toEqual([]);
});
