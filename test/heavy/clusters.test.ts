import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addLaunch } from "@/agent/commands/launch";
import { CLIENTS } from "@/agent/launch/plan";
import { expectEveryPointOnce } from "../support/invariants";
import { hasPython } from "../support/python";
import { sharedWorld } from "../support/shared-world";
import { whyNoSlurm, withSlurm } from "../support/slurm";
import { until } from "../support/world";

const run = promisify(execFile);
const noSlurm = whyNoSlurm();
if (noSlurm !== undefined) console.warn(`SKIPPED: no Slurm here: ${noSlurm}`);
/** Some 100 MB of packages. */
const isBrief = process.env.BESOM_CI === "brief";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "besom-clusters-"));
  chmodSync(folder, 0o755); // munged runs as another user
});
afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});
const world = sharedWorld();

/** A folder with a sweep's program, as it lies on a cluster's shared disk. */
function place(name: string): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  writeFileSync(
    join(cwd, "train.mjs"),
    `const words = Object.fromEntries(process.argv.slice(2).map((word) => word.slice(2).split("=")));
for (let step = 1; step <= Number(words.steps); step++) {
  console.log(JSON.stringify({ step, loss: Number(words.lr) / step }));
  await new Promise((resolve) => setTimeout(resolve, 20));
}`,
  );
  return cwd;
}

const sweepOf = (rates: string, steps: number) => `
method: grid
program: train.mjs
command: [node, "\${program}", "\${args}"]
metric: { name: loss, goal: minimize }
parameters: { lr: { values: [${rates}] }, steps: { value: ${steps} } }
`;

const envOf = (cwd: string, more: Readonly<Record<string, string>> = {}) => ({
  NODE_ENV: "test" as const,
  PATH: process.env.PATH ?? "",
  HOME: cwd,
  BESOM_URL: world.servers[0]?.url ?? "",
  BESOM_API_KEY: world.key,
  npm_config_cache: join(cwd, "npm"),
  npm_config_registry: "http://127.0.0.1:9/",
  npm_config_update_notifier: "false",
  ...more,
});

async function launch(words: readonly string[], cwd: string, env: Record<string, string>): Promise<string> {
  let said = "";
  const say = (text: string) => {
    said += `${text}\n`;
  };
  const program = new Command("besom").exitOverride();
  addLaunch(program, { env, cwd, out: say, err: say, color: false });
  await program.parseAsync(["launch", ...words], { from: "user" });
  return said;
}

const statesOf = async (sweepId: string) =>
  (await world.db.sql`select state from runs where sweep_id = ${sweepId} order by id`).map(
    ({ state }) => state,
  );

const readLogs = (cwd: string): string =>
  readdirSync(cwd)
    .filter((name) => name.endsWith(".log"))
    .map((name) => readFileSync(join(cwd, name), "utf8"))
    .join("\n");

describe.skipIf(noSlurm !== undefined)("Slurm", () => {
  test("an array job works a sweep off, each configuration once; an agent that Slurm warns hands its run back", async () => {
    const home = join(folder, "slurm");
    mkdirSync(home);
    await withSlurm(home, async (slurm) => {
      const isOver = async () => (await slurm.run("squeue", "-h")) === "";

      const cwd = place("slurm-array");
      const sweepId = await world.createSweep(sweepOf("0.1, 0.2, 0.3, 0.4", 20));
      const words = ["slurm", sweepId, "--agents", "2", "--partition", "test", "--time", "10", "--cpus", "1"];
      const said = await launch([...words, "--submit"], cwd, envOf(cwd, slurm.env));
      expect(said).toContain("Submitted batch job");
      await until(isOver, 60_000, () => readLogs(cwd));
      await expectEveryPointOnce(world.db, sweepId, 4);
      expect(readLogs(cwd).match(/done: /g), readLogs(cwd)).toHaveLength(2);
      expect(readLogs(cwd)).not.toContain(world.key);

      for (const client of ["node", ...(hasPython() ? ["python"] : [])]) {
        const there = place(`slurm-warned-${client}`);
        const long = await world.createSweep(sweepOf("0.1", 100_000));
        await launch(["slurm", long, "--client", client, "--submit"], there, envOf(there, slurm.env));
        const begun = async () => (await statesOf(long)).includes("running");
        await until(begun, 60_000, () => readLogs(there));
        // What --signal=B:TERM@60 sends before the time limit.
        const job = await slurm.run("squeue", "-h", "-o", "%A");
        await slurm.run("scancel", "--signal=TERM", "--batch", job);
        await until(isOver, 30_000, () => readLogs(there));
        expect(await statesOf(long), readLogs(there)).toEqual(["pending"]);
        expect(readLogs(there)).toContain("SIGTERM now");
        const [row] = await world.db.sql`
          select a.state, a.reason from attempts a join runs r on r.id = a.run_id where r.sweep_id = ${long}`;
        expect(row).toMatchObject({ state: "preempted", reason: "agent_gone" });
      }
    });
  });
});

describe.skipIf(!hasPython() || isBrief)("Ray and Kubernetes", () => {
  let python: string;
  beforeAll(async () => {
    await run("python3", ["-m", "venv", join(folder, "venv")]);
    python = join(folder, "venv/bin/python");
    const packages = ["ray==2.60.0", "kubernetes-validate==1.37.0"];
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], {
      timeout: 280_000,
    });
  });

  test("Ray tasks work a sweep off, each configuration once", async () => {
    const cwd = place("ray");
    const sweepId = await world.createSweep(sweepOf("0.1, 0.2, 0.3, 0.4", 20));
    await launch(["ray", sweepId, "--agents", "2", "-o", "agents.py"], cwd, envOf(cwd));
    const sockets = mkdtempSync("/tmp/besom-ray-"); // their paths have 107 characters at most
    const env = envOf(cwd, { RAY_USAGE_STATS_ENABLED: "0", RAY_TMPDIR: sockets });
    try {
      const { stdout } = await run(python, ["agents.py"], { cwd, env, timeout: 200_000 });
      expect(stdout).toContain("agents ended with exit codes [0, 0]");
    } finally {
      rmSync(sockets, { recursive: true, force: true });
    }
    await expectEveryPointOnce(world.db, sweepId, 4);
    expect(readFileSync(join(cwd, "agents.py"), "utf8")).not.toContain(world.key);
  });

  test("Kubernetes' own schemas take the Job, and would refuse a wrong one", async () => {
    const cwd = place("kubernetes");
    const words = ["--agents", "3", "--image", "digits:1", "--gpus", "1", "--cpus", "2", "--mem", "4G"];
    const validate = (file: string, version: string) =>
      run(join(folder, "venv/bin/kubernetes-validate"), ["--strict", "-k", version, file], { cwd });
    for (const client of CLIENTS) {
      const file = `${client}.yaml`;
      await launch(["kubernetes", "abcd1234", ...words, "--client", client, "-o", file], cwd, envOf(cwd));
      for (const version of ["1.31.0", "1.37.0"]) await validate(file, version);
    }
    const text = readFileSync(join(cwd, "node.yaml"), "utf8");
    writeFileSync(join(cwd, "wrong.yaml"), text.replace("completions: 3", "completions: three"));
    await expect(validate("wrong.yaml", "1.37.0")).rejects.toThrow();
  });
});
