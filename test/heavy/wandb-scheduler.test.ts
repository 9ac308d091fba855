import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hasPython } from "../support/python";
import { installWandb, startWandb, type Wandb, type WandbOptions } from "../support/wandb-client";
import { until, type World, withWorld } from "../support/world";

/**
 * W&B's own programs that choose a sweep's runs on somebody's machine, unmodified, with two servers of one database: the controller and the
 * schedulers ask one, agents the other. All of it takes some five minutes.
 */
const FIXTURES = join(import.meta.dirname, "../fixtures/wandb");

let world: World;
let leave = () => {};
let over: Promise<void> | undefined;
let folder: string;
let wandb: Wandb | undefined;
let missing = "";
let entity: string;

beforeAll(async () => {
  if (!hasPython()) return;
  await new Promise<void>((ready, fail) => {
    over = withWorld({ servers: 2 }, (started) => {
      world = started;
      ready();
      return new Promise((resolve) => {
        leave = resolve;
      });
    });
    over.catch(fail);
  });
  folder = mkdtempSync(join(tmpdir(), "besom-scheduler-"));
  const found = await installWandb(folder, "wandb>=0.31", "sweeps", "optuna");
  if (typeof found === "string") missing = found;
  else wandb = found;
  const [row] = await world.db.sql<{ name: string }[]>`
    select e.name from users u join entities e on e.id = u.entity_id order by u.id limit 1`;
  entity = row?.name ?? "";
}, 400_000);
afterAll(async () => {
  leave();
  await over;
  if (folder) rmSync(folder, { recursive: true, force: true });
});
beforeEach(({ skip }) => {
  if (wandb !== undefined) return;
  console.warn(`SKIPPED: no wandb with a scheduler can be installed: ${missing}`);
  skip();
});

const start = (words: readonly string[], options?: WandbOptions) => {
  if (wandb === undefined) throw new Error(missing);
  return startWandb(world, wandb, words, options);
};
async function run(words: readonly string[], options?: WandbOptions) {
  const started = start(words, options);
  expect(await started.exited, started.output()).toBe(0);
  return started;
}
const second = () => world.servers[1]?.url ?? "";

/** A folder with a program and a sweep file in it. @returns the sweep's id */
async function sweep(cwd: string, project: string, file: string): Promise<string> {
  copyFileSync(join(FIXTURES, "train.py"), join(cwd, "train.py"));
  writeFileSync(join(cwd, "sweep.yaml"), `program: train.py\nmetric: {name: loss, goal: minimize}\n${file}`);
  const { output } = await run(["wandb", "sweep", "--project", project, "sweep.yaml"], { cwd });
  const id = /Creating sweep with ID: ([a-z0-9]{8})/.exec(output())?.[1];
  expect(id, output()).toBeDefined();
  return id ?? "";
}
const newFolder = () => mkdtempSync(join(world.folder, "repository-"));

interface RunFacts {
  name: string;
  state: string;
  params: Record<string, unknown>;
  lines: number;
  attempt: number;
}
const runsOf = (id: string) => world.db.sql<RunFacts[]>`
  select r.name, r.state, r.params::text::json as params, r.attempt, coalesce(a.history_lines, 0)::int as lines
  from runs r left join attempts a on a.run_id = r.id and a.number = r.attempt where r.sweep_id = ${id} order by r.id`;
const stateOf = async (id: string) =>
  (await world.db.sql`select state, state_reason as reason from sweeps where id = ${id}`)[0];
const agentsOf = async (id: string) =>
  (
    await world.db.sql<{ kind: string; runs: number }[]>`
      select case when w.agent_id is null then 'besom' else 'wandb' end as kind, count(*)::int as runs
      from attempts a left join wire_agents w on w.agent_id = a.agent_id where a.sweep_id = ${id} group by 1 order by 1`
  ).map((row) => ({ ...row }));

