import { describe, expect, test } from "vitest";
import { hasPython } from "../support/python";
import { ask } from "../support/server";
import { sharedWorld } from "../support/shared-world";
import { runsOf, saidBy, seriesOf, wandbSuite } from "../support/wandb-suite";
import { until } from "../support/world";

const isBrief = process.env.BESOM_CI === "brief";
/** The newest, and those that people still run. */
const VERSIONS = isBrief ? ["wandb"] : ["wandb", "wandb==0.22.3", "wandb==0.19.11"];

const world = sharedWorld({ when: hasPython() });

const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.toSorted((a, b) => Number(a.lr) - Number(b.lr));

describe.skipIf(!hasPython()).each(VERSIONS)("the unmodified client, %s", (wanted) => {
  const { start, run, sweep, newFolder, entity, bin } = wandbSuite(world, wanted);

  test("signs in, and refuses a key that is none", async () => {
    const { output } = await run(["wandb", "login"]);
    expect(output()).toMatch(/logged in/i);
    const wrong = start(["-c", "import wandb; wandb.init(project='x')"], { key: `besom-${"x".repeat(43)}` });
    expect(await wrong.exited).not.toBe(0);
  });

  test("a grid file, two agents side by side: each point once, with W&B's order, names and links", async () => {
    const cwd = newFolder();
    const project = `grid-${wanted.replace(/\W+/g, "-")}`;
    const id = await sweep(
      cwd,
      project,
      "method: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.1, 0.2, 1.0]}\n  batch: {values: [8, 16]}\n  mode: {distribution: categorical, values: [fast]}\n",
    );
    const agents = [0, 1].map(() => start(["wandb", "agent", `${entity()}/${project}/${id}`], { cwd }));
    for (const agent of agents) expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(world, { sweep: id });
    expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "finished"));
    const points = runs.map(({ params }) => `${params.batch}/${params.lr}`).sort();
    expect(points).toEqual(["16/0.1", "16/0.2", "16/1", "8/0.1", "8/0.2", "8/1"]);
    for (const one of runs) {
      expect(one.lines).toBe(4);
      expect(one.objective).toBeCloseTo(Number(one.params.lr) / 4, 10);
    }
    const all = agents.map(({ output }) => output()).join("");
    // 1.0 stays what the file said: a program that parses it would not take 1.
    expect(all).toMatch(/--lr=1\.0/);
    expect(all).toContain(`${world.servers[0]?.url}/wandb/${entity()}/${project}/sweeps/${id}`);
    const link = await fetch(`${world.servers[0]?.url}/wandb/${entity()}/${project}/sweeps/${id}`, {
      redirect: "manual",
    });
    expect(link.headers.get("location")).toBe(`${world.servers[0]?.url}/${entity()}/${project}/sweeps/${id}`);
    const [state] = await world.db.sql`select state, state_reason from sweeps where id = ${id}`;
    expect(state).toEqual({ state: "finished", state_reason: "exhausted" });
    // What each printed stands with it.
    for (const { id: runId, params } of runs) {
      const [printed] = await world.db.sql<{ text: string }[]>`
        select string_agg(text, '' order by batch, piece) as text from output_chunks where run_id = ${runId}`;
      expect(printed?.text).toContain(`trained with lr=${params.lr === 1 ? "1.0" : params.lr} layers=2`);
    }
  }, 180_000);

  test("a notebook: a dictionary, a function, three runs with the sweep's values over the defaults", async () => {
    const { lines } = await run(["notebook.py"], { env: { ENTITY: entity() } });
    const said = saidBy(lines()) as { sweep: string; configs: Record<string, unknown>[] };
    const runs = await runsOf(world, { sweep: said.sweep });
    expect(runs.map(({ state }) => state)).toEqual(["finished", "finished", "finished"]);
    expect(sorted(said.configs)).toEqual(sorted(runs.map(({ params }) => ({ layers: 2, ...params }))));
    for (const one of runs) expect(one.objective).toBeCloseTo(Number(one.params.lr) * 8, 10);
  }, 120_000);

  test("a run is gone on with, done again, and one that never was is refused", async () => {
    const { lines } = await run(["resume.py"]);
    expect(saidBy(lines())).toMatchObject({ resumed: true, must: expect.any(String) });
    const runs = await runsOf(world, { project: "resume" });
    const shown = new Map(runs.map((one) => [one.name, one]));
    expect(shown.get("going-on")).toMatchObject({ state: "finished", attempt: 2, lastStep: 6 });
    expect(shown.get("again")).toMatchObject({ state: "finished", attempt: 2, lastStep: 1 });
    const [resumed] = await world.db.sql`
      select s.count::int, s.first, s.last from metric_summaries s join metrics m on m.id = s.metric_id
      where s.run_id = ${shown.get("going-on")?.id ?? 0} and s.attempt = 2 and m.name = 'x'`;
    expect(resumed).toEqual({ count: 7, first: 0, last: 6 });
    await world.db.sql`update projects set deleted_at = now() where name = 'resume'`;
  }, 120_000);

  test("tables, pages and histograms are read at each step, and saved files are there", async () => {
    const project = `media-${wanted.replace(/\W+/g, "-")}`;
    await run(["media.py", project]);
    const server = { url: world.servers[0]?.url ?? "", key: world.key };
    type Data = {
      run: { media: unknown[]; files: { nodes: { name: string; size: number; url: string }[] } };
    };
    const { run: found } = await ask<Data>(
      server,
      `{ run(project: "${project}", name: "media") {
        media { key kind steps entries(first: 1, minStep: 1) { step items {
          size frameUrl rowCount histogram { edges counts } table(first: 1) { columns rows } } } }
        files { nodes { name size url } } } }`,
    );
    const item = { size: null, frameUrl: null, rowCount: null, histogram: null, table: null };
    const at = (key: string, kind: string, more: object) => ({
      ...{ key, kind, steps: [0, 1, 2], entries: [{ step: 1, items: [{ ...item, ...more }] }] },
    });
    expect(found.media).toEqual([
      at("hist", "histogram", { histogram: { edges: [0, 1, 2, 3], counts: [1, 2, 1] } }),
      at("page", "html", {
        size: "<p>step 1</p>".length,
        frameUrl: expect.stringContaining("/wandb/bytes?t="),
      }),
      at("table", "table", {
        ...{ size: expect.any(Number), rowCount: 30, table: { columns: ["id", "text"], rows: [[0, "1.0"]] } },
      }),
    ]);
    const model = found.files.nodes.find(({ name }) => name === "model.pt");
    expect(await (await fetch(model?.url ?? "")).text()).toBe("x".repeat(1_000));
  }, 120_000);

  test("what was logged offline is there after a sync, once, however often it is synced", async () => {
    const cwd = newFolder();
    const project = `offline-${wanted.replace(/\W+/g, "-")}`;
    await run(
      [
        "-c",
        `import wandb\nr = wandb.init(project=${JSON.stringify(project)}, config={"lr": 1.0})\nfor i in range(50): r.log({"loss": i})\nr.finish()`,
      ],
      { cwd, env: { WANDB_MODE: "offline" } },
    );
    expect(await runsOf(world, { project })).toEqual([]);
    const sync = [
      "-c",
      "import glob,subprocess,sys; sys.exit(subprocess.call(['wandb','sync',*glob.glob('wandb/offline-run-*')]))",
    ];
    await run(sync, { cwd });
    const imported = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await imported.exited, imported.output()).toBe(0);
    expect(imported.output()).toContain("1 there already");
    await run(sync, { cwd });
    const [one, ...others] = await runsOf(world, { project });
    expect(others).toEqual([]);
    // Clients before 0.23 begin the run again to send it once more: its history stays what it was.
    expect(one).toMatchObject({ state: "finished", params: { lr: 1 } });
    expect(await seriesOf(world, one?.id ?? 0, "loss")).toEqual(Array.from({ length: 50 }, (_, i) => i));
  }, 120_000);

  test.skipIf(isBrief)(
    "a sweep is paused, resumed, stopped and cancelled, and what is under way ends as W&B says",
    async () => {
      const cwd = newFolder();
      const project = `control-${wanted.replace(/\W+/g, "-")}`;
      const file =
        "method: random\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {min: 0.1, max: 1.0}\n  steps: {value: 600}\n";
      const id = await sweep(cwd, project, file);
      const path = `${entity()}/${project}/${id}`;
      const stateOf = async () => (await world.db.sql`select state from sweeps where id = ${id}`)[0]?.state;
      const agent = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.2" } });
      await until(
        async () => (await runsOf(world, { sweep: id }))[0]?.state === "running",
        60_000,
        agent.output,
      );
      await run(["wandb", "sweep", "--pause", path], { cwd });
      expect(await stateOf()).toBe("paused");
      await run(["wandb", "sweep", "--resume", path], { cwd });
      expect(await stateOf()).toBe("running");
      // One run is stopped: it hears it by its own stream, sends all it has, and the next one begins.
      const [first] = await runsOf(world, { sweep: id });
      await until(
        async () => ((await runsOf(world, { sweep: id }))[0]?.lines ?? 0) > 0,
        60_000,
        agent.output,
      );
      await world.db
        .sql`update runs set stop_requested = 'stop', changed_xid = pg_current_xact_id() where id = ${first?.id ?? 0}`;
      await until(
        async () => (await runsOf(world, { sweep: id }))[0]?.state === "killed",
        90_000,
        agent.output,
      );
      await until(async () => (await runsOf(world, { sweep: id })).length === 2, 60_000, agent.output);
      await run(["wandb", "sweep", "--cancel", path], { cwd });
      expect(await stateOf()).toBe("canceled");
      expect(await agent.exited, agent.output()).toEqual(expect.anything());
      await until(
        async () => (await runsOf(world, { sweep: id })).every(({ state }) => state === "killed"),
        60_000,
        agent.output,
      );
      const late = start(["wandb", "agent", path], { cwd });
      expect(await late.exited).not.toEqual("SIGKILL");
      expect(late.output()).toMatch(/is not running|is canceled/i);
    },
    300_000,
  );

  test("agents of both kinds work side by side on a bayes sweep, and each run is logged once", async () => {
    const cwd = newFolder();
    const project = `both-${wanted.replace(/\W+/g, "-")}`;
    const id = await sweep(
      cwd,
      project,
      "method: bayes\nrun_cap: 7\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {min: 0.1, max: 1.0}\n",
    );
    // Long enough that nobody takes all of them.
    const env = { PAUSE: "0.3" };
    const path = `${entity()}/${project}/${id}`;
    const agents = [
      ...[0, 1].map(() => start(["wandb", "agent", path], { cwd, env })),
      world.besom(["agent", id], { cwd, env: { ...env, PATH: `${bin()}:${process.env.PATH}` } }),
    ];
    for (const agent of agents) expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(world, { sweep: id });
    expect(runs.map(({ state, lines, lastStep }) => ({ state, lines, lastStep }))).toEqual(
      Array.from({ length: 7 }, () => ({ state: "finished", lines: 4, lastStep: 3 })),
    );
    expect(new Set(runs.map(({ params }) => params.lr)).size).toBe(7);
    for (const one of runs) expect(one.objective).toBeCloseTo(Number(one.params.lr) / 4, 10);
    const takers = await world.db
      .sql`select distinct agent_id from attempts where run_id in ${world.db.sql(runs.map((run) => run.id))}`;
    expect(takers).toHaveLength(3);
  }, 180_000);

  test.skipIf(isBrief)(
    "what wandb.Api() reads, changes, downloads and deletes after a sweep",
    async () => {
      const cwd = newFolder();
      const project = `api-${wanted.replace(/\W+/g, "-")}`;
      const id = await sweep(
        cwd,
        project,
        "method: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.1, 0.2, 0.4]}\n",
      );
      await run(["wandb", "agent", `${entity()}/${project}/${id}`], { cwd });
      const [first] = await runsOf(world, { sweep: id });
      const { lines } = await run(["api.py", entity(), project, id], { cwd });
      expect(saidBy(lines())).toEqual({
        ...{ viewer: entity(), entity: entity(), projects: true, order: "+summary_metrics.loss" },
        sweep: { state: "FINISHED", runs: 3, expected: 3 },
        best: { id: first?.name, loss: 0.025, config: 0.1 },
        ...{ by_loss: [0.1, 0.2, 0.4], few: [0.1, 0.2] },
        ...{ history: [0.1, 0.05, 0.1 / 3, 0.025], sampled: [0.1, 0.05, 0.1 / 3, 0.025] },
        ...{ system: true, metadata: true, updated: { note: "seen", tags: ["kept"] } },
        media: { name: "media", notes: "why", tags: ["a", "b"], job: "eval" },
        ...{ files: [expect.stringMatching(/^media\/table\/examples_0_/), "notes.txt"], file: "kept" },
        artifact: { version: "v0", depth: 3, by: true, text: "weights" },
        ...{ logged: expect.arrayContaining(["code", "model", "run_table"]), histogram: "histogram" },
        ...{ used: "weights", used_by: [true], deleted: true },
      });
    },
    180_000,
  );

  test.skipIf(isBrief)(
    "a run that is worse than others at its band is stopped early, with what it has logged",
    async () => {
      const cwd = newFolder();
      const project = `early-${wanted.replace(/\W+/g, "-")}`;
      const id = await sweep(
        cwd,
        project,
        "method: grid\nmetric: {name: loss, goal: minimize}\nearly_terminate: {type: hyperband, min_iter: 2, eta: 3}\nparameters:\n  lr: {values: [0.1, 0.2, 0.3, 50.0]}\n  steps: {value: 150}\n",
      );
      const agents = [0, 1].map(() =>
        start(["wandb", "agent", `${entity()}/${project}/${id}`], { cwd, env: { PAUSE: "0.3" } }),
      );
      for (const agent of agents) expect(await agent.exited, agent.output()).toBe(0);
      const runs = await runsOf(world, { sweep: id });
      const worst = runs.find(({ params }) => params.lr === 50);
      expect(worst).toMatchObject({ state: "killed", reason: "early_stopped" });
      expect(worst?.lines).toBeGreaterThan(2);
      expect(worst?.lines).toBeLessThan(150);
      expect(runs.find(({ params }) => params.lr === 0.1)).toMatchObject({ state: "finished", lines: 150 });
    },
    300_000,
  );

  test.skipIf(isBrief)(
    "a run that announces its preemption goes on under its own name, from the step where it was",
    async () => {
      const cwd = newFolder();
      const project = `preempt-${wanted.replace(/\W+/g, "-")}`;
      const id = await sweep(
        cwd,
        project,
        "method: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.5]}\n",
        "preempt.py",
      );
      const agent = start(["wandb", "agent", `${entity()}/${project}/${id}`], { cwd });
      expect(await agent.exited, agent.output()).toBe(0);
      const [one, ...others] = await runsOf(world, { sweep: id });
      expect(others).toEqual([]);
      expect(one).toMatchObject({ state: "finished", attempt: 2, lastStep: 7 });
      expect(await seriesOf(world, one?.id ?? 0, "loss")).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => i / 2));
      expect(agent.output()).not.toContain(`${one?.name}-a2`);
    },
    180_000,
  );
});
