import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
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

const LISTS_PRIORITIES = `
  const { readdirSync, readFileSync } = require("node:fs");
  import("@/compute/threads/pool").then(async ({ openPool }) => {
    const pool = openPool();
    await pool.run("propose", ${JSON.stringify({ ...request, from: 1 })});
    const stats = readdirSync("/proc/self/task").map((id) => readFileSync("/proc/self/task/" + id + "/stat", "utf8"));
    // The 19th field; the second ends with a bracket.
    console.log(JSON.stringify(stats.map((stat) => Number(stat.split(") ")[1].split(" ")[16]))));
    await pool.close();
  });`;

test.runIf(process.platform === "linux")(
  "the thread comes after the rest of its server, also where that was started by nice",
  () => {
    const nice = Math.min(getPriority() + 7, 14);
    const args = ["-n", "7", process.execPath, "--import", "tsx", "-e", LISTS_PRIORITIES];
    const priorities: number[] = JSON.parse(execFileSync("nice", args, { encoding: "utf8" }));
    expect(Math.min(...priorities)).toBe(nice);
    expect(Math.max(...priorities)).toBe(nice + 5);
  },
);
