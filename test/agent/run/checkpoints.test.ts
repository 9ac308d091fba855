import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Checkpoints } from "@/agent/run/checkpoints";
import { waitFor } from "../../support/recorder";

async function withFolder(body: (cwd: string) => Promise<void>): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), "besom-test-"));
  try {
    await body(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
const isGone = (dir: string) => waitFor(`the end of ${dir}`, () => !existsSync(dir));

test("a run's folder for checkpoints is made where the agent runs, the same each time, and goes when nothing was saved", async () => {
  await withFolder(async (cwd) => {
    const checkpoints = new Checkpoints("sweep123", cwd, {});
    const first = checkpoints.open("abcd1234");
    expect(first.dir).toBe(join(cwd, ".besom/checkpoints/sweep123/abcd1234"));
    const other = checkpoints.open("other");
    writeFileSync(join(first.dir, "model.pt"), "weights");
    for (const one of [first, other]) one.close();
    await isGone(other.dir);
    checkpoints.close();
    expect(readdirSync(join(cwd, ".besom/checkpoints/sweep123"))).toEqual(["abcd1234"]);
    const again = new Checkpoints("sweep123", cwd, {});
    const folder = again.open("abcd1234");
    expect(readdirSync(folder.dir)).toEqual(["model.pt"]);
    rmSync(join(folder.dir, "model.pt"));
    folder.close();
    await isGone(folder.dir);
    again.close();
    expect(readdirSync(cwd)).toEqual([]);
  });
});

test("BESOM_CHECKPOINT_ROOT says where, and stays; a place that can't be written to is told", async () => {
  await withFolder(async (cwd) => {
    const checkpoints = new Checkpoints("sweep123", cwd, { BESOM_CHECKPOINT_ROOT: "shared" });
    const folder = checkpoints.open("abcd1234");
    expect(folder.dir).toBe(join(cwd, "shared/sweep123/abcd1234"));
    folder.close();
    await isGone(folder.dir);
    checkpoints.close();
    expect(readdirSync(join(cwd, "shared"))).toEqual([]);
    const nowhere = new Checkpoints("sweep123", cwd, { BESOM_CHECKPOINT_ROOT: "/proc/nowhere" });
    expect(() => nowhere.open("a")).toThrow();
  });
});
