import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openPool } from "@/compute/threads/pool";

const request = { key: "a/1", config: "{}", seed: "", from: 0, events: [], count: 1, withinMs: 1, paceMs: 1 };

test("a thread that can't start fails its task and not the process, and the next task gets another thread", async () => {
  const folder = mkdtempSync(join(tmpdir(), "besom-pool-"));
  const worker = join(folder, "worker.mjs");
  writeFileSync(worker, 'throw new Error("not today");\n');
  const pool = openPool(worker);
  try {
    await pool.warm();
    await expect(pool.run("propose", request)).rejects.toThrow("not today");
    writeFileSync(worker, "export default () => ({ known: false });\n");
    expect(await pool.run("propose", request)).toEqual({ known: false });
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true });
  }
});
