/**
 * From `npm start` to ready, installed and built: into an empty data folder, and again. Goals: 4 s the first time,
 * 2 s later. Ready means that /readyz says so; pages follow within a moment of their own.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@/db/embedded/postmaster";
import { median, untilReady } from "./support/stage";

const ROOT = join(import.meta.dirname, "..");
const ROUNDS = 3;
const times = { first: [] as number[], later: [] as number[], page: [] as number[] };

for (let round = 0; round < ROUNDS; round++) {
  const dataDir = mkdtempSync(join(tmpdir(), "besom-start-"));
  times.first.push((await start(dataDir)).readyMs);
  const later = await start(dataDir);
  times.later.push(later.readyMs);
  times.page.push(later.pageMs);
  rmSync(dataDir, { recursive: true, force: true });
}
console.log(`npm start to ready, first time: median ${Math.round(median(times.first))} ms (goal 4,000 ms)`);
console.log(`npm start to ready, later:      median ${Math.round(median(times.later))} ms (goal 2,000 ms)`);
console.log(`npm start to the first page:    median ${Math.round(median(times.page))} ms`);

async function start(dataDir: string): Promise<{ readyMs: number; pageMs: number }> {
  const port = await freePort(undefined);
  const url = `http://127.0.0.1:${port}`;
  const { DATABASE_URL: _, ...env } = process.env;
  const begin = performance.now();
  const child = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { ...env, NODE_ENV: "production", BESOM_DATA_DIR: dataDir, BESOM_PORT: String(port) },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  await untilReady(url, child);
  const readyMs = performance.now() - begin;
  const page = await fetch(`${url}/login`);
  await page.text();
  if (page.status >= 500) throw new Error(`the first page answered ${page.status}`);
  const pageMs = performance.now() - begin;
  process.kill(-(child.pid ?? 0), "SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  return { readyMs, pageMs };
}
