import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoints } from "@/agent/run/checkpoints";

const facts = { sweepId: "sweep123", runName: "abcd1234" };

test("a run's folder for checkpoints is made where the agent runs, the same each time, and goes when nothing was saved", () => {
  const cwd = mkdtempSync(join(tmpdir(), "besom-test-"));
  try {
    const first = openCheckpoints({ ...facts, cwd }, {});
    expect(first.dir).toBe(join(cwd, ".besom/checkpoints/sweep123/abcd1234"));
    const other = openCheckpoints({ ...facts, runName: "other", cwd }, {});
    writeFileSync(join(first.dir, "model.pt"), "weights");
    other.close();
    first.close();
    expect(readdirSync(join(cwd, ".besom/checkpoints/sweep123"))).toEqual(["abcd1234"]);
    const again = openCheckpoints({ ...facts, cwd }, {});
    expect(readdirSync(again.dir)).toEqual(["model.pt"]);
    rmSync(join(again.dir, "model.pt"));
    again.close();
    expect(readdirSync(cwd)).toEqual([]);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});

test("BESOM_CHECKPOINT_ROOT says where, and stays; a place that can't be written to is told", () => {
  const cwd = mkdtempSync(join(tmpdir(), "besom-test-"));
  try {
    const folder = openCheckpoints({ ...facts, cwd }, { BESOM_CHECKPOINT_ROOT: "shared" });
    expect(folder.dir).toBe(join(cwd, "shared/sweep123/abcd1234"));
    folder.close();
    expect(readdirSync(join(cwd, "shared"))).toEqual([]);
    expect(existsSync(join(cwd, ".besom"))).toBe(false);
    expect(() => openCheckpoints({ ...facts, cwd }, { BESOM_CHECKPOINT_ROOT: "/proc/nowhere" })).toThrow();
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});
