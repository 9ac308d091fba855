import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

test("every search method proposes on Node 20, 22 and 24 what it proposes here, to the last bit", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/same-bytes.mjs"], { cwd: ROOT });
  const skipped = stdout.split("\n").filter((line) => line.startsWith("SKIPPED"));
  for (const line of skipped) console.warn(line);
  const same = [...stdout.matchAll(/^Node (\d+)\.\S+: all 12 searches are the same$/gm)].map(
    ([, major]) => major,
  );
  expect(same).toEqual(
    ["20", "22", "24"].filter((major) => !skipped.some((line) => line.includes(`Node ${major} `))),
  );
});
