import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectEveryPointOnce } from "../support/invariants";
import { hasPython, makePython, type Python, startFlow } from "../support/python";
import { readRecipes } from "../support/recipes";
import { sharedWorld } from "../support/shared-world";
import { ask, until } from "../support/world";

const ROOT = join(import.meta.dirname, "../..");

let folder: string;
let python: Python;
beforeAll(async () => {
  if (!hasPython()) return;
  folder = mkdtempSync(join(tmpdir(), "besom-python-"));
  python = await makePython(folder);
});
afterAll(async () => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});
const world = sharedWorld({ when: hasPython() });

/** Runs a flow to its end; gives the JSON of its last line. */
async function runFlow(words: readonly string[], env?: Record<string, string>) {
  const flow = startFlow(world, python, words, env);
  expect(await flow.exited, flow.output()).toBe(0);
  return JSON.parse(flow.lines().at(-1) ?? "") as Record<string, unknown>;
}

/** What the database itself counts of a run's metric. */
async function countsOf(runId: string) {
  const rows = await world.db.sql<
    { name: string; finite: number; nonFinite: number; sum: number; stored: number }[]
  >`
    select m.name, s.count::int as finite, s.non_finite::int as "nonFinite", s.sum,
      (select coalesce(sum(v.count), 0)::int from metric_values v
       where v.run_id = s.run_id and v.attempt = s.attempt and v.metric_id = s.metric_id) as stored
    from metric_summaries s join metrics m on m.id = s.metric_id
    join runs r on r.id = s.run_id and r.attempt = s.attempt where s.run_id = ${runId}`;
  return Object.fromEntries(rows.map(({ name, ...counts }) => [name, counts]));
}

async function readRun(id: string) {
  const [server] = world.servers;
  const { run } = await ask(
    server?.url ?? "",
    world.key,
    `query ($id: ID!) { run(id: $id) {
      state stateReason stateDetail exitCode attempt tags notes parameters attempts { facts } } }`,
    { id },
  );
  return run as Record<string, unknown>;
}

/** Waits for a line that begins so, and gives the words behind. */
async function wordsAfter(flow: ReturnType<typeof startFlow>, start: string, nth = 0): Promise<string[]> {
  const found = () => flow.lines().filter((line) => line.startsWith(`${start} `))[nth];
  await until(async () => found() !== undefined || flow.child.exitCode !== null, 60_000, flow.output);
  return (found() ?? "").split(" ").slice(1);
}

const seriesOf = async (id: string): Promise<number[]> => {
  const steps: number[] = [];
  for (let from = 0; ; from += 1000) {
    const { run } = (await ask(
      world.servers[0]?.url ?? "",
      world.key,
      `query ($id: ID!, $from: Float!, $to: Float!) { run(id: $id) {
        history(keys: ["i"], minStep: $from, maxStep: $to, samples: 1500) { series { points { values } } } } }`,
      { id, from, to: from + 999 },
    )) as { run: { history: { series: { points: { values: number[] } }[] } } };
    const [line] = run.history.series;
    if (!line) return steps;
    steps.push(...line.points.values);
  }
};

/** What waits for a lease of 20 s, and ways whose neighbours are tested, are left out where all has to fit into half an hour. */
const isBrief = process.env.BESOM_CI === "brief";

