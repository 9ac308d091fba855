import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { scanRows } from "@/db/queries/read-rows";
import { systemAccess } from "@/engine/authorize";
import { hasPython } from "../support/python";
import { ask } from "../support/server";
import { installWandb, startWandb, type Wandb, type WandbOptions } from "../support/wandb-client";
import { until, type World, withWorld } from "../support/world";

const FIXTURES = join(import.meta.dirname, "../fixtures/wandb");
/** The newest, and those that people still run. */
const isBrief = process.env.BESOM_CI === "brief";
const VERSIONS = isBrief ? ["wandb"] : ["wandb", "wandb==0.22.3", "wandb==0.19.11"];

let world: World;
let leave = () => {};
let over: Promise<void> | undefined;
beforeAll(async () => {
  if (!hasPython()) return;
  await new Promise<void>((ready, fail) => {
    over = withWorld({}, (started) => {
      world = started;
      ready();
      return new Promise((resolve) => {
        leave = resolve;
      });
    });
    over.catch(fail);
  });
});
afterAll(async () => {
  leave();
  await over;
});

interface RunFacts {
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

const runsOf = (where: { sweep?: string; project?: string }) => world.db.sql<RunFacts[]>`
  select r.id, r.name, r.state, r.state_reason as reason, r.state_detail as detail, r.attempt, r.exit_code as "exitCode", r.objective,
    r.params::text::json as params, a.history_lines as lines, a.last_step as "lastStep"
  from runs r join projects p on p.id = r.project_id join attempts a on a.run_id = r.id and a.number = r.attempt
  where ${where.sweep ? world.db.sql`r.sweep_id = ${where.sweep}` : world.db.sql`p.name = ${where.project ?? ""}`} order by r.id`;

/** A run's history as Python prints it: NaN and infinities as texts. */
async function rowsOf(runId: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  await scanRows(world.db, systemAccess(), { runId }, ({ step, cells }) => {
    const values = [...cells()].map(([name, cell]) => [
      name,
      typeof cell === "number" ? toSaid(cell) : JSON.parse(cell.json),
    ]);
    rows.push({ _step: step, ...Object.fromEntries(values) });
  });
  return rows;
}
const filesOf = async (runId: number): Promise<string[]> =>
  (
    await world.db.sql<{ name: string }[]>`select name from run_files where run_id = ${runId} order by name`
  ).map(({ name }) => name);
const toSaid = (value: number) => (Number.isFinite(value) ? value : String(value));

/** The JSON that a program said last; its client writes on standard output as well. */
const saidBy = (lines: readonly string[]): unknown =>
  JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "null");

const sorted = (rows: readonly Record<string, unknown>[]) =>
  rows.toSorted((a, b) => Number(a.lr) - Number(b.lr));

