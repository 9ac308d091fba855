import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "@/db/embedded/postmaster";
import { readRecipes } from "../support/recipes";
import { until } from "../support/world";

/**
 * The guides, read as a new user reads them: files are written as they stand, commands are run as they stand, in order, against
 * a server that `npm start` started. (docs/python.md, docs/graphql.md and docs/clusters.md have suites of their own.)
 */
const ROOT = join(import.meta.dirname, "../..");
const READ_HERE = ["quickstart", "existing-project", "sweep-file", "agent", "cli", "typescript"];
const READ_ELSEWHERE = ["python", "graphql", "clusters"];

const data = mkdtempSync(join(tmpdir(), "besom docs "));
// Below the clone, where `npx besom` is the clone's; git does not see it.
const folder = join(ROOT, "test/output", `docs-${process.pid}`);
let env: Record<string, string | undefined> = {};
let server: ReturnType<typeof spawn> | undefined;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const port = String(await freePort(undefined));
  const { DATABASE_URL: _, ...rest } = process.env;
  env = { ...rest, BESOM_DATA_DIR: data, BESOM_PORT: port, BESOM_URL: `http://localhost:${port}` };
  const { BESOM_URL: _url, ...ofServer } = env;
  server = spawn("npm", ["start"], {
    cwd: ROOT,
    env: ofServer as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  await until(
    async () => (await fetch(`${env.BESOM_URL}/readyz`).catch(() => undefined))?.ok === true,
    180_000,
    () => "npm start is not ready",
  );
});

afterAll(async () => {
  if (server?.pid !== undefined && server.exitCode === null) {
    process.kill(-server.pid, "SIGTERM");
    await new Promise((resolve) => server?.once("exit", resolve));
  }
  for (const path of [folder, data]) rmSync(path, { recursive: true, force: true });
});

const guide = (name: string): string => readFileSync(join(ROOT, `docs/${name}.md`), "utf8");
/** Blocks inside lists are indented. */
const blocksOf = (name: string) => readRecipes(guide(name).replaceAll(/^ {3}/gm, ""));

/** Writes the blocks that begin with a file's name: `# train.py`, `// train.mjs`. */
function writeFiles(name: string): void {
  for (const { code } of blocksOf(name)) {
    const file = /^(?:#|\/\/) ([\w-]+\.(?:py|yaml|mjs|ts))\b/.exec(code)?.[1];
    if (file) writeFileSync(join(folder, file), code);
  }
}

const commandsOf = (name: string): string[] =>
  blocksOf(name)
    .filter(({ language }) => language === "sh")
    .flatMap(({ code }) => code.split("\n"))
    .map((line) => line.replace(/\s+#\s.*$/, "").trim())
    .filter(Boolean);

const run = async (command: string, cwd = folder): Promise<string> => {
  const ran = await promisify(execFile)("sh", ["-c", command], {
    cwd,
    env: env as NodeJS.ProcessEnv,
    maxBuffer: 16 << 20,
  });
  return ran.stdout + ran.stderr;
};

/** Of a sweep that `besom sweep` just made. */
const sweepOf = (said: string): string => /agent .*?\b([a-z0-9]{8})$/m.exec(said)?.[1] ?? "";

test("every guide starts with a command to copy", () => {
  for (const name of [...READ_HERE, ...READ_ELSEWHERE]) {
    const [opening = ""] = guide(name).split(/^## /m);
    expect(readRecipes(opening)[0]?.language, name).toBe("sh");
  }
});

test("the first commands about sweep files and the command line do what they say", async () => {
  const [check = ""] = commandsOf("sweep-file");
  expect(await run(check, ROOT)).toBe("examples/digits/grid.yaml is a valid grid sweep\n");
  const [doctor = ""] = commandsOf("cli");
  expect(await run(doctor, ROOT)).toMatch(/^ok {4}server: http/m);
});

test("the quickstart's commands lead from nothing to the best run", async () => {
  const [demo, start, sweep = "", agent = "", best = "", exported = ""] = commandsOf("quickstart");
  // .ci/run starts the first, this file the second.
  expect([demo, start]).toEqual(["npm run demo", "npm start"]);
  expect(readFileSync(join(ROOT, ".ci/run"), "utf8")).toContain("npm run demo");
  writeFiles("quickstart");
  const id = sweepOf(await run(sweep));
  expect(await run(agent.replace("SWEEP_ID", id))).toContain("done: 12 finished");
  expect(await run(best.replace("SWEEP_ID", id))).toMatch(/loss \S+ \(minimize it\), of 12 finished runs/);
  await run(exported.replace("SWEEP_ID", id));
  expect(readFileSync(join(folder, "runs.csv"), "utf8").trim().split("\n")).toHaveLength(13);
});

test("a project that knows nothing of sweeps gets them by the server's client and log_pattern", async () => {
  writeFiles("existing-project");
  const [check = "", sweep = "", agent = ""] = commandsOf("existing-project");
  expect(await run(check)).toContain("sweep.yaml is a valid grid sweep");
  const id = sweepOf(await run(sweep));
  expect(await run(agent.replace("SWEEP_ID", id))).toContain("done: 2 finished");
  expect(await run(`npx besom best ${id}`)).toContain("val_loss 0.033");
});

test("an agent runs two at a time, and what nobody left behind is recovered", async () => {
  const [agent = "", recover = ""] = commandsOf("agent");
  const id = sweepOf(await run("npx besom sweep examples/digits-python/sweep.yaml", ROOT));
  const said = await run(agent.replace("SWEEP", id), ROOT);
  expect(said).toContain("2 slots");
  expect(said).toContain("done: 6 finished");
  expect(await run(recover)).toMatch(/nothing|delivered/);
});

test("a Node project gets besom/client from the server, logs a run and asks for it", async () => {
  const project = join(folder, "node project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{"type":"module"}');
  const [install = ""] = commandsOf("typescript");
  await run(install.replace("http://HOST:3000", env.BESOM_URL ?? ""), project);
  const [logging, asking] = blocksOf("typescript").filter(({ language }) => language === "js");
  writeFileSync(join(project, "train.js"), logging?.code ?? "");
  expect(await run("node train.js", project)).toMatch(/besom: this run is http\S+\/digits\/runs\//);
  const id = sweepOf(await run("npx besom sweep examples/digits-python/sweep.yaml", ROOT));
  writeFileSync(join(project, "ask.js"), (asking?.code ?? "").replace("abcd1234", id));
  expect(await run("node ask.js", project)).toContain("{ sweep: { name: 'digits-python', bestRun: null } }");
});