describe.skipIf(!hasPython())("a search on somebody's machine", () => {
  test("wandb controller works a grid off by two agents, one of them ours, each point once, and leaves when it is done", async () => {
    const cwd = newFolder();
    const id = await sweep(
      cwd,
      "controlled",
      "method: grid\ncontroller: {type: local}\nparameters:\n  lr: {values: [0.1, 0.2, 0.4, 1.0]}\n  steps: {value: 8}\n",
    );
    const env = { PAUSE: "1" };
    const theirs = start(["wandb", "agent", `${entity}/controlled/${id}`], { cwd, env, url: second() });
    const ours = world.besom(["agent", id], {
      cwd,
      env: { ...env, PATH: `${wandb?.bin}:${process.env.PATH}` },
      ...(world.servers[1] && { server: world.servers[1] }),
    });
    // Nobody controls it yet.
    await pause(6_000);
    expect(await runsOf(id)).toEqual([]);
    const controller = start(["wandb", "controller", "--verbose", id], {
      cwd,
      env: { WANDB_PROJECT: "controlled", WANDB_ENTITY: entity },
    });
    expect(await controller.exited, controller.output()).toBe(0);
    for (const agent of [theirs, ours]) expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(id);
    expect(runs.map(({ params }) => params.lr)).toEqual([0.1, 0.2, 0.4, 1]);
    for (const one of runs) expect(one).toMatchObject({ state: "finished", lines: 8 });
    expect(await stateOf(id)).toEqual({ state: "finished", reason: "exhausted" });
    expect((await agentsOf(id)).map(({ kind }) => kind)).toEqual(["besom", "wandb"]);
    expect(controller.output()).toMatch(/Runs: 4 \(.*Finished: [34]\)/);
    expect(theirs.output()).toMatch(/--lr=(0\.\d|1\.0)/);
  }, 240_000);

  test("a search function of one's own, and W&B's hyperband, which ends the run that is worse", async () => {
    const cwd = newFolder();
    copyFileSync(join(FIXTURES, "train.py"), join(cwd, "train.py"));
    const controller = start(["controller.py"], { cwd, env: { ENTITY: entity } });
    await until(
      async () => controller.lines().some((line) => line.startsWith("{")),
      60_000,
      () => controller.output(),
    );
    const { sweep: id } = JSON.parse(controller.lines().find((line) => line.startsWith("{")) ?? "{}");
    const agent = start(["wandb", "agent", `${entity}/own-search/${id}`], {
      cwd,
      env: { PAUSE: "1" },
      url: second(),
    });
    expect(await controller.exited, controller.output()).toBe(0);
    expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(id);
    expect(runs.map(({ params, state }) => [params.lr, state])).toEqual([
      [0.1, "finished"],
      [0.8, "killed"],
      [0.05, "finished"],
    ]);
    // It had 90 steps of a second to go.
    expect(runs[1]?.lines).toBeLessThan(80);
    expect(controller.output()).toContain(`Stop (${runs[1]?.name})`);
    expect(await stateOf(id)).toEqual({ state: "finished", reason: "exhausted" });
  }, 300_000);

  test("wandb sweep-scheduler with W&B's own search runs a grid, also when it is interrupted and started again", async () => {
    const cwd = newFolder();
    const id = await sweep(
      cwd,
      "scheduled",
      "method: grid\nscheduler: {engine: wandb}\nparameters:\n  lr: {values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}\n",
    );
    const schedule = () =>
      start(
        [
          "wandb",
          "sweep-scheduler",
          "--batch-size",
          "2",
          "--poll-interval",
          "1",
          `${entity}/scheduled/${id}`,
        ],
        { cwd },
      );
    const first = schedule();
    await until(
      async () => (await runsOf(id)).length === 2,
      60_000,
      () => first.output(),
    );
    const agents = [0, 1].map(() =>
      start(["wandb", "agent", `${entity}/scheduled/${id}`], { cwd, env: { PAUSE: "0.5" }, url: second() }),
    );
    await until(
      async () => (await runsOf(id)).filter(({ state }) => state === "finished").length >= 2,
      60_000,
      () => first.output(),
    );
    first.child.kill("SIGINT");
    expect(await first.exited, first.output()).toBe(0);
    const again = schedule();
    expect(await again.exited, again.output()).toBe(0);
    for (const agent of agents) expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(id);
    expect(runs.map(({ params }) => params.lr)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    for (const one of runs) expect(one).toMatchObject({ state: "finished", attempt: 1 });
    expect(await stateOf(id)).toMatchObject({ state: "finished" });
    const logOf = async (name: string) =>
      (
        await world.db.sql<{ text: string }[]>`
          select string_agg(o.text, '') as text from output_chunks o join runs r on r.id = o.run_id where r.name = ${name}`
      )[0]?.text;
    expect(await logOf(`${id}-scheduler`)).toContain(`Enqueued run ${runs[0]?.name}`);
    expect(await logOf(`${id}-scheduler-2`)).toContain(`Enqueued run ${runs[5]?.name}`);
  }, 240_000);

  test("Optuna with a space of its own, where one parameter depends on another, up to run_cap", async () => {
    const cwd = newFolder();
    writeFileSync(
      join(cwd, "space.py"),
      `def space(trial):
    chosen = {
        "kind": trial.suggest_categorical("kind", ["flat", "deep"]),
        "lr": trial.suggest_float("lr", 0.001, 1.0, log=True),
    }
    if chosen["kind"] == "deep":
        chosen["depth"] = trial.suggest_int("depth", 2, 5)
    return chosen
`,
    );
    const id = await sweep(
      cwd,
      "optuna",
      "method: custom\nrun_cap: 5\nscheduler: {engine: optuna, source: space.py, search_space: space}\n",
    );
    const agent = start(["wandb", "agent", `${entity}/optuna/${id}`], { cwd, url: second() });
    const scheduler = start(
      ["wandb", "sweep-scheduler", "--batch-size", "2", "--poll-interval", "1", `${entity}/optuna/${id}`],
      { cwd },
    );
    expect(await scheduler.exited, scheduler.output()).toBe(0);
    expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(id);
    expect(runs).toHaveLength(5);
    for (const { params, state } of runs) {
      expect(state).toBe("finished");
      expect(Object.keys(params).sort()).toEqual(
        params.kind === "deep" ? ["depth", "kind", "lr"] : ["kind", "lr"],
      );
    }
    expect(await stateOf(id)).toEqual({ state: "finished", reason: "run_cap" });
  }, 240_000);

  test("a run that somebody asks for is the next, a run is rewound and goes on, and a fork begins behind its step", async () => {
    const cwd = newFolder();
    const id = await sweep(
      cwd,
      "asked",
      "method: random\nrun_cap: 2\nparameters:\n  lr: {min: 0.0, max: 1.0}\n",
    );
    await run(
      [
        "-c",
        `import wandb\nprint(wandb.Api().sweep("${entity}/asked/${id}").enqueue_run({"lr": 7.0, "layers": 3}, display_name="by hand"))`,
      ],
      { cwd },
    );
    const agent = await run(["wandb", "agent", `${entity}/asked/${id}`], { cwd, url: second() });
    const runs = await runsOf(id);
    expect(runs).toMatchObject([
      { state: "finished", params: { lr: 7, layers: 3 } },
      { state: "finished", params: { lr: expect.any(Number) } },
    ]);
    expect(agent.output()).toContain("--layers=3 --lr=7.0");
    const { lines } = await run(["rewind.py"], { cwd, env: { ENTITY: entity } });
    expect(JSON.parse(lines().findLast((line) => line.startsWith("{")) ?? "{}")).toEqual({
      rewound: [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 100],
        [4, 101],
      ],
      summary: 101,
      forked: [
        [3, 200],
        [4, 201],
      ],
      refused: expect.stringContaining("has logged up to step 4"),
    });
  }, 240_000);

  test("wandb verify finds nothing wrong but http", async () => {
    const verify = start(["wandb", "verify", "--host", `${world.servers[0]?.url}/wandb`]);
    expect(await verify.exited, verify.output()).toBe(0);
    const found = verify
      .lines()
      .filter((line) => line.startsWith("Checking"))
      .map((line) => [line.replace(/\.{2,}.*$/, ""), line.includes("\u2705")]);
    expect(Object.fromEntries(found)).toEqual({
      "Checking if logged in": true,
      "Checking signed URL upload": true,
      "Checking ability to send large payloads through proxy": true,
      // By design: http here, and one origin for pages and files.
      "Checking requests to base url": false,
      "Checking requests made over signed URLs": false,
      "Checking CORs configuration of the bucket": false,
      "Checking wandb package version is up to date": true,
      "Checking logged metrics, saving and downloading a file": true,
      "Checking artifact save and download workflows": true,
      "Checking sweep creation and agent execution": true,
    });
  }, 240_000);
});