describe.skipIf(!hasPython())("the Python package", () => {
  test("is a wheel of pure Python whose own tests pass", async () => {
    if (python.withoutWheel)
      console.warn(`SKIPPED: no wheel, so the sources are tested: ${python.withoutWheel}`);
    // Beside, not within, the sources: what is imported is what was installed.
    const tests = join(ROOT, "python/tests");
    const { stderr } = await promisify(execFile)(
      python.path,
      ["-m", "unittest", "discover", "-s", tests, "-t", tests],
      {
        cwd: folder,
        env: { PATH: process.env.PATH ?? "", HOME: folder, ...python.env, NODE_ENV: "test" },
        timeout: 240_000,
      },
    );
    expect(stderr).toMatch(/\nOK/);
  });

  test.each(isBrief ? ["forkserver", "thread"] : ["spawn", "forkserver", "fork", "thread"])(
    "a sweep of real training by a function in a %s, each configuration once, read back by the API",
    async (how) => {
      const { sweepId, outcomes, best } = await runFlow(["sweep_and_read.py", how]);
      expect(outcomes).toEqual({ finished: 4 });
      await expectEveryPointOnce(world.db, String(sweepId), 4);
      const [row] = await world.db
        .sql`select max(objective) as best from runs where sweep_id = ${String(sweepId)}`;
      expect(row?.best).toBe(best);
    },
  );

  test("sweeps are paused, resumed, stopped and canceled, and mistakes say what they are", async () => {
    await runFlow(["controls.py"]);
  });

  test.each(isBrief ? ["agent"] : ["alone", "agent"])(
    "100,000 points (%s) arrive without loss while the server is killed and started again",
    async (where) => {
      const count = 100_000;
      const flow = startFlow(world, python, ["flood.py", String(count), where]);
      const [runId = ""] = await wordsAfter(flow, "run");
      for (let kills = 0; kills < 3; kills++) {
        await pause(700);
        await world.servers[0]?.kill();
        await pause(kills * 1_000);
        await world.servers[0]?.start();
      }
      expect(await flow.exited, flow.output()).toBe(0);
      const sum = (count * (count - 1)) / 2;
      const counts = await countsOf(runId);
      expect(counts.i).toMatchObject({ finite: count, nonFinite: 0, sum });
      expect(counts.half).toMatchObject({ finite: count, sum: sum / 2 });
      expect(counts.odd).toMatchObject({ finite: count / 2, nonFinite: count / 2 });
      expect(await seriesOf(runId)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(await readRun(runId)).toMatchObject({ state: "finished", attempt: 1 });
      console.info(`flood ${where}: ${flow.lines().find((line) => line.startsWith("{"))}`);
    },
  );

  test("each way to end is told as it was, and what was logged before is kept", async () => {
    const { sweepId, outcomes } = await runFlow(["endings.py"], {
      WANDB_AGENT_DISABLE_FLAPPING: "true",
    });
    expect(outcomes).toEqual({ failed: 3, finished: 2 });
    const rows = await world.db.sql<{ id: string; end: string }[]>`
        select id::text, params ->> 'end' as end from runs where sweep_id = ${String(sweepId)}`;
    const ended = Object.fromEntries(
      await Promise.all(
        rows.map(async ({ id, end }) => [
          end,
          { ...(await readRun(id)), logged: (await countsOf(id)).a?.finite },
        ]),
      ),
    ) as Record<string, Record<string, unknown>>;
    expect(ended.raise).toMatchObject({
      state: "failed",
      stateReason: "exit_code",
      stateDetail: "exit code 1: ValueError: the loss is gone",
      logged: 1,
    });
    expect(ended.exit).toMatchObject({ state: "failed", exitCode: 7, logged: 1 });
    expect(ended.kill).toMatchObject({ state: "failed", stateReason: "signal", logged: 1 });
    expect(ended.return).toMatchObject({ state: "finished", logged: 2 });
    expect(ended.child).toMatchObject({ state: "finished", logged: 2 });
  });

  test.each(["process", "thread"])("a stop reaches a function in a %s, which saves and ends", async (how) => {
    const flow = startFlow(world, python, ["patient.py", how]);
    const [runId = ""] = await wordsAfter(flow, "run");
    await until(async () => ((await countsOf(runId)).a?.finite ?? 0) > 20, 30_000, flow.output);
    const stopped = performance.now();
    await ask(
      world.servers[0]?.url ?? "",
      world.key,
      "mutation ($input: StopRunInput!) { stopRun(input: $input) { error { code } } }",
      { input: { runId } },
    );
    expect(await flow.exited, flow.output()).toBe(0);
    expect(performance.now() - stopped).toBeLessThan(4_000);
    expect(flow.lines().at(-1)).toBe('{"outcomes": {"killed": 1}}');
    expect(await readRun(runId)).toMatchObject({ state: "killed", stateReason: "stopped_by_user" });
    expect((await countsOf(runId)).saved).toMatchObject({ finite: 1 });
  });

  test.skipIf(isBrief)(
    "an agent killed with SIGKILL leaves no process, and another one takes its run",
    async () => {
      const doomed = startFlow(world, python, ["patient.py", "process"]);
      const [sweepId = ""] = await wordsAfter(doomed, "sweep");
      const [runId = "", , pid = ""] = await wordsAfter(doomed, "run");
      doomed.child.kill("SIGKILL");
      await until(
        async () => !isAlive(Number(pid)),
        10_000,
        () => `process ${pid} is left`,
      );
      const heir = startFlow(world, python, ["patient.py", "process"], { SWEEP: sweepId });
      expect((await wordsAfter(heir, "run")).slice(0, 2)).toEqual([runId, "2"]);
      // Twice: the first lets the run finish, the second hands it back.
      heir.child.kill("SIGINT");
      await until(async () => heir.output().includes("interrupt again"), 10_000, heir.output);
      heir.child.kill("SIGINT");
      expect(await heir.exited, heir.output()).not.toBe(0);
      expect(await readRun(runId)).toMatchObject({ state: "pending" });
    },
  );

  test.each(["process", "thread"])(
    "an agent told to leave by SIGTERM hands its run in a %s back",
    async (how) => {
      const flow = startFlow(world, python, ["patient.py", how]);
      const [runId = ""] = await wordsAfter(flow, "run");
      flow.child.kill("SIGTERM");
      expect(await flow.exited, flow.output()).toBe(143);
      expect(await readRun(runId)).toMatchObject({ state: "pending", stateReason: "agent_gone" });
      expect((await countsOf(runId)).saved).toMatchObject({ finite: 1 });
    },
  );

  test("a run by hand ends as its program does", async () => {
    for (const [end, facts] of [
      [
        "return",
        { ...BY_HAND, state: "finished", exitCode: 0, tags: ["t"], notes: "n", parameters: { lr: 0.1 } },
      ],
      ["raise", { state: "failed", stateDetail: "exit code 1: ValueError: the loss is gone" }],
      ["exit", { state: "failed", exitCode: 3 }],
      ["wait", { state: "killed" }],
    ] as const) {
      const flow = startFlow(world, python, ["alone.py", end]);
      const [runId = ""] = await wordsAfter(flow, "run");
      if (end === "wait") flow.child.kill("SIGTERM");
      await flow.exited;
      expect(await readRun(runId), flow.output()).toMatchObject(facts);
      expect((await countsOf(runId)).a).toMatchObject({ finite: 1 });
    }
  });

  test("a program under `besom agent` logs through the agent, not beside it", async () => {
    const sweepId = await world.createSweep(`
method: grid
program: ${join(ROOT, "python/tests/flows/program.py")}
command: ["${python.path}", "\${program}", "\${args}"]
metric: { name: loss, goal: minimize }
parameters: { lr: { values: [0.1, 0.2] } }
`);
    const agent = world.besom(["agent", sweepId], { env: python.env });
    expect(await agent.exited, agent.output()).toBe(0);
    await expectEveryPointOnce(world.db, sweepId, 2);
    const rows = await world.db.sql<{ id: string }[]>`select id::text from runs where sweep_id = ${sweepId}`;
    for (const { id } of rows) expect((await countsOf(id)).loss).toMatchObject({ finite: 3000 });
    expect(agent.output()).not.toContain("never read");
  });

  const TRAIN = `import json, os, sys, time
words = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
print("pid", os.getpid(), flush=True)
for step in range(1, int(words["steps"]) + 1):
    print(json.dumps({"step": step, "loss": float(words["lr"]) / step}), flush=True)
    print(f"epoch {step} acc={step}%", flush=True)
    time.sleep(0.01)
`;
  const command = (lr: string, steps: number) => `
method: grid
program: train.py
command: ["\${env}", "python3", "\${program}", "\${args}"]
log_pattern: 'epoch (?P<step>\\d+) acc=(?P<acc>\\d+)%'
metric: { name: loss, goal: minimize }
parameters: { lr: { values: [${lr}] }, steps: { value: ${steps} } }
`;
  const startBesom = (words: readonly string[], stdin?: string) => {
    const home = mkdtempSync(join(world.folder, "cli-"));
    writeFileSync(join(home, "train.py"), TRAIN);
    if (stdin !== undefined) writeFileSync(join(home, "sweep.yaml"), stdin);
    return startFlow(world, python, ["-m", "besom", ...words], {}, home);
  };

  test("besom of the wheel creates a sweep from YAML and works it off, each configuration once", async () => {
    const created = startBesom(
      ["sweep", "sweep.yaml", "--project", "python-cli"],
      command("0.1, 0.2, 0.3, 0.4", 20),
    );
    expect(await created.exited, created.output()).toBe(0);
    const sweepId = created.output().trim().split("/").at(-1) ?? "";
    const agent = startBesom(["agent", sweepId, "--slots", "2"]);
    expect(await agent.exited, agent.output()).toBe(0);
    await expectEveryPointOnce(world.db, sweepId, 4);
    const rows = await world.db.sql<{ id: string; slot: number }[]>`
      select r.id::text, a.slot from runs r join attempts a on a.run_id = r.id where r.sweep_id = ${sweepId}`;
    expect(new Set(rows.map(({ slot }) => slot))).toEqual(new Set([0, 1]));
    for (const { id } of rows) {
      expect(await countsOf(id)).toMatchObject({ loss: { finite: 20 }, acc: { finite: 20, sum: 210 } });
    }
    const wrong = startBesom(["sweep", "sweep.yaml"], "method: grid\nparameters: { a: { valuess: [1] } }\n");
    expect(await wrong.exited).toBe(1);
    expect(wrong.output()).toContain("sweep.yaml:2:20: error: `a`: a parameter has no key `valuess`");
  });

  test("besom agent of the wheel hears a stop within 2 s, hands back on SIGTERM and leaves nothing on SIGKILL", async () => {
    const sweepId = await world.createSweep(command("0.1, 0.2", 100_000));
    const pidOf = async (agent: ReturnType<typeof startFlow>, nth: number) => {
      const found = () => [...agent.output().matchAll(/\| pid (\d+)/g)][nth]?.[1];
      await until(async () => found() !== undefined, 30_000, agent.output);
      return Number(found());
    };
    const agent = startBesom(["agent", sweepId, "--show-output"]);
    const first = await pidOf(agent, 0);
    const [row] = await world.db.sql<{ id: string }[]>`
      select id::text from runs where sweep_id = ${sweepId} and state = 'running'`;
    await pause(1_500);
    const stopped = performance.now();
    await ask(
      world.servers[0]?.url ?? "",
      world.key,
      "mutation ($input: StopRunInput!) { stopRun(input: $input) { error { code } } }",
      { input: { runId: row?.id } },
    );
    await until(async () => !isAlive(first), 10_000, agent.output);
    expect(performance.now() - stopped).toBeLessThan(2_000);
    await pidOf(agent, 1);
    agent.child.kill("SIGTERM");
    expect(await agent.exited, agent.output()).toBe(1);
    const states = async () =>
      (await world.db.sql`select state from runs where sweep_id = ${sweepId} order by id`).map(
        ({ state }) => state,
      );
    expect(await states()).toEqual(["killed", "pending"]);
    const doomed = startBesom(["agent", sweepId, "--show-output"]);
    const last = await pidOf(doomed, 0);
    doomed.child.kill("SIGKILL");
    await until(
      async () => !isAlive(last),
      5_000,
      () => `process ${last} is left`,
    );
  });

  test("a run's page learns of mistakes, of what it ran on and of what its machine did; a preempted run goes on", async () => {
    const { outcomes, steps, run } = await runFlow(["doubtful.py"]);
    expect(outcomes).toEqual({ preempted: 1, finished: 1 });
    expect(steps).toEqual([...[0, 1, 2, 3].map((step) => [step, step]), [4, 2]]);
    const facts = {
      python: expect.stringMatching(/^3\./),
      packages: expect.objectContaining({ pip: expect.any(String) }),
    };
    expect(run).toMatchObject({
      state: "finished",
      warnings: expect.arrayContaining(
        ["METRIC_NEVER_LOGGED", "PARAMETER_NEVER_READ"].map((code) =>
          expect.objectContaining({ code, attempt: 2 }),
        ),
      ),
      attempts: [1, 2].map((number) => ({ number, slot: 0, command: ["__main__.train()"], facts })),
    });
    const { system } = run as { system: { key: string; values: number[] }[] };
    expect(system.find(({ key }) => key === "memory")?.values[0]).toBeGreaterThan(1e6);
    expect(system.map(({ key }) => key)).toContain("cpu.machine");
  });

  test("docs/python.md prints what it promises", async () => {
    const recipes = readRecipes(readFileSync(join(ROOT, "docs/python.md"), "utf8")).filter(
      ({ language }) => language === "python",
    );
    expect(recipes).toHaveLength(2);
    const page = join(folder, "page.py");
    writeFileSync(page, recipes.map(({ code }) => `${code}print("${BREAK}", end="")\n`).join("\n"));
    const flow = startFlow(world, python, [page]);
    expect(await flow.exited, flow.output()).toBe(0);
    expect(flow.lines().join("\n").split(BREAK)).toEqual([
      ...recipes.map(({ output }) => expect.stringContaining(output?.text.trim() ?? "an output")),
      "",
    ]);
  });

  // Its packages alone take a minute.
  test.skipIf(isBrief)("the classic notebook of W&B runs with scikit-learn, its import changed", async () => {
    const missing = await python.install("scikit-learn", "nbclient", "ipykernel");
    if (missing) return console.warn(`SKIPPED: the notebook's packages can't be installed: ${missing}`);
    const notebook = readFileSync(join(ROOT, "examples/notebook/digits.ipynb"), "utf8");
    writeFileSync(join(folder, "digits.ipynb"), notebook);
    writeFileSync(join(folder, "execute.py"), EXECUTE);
    const { stdout } = await promisify(execFile)(python.path, ["execute.py"], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? "",
        HOME: folder,
        BESOM_URL: world.servers[0]?.url,
        BESOM_API_KEY: world.key,
        NODE_ENV: "test",
        ...python.env,
      },
      timeout: 240_000,
    });
    const sweeps = await world.db.sql<{ points: number; finished: number; worst: number; best: number }[]>`
      select count(distinct r.point_hash)::int as points, count(*) filter (where r.state = 'finished')::int as finished,
        min(r.objective) as worst, max(r.objective) as best
      from sweeps s join projects p on p.id = s.project_id join runs r on r.sweep_id = s.id
      where p.name = 'notebook' group by s.id, s.created_at order by s.created_at`;
    expect(sweeps).toEqual([expect.anything(), expect.anything()]);
    for (const sweep of sweeps) expect(sweep).toMatchObject({ points: 3, finished: 3 });
    const [mistaken, mended] = sweeps;
    expect(mistaken?.best).toBe(mistaken?.worst);
    expect(mended?.best).toBeGreaterThan(0.95);
    const cards = stdout.split("\n").filter((line) => line.includes("<polyline"));
    const byHand = cards.splice(-2);
    for (const card of byHand)
      expect(card).toMatch(
        /by hand &lt;b&gt;<\/a><\/b> <span style="color:#2e9e55">finished<.*loss<\/span> 0.2</,
      );
    expect(cards.length).toBeGreaterThanOrEqual(2);
    for (const card of cards)
      expect(card).toMatch(/^<div style=.*runs here<\/span> 3 finished<\/div>.*best accuracy/);
    expect(stdout).toContain(`best accuracy ${mended?.best.toFixed(3)}`);
    expect(stdout).toContain(
      "the sweep sets 'learn_rate', but the training program never read it; it has a parameter 'learning_rate' of its own",
    );
  });
});

const BY_HAND = {
  attempts: [
    {
      facts: {
        argv: [expect.anything(), expect.stringContaining("alone.py"), "return"],
        python: expect.any(String),
      },
    },
  ],
};

const BREAK = "\u241e";

/** Executes the notebook in a kernel of the same interpreter, and prints what its cells did. */
const EXECUTE = `
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read("digits.ipynb", 4)
notebook.cells.append(nbformat.v4.new_code_cell("""
run = wandb.init(project="by-hand", name="by hand <b>")
for i in range(5):
    wandb.log({"loss": 1 / (i + 1)})
wandb.finish()
run"""))
NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""), end="")
        print("\\n" + output["data"].get("text/html", "") if "data" in output else "")
`;

function isAlive(pid: number): boolean {
  try {
    // A zombie is gone; nobody may have reaped it where the agent was killed.
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