/** All processes with this word in their environment: an agent's training program and its sidecar have sessions of their own. */
function signalMarked(mark: string, signal: NodeJS.Signals): number {
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

describe.skipIf(!hasPython()).each(VERSIONS)("the unmodified client, %s", (wanted) => {
  let folder: string;
  let wandb: Wandb | undefined;
  let missing = "";
  let entity: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "besom-wandb-"));
    const found = await installWandb(folder, wanted);
    if (typeof found === "string") missing = found;
    else wandb = found;
    const rows = await world.db.sql<{ name: string }[]>`
      select e.name from users u join entities e on e.id = u.entity_id order by u.id limit 1`;
    entity = rows[0]?.name ?? "";
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(({ skip }) => {
    if (wandb !== undefined) return;
    console.warn(`SKIPPED: no ${wanted} can be installed: ${missing}`);
    skip();
  });

  const start = (words: readonly string[], options?: WandbOptions) => {
    if (wandb === undefined) throw new Error(missing);
    return startWandb(world, wandb, words, options);
  };
  /** Runs it to its end, which is to be a good one. */
  async function run(words: readonly string[], options?: WandbOptions) {
    const started = start(words, options);
    expect(await started.exited, started.output()).toBe(0);
    return started;
  }
  /** A folder with a program and a sweep file in it, as a repository has them. @returns the sweep's id */
  async function sweep(cwd: string, project: string, file: string, program = "train.py"): Promise<string> {
    copyFileSync(join(FIXTURES, program), join(cwd, program));
    writeFileSync(join(cwd, "sweep.yaml"), `program: ${program}\n${file}`);
    const { output } = await run(["wandb", "sweep", "--project", project, "sweep.yaml"], { cwd });
    const id = /Creating sweep with ID: ([a-z0-9]{8})/.exec(output())?.[1];
    expect(id, output()).toBeDefined();
    return id ?? "";
  }
  const newFolder = () => mkdtempSync(join(world.folder, "repository-"));

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
    const agents = [0, 1].map(() => start(["wandb", "agent", `${entity}/${project}/${id}`], { cwd }));
    for (const agent of agents) expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf({ sweep: id });
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
    expect(all).toContain(`${world.servers[0]?.url}/wandb/${entity}/${project}/sweeps/${id}`);
    const link = await fetch(`${world.servers[0]?.url}/wandb/${entity}/${project}/sweeps/${id}`, {
      redirect: "manual",
    });
    expect(link.headers.get("location")).toBe(`${world.servers[0]?.url}/${entity}/${project}/sweeps/${id}`);
    const [state] = await world.db.sql`select state, state_reason from sweeps where id = ${id}`;
    expect(state).toEqual({ state: "finished", state_reason: "exhausted" });
    // What it printed, and what its machine did.
    const [printed] = await world.db.sql<{ text: string }[]>`
      select string_agg(text, '' order by batch, piece) as text from output_chunks where run_id = ${runs[0]?.id ?? 0}`;
    expect(printed?.text).toMatch(/trained with lr=0\.1 layers=2/);
  }, 180_000);

  test("a notebook: a dictionary, a function, three runs with the sweep's values over the defaults", async () => {
    const { lines } = await run(["notebook.py"], { env: { ENTITY: entity } });
    const said = saidBy(lines()) as { sweep: string; configs: Record<string, unknown>[] };
    const runs = await runsOf({ sweep: said.sweep });
    expect(runs.map(({ state }) => state)).toEqual(["finished", "finished", "finished"]);
    expect(sorted(said.configs)).toEqual(sorted(runs.map(({ params }) => ({ layers: 2, ...params }))));
    for (const one of runs) expect(one.objective).toBeCloseTo(Number(one.params.lr) * 8, 10);
  }, 120_000);

  test("a run is gone on with, done again, and one that never was is refused", async () => {
    const { lines } = await run(["resume.py"]);
    expect(saidBy(lines())).toMatchObject({ resumed: true, must: expect.any(String) });
    const runs = await runsOf({ project: "resume" });
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
    expect(await runsOf({ project })).toEqual([]);
    const sync = [
      "-c",
      "import glob,subprocess,sys; sys.exit(subprocess.call(['wandb','sync',*glob.glob('wandb/offline-run-*')]))",
    ];
    await run(sync, { cwd });
    await run(sync, { cwd });
    const [one, ...others] = await runsOf({ project });
    expect(others).toEqual([]);
    expect(one).toMatchObject({ state: "finished", lines: 50, lastStep: 49, params: { lr: 1 } });
    const imported = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await imported.exited, imported.output()).toBe(0);
    expect(imported.output()).toContain("1 there already");
  }, 120_000);

  test("what was logged offline is moved in without the client, every step of it, and a run that breaks off as far as it goes", async () => {
    const cwd = newFolder();
    const project = `moved-${wanted.replace(/\W+/g, "-")}`;
    const { lines } = await run(["offline.py"], { cwd, env: { PROJECT: project, WANDB_MODE: "offline" } });
    const logged = saidBy(lines()) as Record<string, Record<string, unknown>[]>;
    const folder = readdirSync(join(cwd, "wandb")).find((name) => name.endsWith("-cut")) ?? "";
    const cut = join(cwd, "wandb", folder, "run-cut.wandb");
    truncateSync(cut, Math.floor(statSync(cut).size * 0.6));
    const imported = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await imported.exited, imported.output()).toBe(0);
    expect(imported.output()).toMatch(/run-cut\.wandb breaks off at byte \d+/);
    const again = world.besom(["import", "wandb", "wandb"], { cwd });
    expect(await again.exited, again.output()).toBe(0);
    expect(again.output()).toContain("3 there already");
    const runs = new Map((await runsOf({ project })).map((one) => [one.name, one]));
    expect(runs.get("good")).toMatchObject({ state: "finished", exitCode: 0, attempt: 1, lines: 3_002 });
    expect(runs.get("good")?.params).toEqual({
      lr: 0.5,
      layers: [64, 32],
      deep: { x: { y: "z" } },
      gone: 1,
      added: 2,
    });
    expect(runs.get("bad")).toMatchObject({ state: "failed", reason: "exit_code", exitCode: 3, lines: 52 });
    expect(runs.get("cut")).toMatchObject({ state: "crashed", exitCode: null });
    for (const [name, rows] of Object.entries(logged)) {
      const all = await rowsOf(runs.get(name)?.id ?? 0);
      const found = all.filter((row) => row.page === undefined);
      if (name === "cut") expect(found.length).toBeGreaterThan(1_000);
      expect(found).toEqual(name === "cut" ? rows.slice(0, found.length) : rows);
    }
    const page = (await rowsOf(runs.get("good")?.id ?? 0)).find((row) => row.page !== undefined)?.page;
    expect(page).toMatchObject({ _type: "html-file" });
    const files = await filesOf(runs.get("good")?.id ?? 0);
    expect(files).toEqual(expect.arrayContaining([(page as { path: string }).path, "saved-good.txt"]));
    // The documentation's program, as if our server were W&B's.
    const [program = ""] =
      /(?<=```python\n)# export\.py\n.*?(?=```)/s.exec(
        readFileSync(join(import.meta.dirname, "../../docs/wandb.md"), "utf8"),
      ) ?? [];
    writeFileSync(join(cwd, "export.py"), program);
    await run([join(cwd, "export.py"), `${entity}/${project}`], { cwd });
    const moved = world.besom(["import", "wandb", "exported", "--project", `${project}-again`], { cwd });
    expect(await moved.exited, moved.output()).toBe(0);
    const others = await runsOf({ project: `${project}-again` });
    expect(others.map(({ name, state, params }) => ({ name, state, params }))).toEqual(
      [...runs.values()].map(({ name, state, params }) => ({ name, state, params })),
    );
    for (const { name, id } of others)
      expect(await rowsOf(id)).toEqual(await rowsOf(runs.get(name)?.id ?? 0));
    await world.db
      .sql`update projects set deleted_at = now() where name = any(${[project, `${project}-again`]})`;
  }, 180_000);

  test.skipIf(isBrief)(
    "a sweep is paused, resumed, stopped and cancelled, and what is under way ends as W&B says",
    async () => {
      const cwd = newFolder();
      const project = `control-${wanted.replace(/\W+/g, "-")}`;
      const file =
        "method: random\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {min: 0.1, max: 1.0}\n  steps: {value: 600}\n";
      const id = await sweep(cwd, project, file);
      const path = `${entity}/${project}/${id}`;
      const stateOf = async () => (await world.db.sql`select state from sweeps where id = ${id}`)[0]?.state;
      const agent = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.2" } });
      await until(async () => (await runsOf({ sweep: id }))[0]?.state === "running", 60_000, agent.output);
      await run(["wandb", "sweep", "--pause", path], { cwd });
      expect(await stateOf()).toBe("paused");
      await run(["wandb", "sweep", "--resume", path], { cwd });
      expect(await stateOf()).toBe("running");
      // One run is stopped: it hears it by its own stream, sends all it has, and the next one begins.
      const [first] = await runsOf({ sweep: id });
      await until(async () => ((await runsOf({ sweep: id }))[0]?.lines ?? 0) > 0, 60_000, agent.output);
      await world.db
        .sql`update runs set stop_requested = 'stop', changed_xid = pg_current_xact_id() where id = ${first?.id ?? 0}`;
      await until(async () => (await runsOf({ sweep: id }))[0]?.state === "killed", 90_000, agent.output);
      await until(async () => (await runsOf({ sweep: id })).length === 2, 60_000, agent.output);
      await run(["wandb", "sweep", "--cancel", path], { cwd });
      expect(await stateOf()).toBe("canceled");
      expect(await agent.exited, agent.output()).toEqual(expect.anything());
      await until(
        async () => (await runsOf({ sweep: id })).every(({ state }) => state === "killed"),
        60_000,
        agent.output,
      );
      const late = start(["wandb", "agent", path], { cwd });
      expect(await late.exited).not.toEqual("SIGKILL");
      expect(late.output()).toMatch(/is not running|is canceled/i);
    },
    300_000,
  );

  test.skipIf(isBrief)(
    "an agent that is killed loses its run to another attempt, and what wakes up later changes nothing in it",
    async () => {
      const cwd = newFolder();
      const project = `fence-${wanted.replace(/\W+/g, "-")}`;
      const id = await sweep(
        cwd,
        project,
        "method: grid\nretries: 1\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.5]}\n  steps: {value: 100}\n",
      );
      const path = `${entity}/${project}/${id}`;
      const mark = `fence-${process.pid}`;
      const frozen = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.3", MARK: mark } });
      await until(async () => ((await runsOf({ sweep: id }))[0]?.lines ?? 0) > 0, 90_000, frozen.output);
      expect(signalMarked(mark, "SIGSTOP")).toBeGreaterThan(2);
      await until(async () => (await runsOf({ sweep: id }))[0]?.state === "pending", 60_000, frozen.output);
      const other = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.01" } });
      await until(async () => (await runsOf({ sweep: id }))[0]?.attempt === 2, 60_000, other.output);
      signalMarked(mark, "SIGCONT");
      expect(await other.exited, other.output()).toBe(0);
      // What woke up goes on sending under its own name for a while, and is told to stop.
      await Promise.race([frozen.exited, pause(45_000)]);
      signalMarked(mark, "SIGKILL");
      const [one] = await runsOf({ sweep: id });
      expect(one).toMatchObject({ state: "finished", attempt: 2, lines: 100, lastStep: 99 });
      expect(other.output()).toContain(`${one?.name}-a2`);
    },
    300_000,
  );

  test.skipIf(isBrief)(
    "a server that is killed, and one that is away for a while, lose no step",
    async () => {
      const project = `outage-${wanted.replace(/\W+/g, "-")}`;
      const program = `import wandb, time\nr = wandb.init(project=${JSON.stringify(project)}, id="through")\nfor i in range(400):\n    r.log({"i": i})\n    time.sleep(0.1)\nr.finish()`;
      const training = start(["-c", program]);
      await until(async () => ((await runsOf({ project }))[0]?.lines ?? 0) > 0, 60_000, training.output);
      const [server] = world.servers;
      await server?.kill();
      await pause(10_000);
      await server?.start();
      expect(await training.exited, training.output()).toBe(0);
      const [one] = await runsOf({ project });
      expect(one).toMatchObject({ state: "finished", lines: 400, lastStep: 399 });
      const [stored] = await world.db.sql`
      select s.count::int, s.sum from metric_summaries s join metrics m on m.id = s.metric_id where s.run_id = ${one?.id ?? 0} and m.name = 'i'`;
      expect(stored).toEqual({ count: 400, sum: (399 * 400) / 2 });
    },
    240_000,
  );

  test("our own agent runs a program that imports wandb, and its run is logged once", async () => {
    const cwd = newFolder();
    const project = `ours-${wanted.replace(/\W+/g, "-")}`;
    const id = await sweep(
      cwd,
      project,
      "method: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.1, 0.2]}\n",
    );
    const agent = world.besom(["agent", id], {
      cwd,
      env: { PATH: `${wandb?.bin}:${process.env.PATH}` },
    });
    expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf({ sweep: id });
    expect(runs.map(({ state, lines, lastStep }) => ({ state, lines, lastStep }))).toEqual(
      [0, 1].map(() => ({ state: "finished", lines: 4, lastStep: 3 })),
    );
  }, 120_000);
});
