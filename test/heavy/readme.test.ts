import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { freePort } from "@/db/embedded/postmaster";
import { until } from "../support/world";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const commands = [...README.matchAll(/```sh\n(.*?)```/gs)]
  .flatMap(([, block = ""]) => block.split("\n"))
  .map((line) => line.replace(/\s+#.*$/, "").trim())
  .filter(Boolean);

/** These are parts of .ci/run, which runs this test too. */
const RUN_BY_CI = ["npm run demo", "npm test"];

test("every command of the README does what it says", { timeout: 300_000 }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "besom readme "));
  const env: NodeJS.ProcessEnv = Object.assign({}, process.env, {
    BESOM_DATA_DIR: dataDir,
    BESOM_PORT: String(await freePort(undefined)),
  });
  delete env.DATABASE_URL;
  const run = async (command: string) => {
    const { stdout } = await promisify(execFile)("sh", ["-c", command], {
      cwd: ROOT,
      env,
      maxBuffer: 16 << 20,
    });
    return stdout;
  };
  expect(commands).toEqual([
    "npm run demo",
    "npm start",
    "npx besom sweep examples/digits/grid.yaml",
    "npx besom agent SWEEP_ID --slots 2",
    "npx besom runs SWEEP_ID",
    "npx besom best SWEEP_ID",
    "npm test",
    "npm run bench",
  ]);
  const ci = readFileSync(join(ROOT, ".ci/run"), "utf8");
  for (const command of RUN_BY_CI) expect(ci).toContain(command);

  const server = spawn("npm", ["start"], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  try {
    await until(
      async () =>
        (await fetch(`http://127.0.0.1:${env.BESOM_PORT}/readyz`).catch(() => undefined))?.ok === true,
      60_000,
      () => "npm start is not ready",
    );
    const created = await run("npx besom sweep examples/digits/grid.yaml");
    const [, sweepId = ""] = /besom agent \S*?([a-z0-9]{8})\b/.exec(created) ?? [];
    expect(created).toContain(`/sweeps/${sweepId}`);
    await run(`npx besom agent ${sweepId} --slots 2`);
    const runs = await run(`npx besom runs ${sweepId}`);
    expect(runs.match(/\bfinished\b/g)).toHaveLength(12);
    expect(await run(`npx besom best ${sweepId}`)).toMatch(/val_accuracy.*0\.9\d/s);
    // All of them take minutes; each is run by itself with names. One shows that the command works.
    expect(await run("npm run bench -- points")).toMatch(/points/);
  } finally {
    process.kill(-(server.pid ?? 0), "SIGTERM");
    await new Promise((resolve) =>
      server.exitCode === null ? server.once("exit", resolve) : resolve(undefined),
    );
    rmSync(dataDir, { recursive: true, force: true });
  }
});
