import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { FIXTURES, installWandb, startWandb, type Wandb, type WandbOptions } from "./wandb-client";
import { ask, type World } from "./world";

/** What tests with the real client do again and again. */
export interface WandbSuite {
  /** Of whoever's key it is. */
  readonly entity: () => string;
  readonly bin: () => string;
  /** A program of the fixtures, `wandb ...`, or Python's own words. */
  readonly start: (words: readonly string[], options?: WandbOptions) => ReturnType<typeof startWandb>;
  /** Runs it to its end, which is to be a good one. */
  readonly run: (words: readonly string[], options?: WandbOptions) => Promise<ReturnType<typeof startWandb>>;
  /** A folder with a program and a sweep file in it, as a repository has them. @returns the sweep's id */
  readonly sweep: (cwd: string, project: string, file: string, program?: string) => Promise<string>;
  readonly newFolder: () => string;
}

/** Installs the packages before the first test of a block, and skips its tests with a loud line where they can't be. */
export function wandbSuite(world: World, ...packages: readonly string[]): WandbSuite {
  let folder: string;
  let wandb: Wandb | undefined;
  let missing = "";
  let entity = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "besom-wandb-"));
    const found = await installWandb(folder, ...packages);
    if (typeof found === "string") missing = found;
    else wandb = found;
    const rows = await world.db.sql<{ name: string }[]>`
      select e.name from users u join entities e on e.id = u.entity_id order by u.id limit 1`;
    entity = rows[0]?.name ?? "";
  }, 900_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(({ skip }) => {
    if (wandb !== undefined) return;
    console.warn(`SKIPPED: no ${packages.join(", ")} can be installed: ${missing}`);
    skip();
  });

  const start: WandbSuite["start"] = (words, options) => {
    if (wandb === undefined) throw new Error(missing);
    return startWandb(world, wandb, words, options);
  };
  const run: WandbSuite["run"] = async (words, options) => {
    const started = start(words, options);
    expect(await started.exited, started.output()).toBe(0);
    return started;
  };
  return {
    ...{ start, run },
    entity: () => entity,
    bin: () => wandb?.bin ?? "",
    newFolder: () => mkdtempSync(join(world.folder, "repository-")),
    sweep: async (cwd, project, file, program = "train.py") => {
      copyFileSync(join(FIXTURES, program), join(cwd, program));
      writeFileSync(join(cwd, "sweep.yaml"), `program: ${program}\n${file}`);
      const { output } = await run(["wandb", "sweep", "--project", project, "sweep.yaml"], { cwd });
      const id = /Creating sweep with ID: ([a-z0-9]{8})/.exec(output())?.[1];
      expect(id, output()).toBeDefined();
      return id ?? "";
    },
  };
}

export interface RunFacts {
  id: number;
  name: string;
  state: string;
  reason: string | null;
  detail: string | null;
  attempt: number;
  exitCode: number | null;
  objective: number | null;
  params: Record<string, unknown>;
  lines: number;
  lastStep: number | null;
}

/** A sweep's runs, or a project's, as the database has them, with their present attempt. */
export const runsOf = (world: World, where: { sweep?: string; project?: string }) => world.db.sql<RunFacts[]>`
  select r.id, r.name, r.state, r.state_reason as reason, r.state_detail as detail, r.attempt, r.exit_code as "exitCode", r.objective,
    r.params::text::json as params, a.history_lines as lines, a.last_step as "lastStep"
  from runs r join projects p on p.id = r.project_id join attempts a on a.run_id = r.id and a.number = r.attempt
  where ${where.sweep ? world.db.sql`r.sweep_id = ${where.sweep}` : world.db.sql`p.name = ${where.project ?? ""}`} order by r.id`;

/** What a run logged of a metric, by step, as the API tells it. */
export async function seriesOf(world: World, run: number, metric: string): Promise<number[]> {
  const [server] = world.servers;
  const answer = await ask(
    server?.url ?? "",
    world.key,
    "query ($id: ID!, $keys: [String!]) { run(id: $id) { history(keys: $keys, samples: 1500) { exact series { points { values } } } } }",
    { id: String(run), keys: [metric] },
  );
  const { run: read } = answer as {
    run: { history: { exact: boolean; series: { points: { values: number[] } }[] } };
  };
  expect(read.history.exact).toBe(true);
  return read.history.series[0]?.points.values ?? [];
}

/** The last JSON that a program printed; its client writes on standard output as well. */
export const saidBy = (lines: readonly string[]): unknown =>
  JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "null");

/** Tells all processes with MARK=mark in their environment: an agent's training program and its sidecar have sessions of their own. */
export function signalMarked(mark: string, signal: NodeJS.Signals): number {
  let told = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(`MARK=${mark}\0`)) continue;
      process.kill(Number(pid), signal);
      told++;
    } catch {
      // It has ended meanwhile.
    }
  }
  return told;
}
