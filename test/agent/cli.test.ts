import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isWellDone } from "@/agent/commands/agent";
import type { Terminal } from "@/agent/commands/context";
import { main } from "@/agent/main";
import { endRuns, TWO_UNIFORM } from "../support/ended-runs";
import { type TestServer, withServer } from "../support/server";
import { createSweep as createFrom } from "../support/sweeps";
import { createSweep, withAgent } from "../support/worker";

interface Typed {
  code: number;
  out: string;
  err: string;
}

/** One command as it is typed, in a folder of its own and against the given server (or none). */
async function type(
  words: readonly string[],
  { url, key, cwd = tmpdir() }: { url?: string; key?: string; cwd?: string },
): Promise<Typed> {
  const printed = { out: "", err: "" };
  const nowhere = join(tmpdir(), "besom-nowhere");
  const terminal: Terminal = {
    env: {
      PATH: process.env.PATH,
      XDG_CONFIG_HOME: nowhere,
      BESOM_DATA_DIR: nowhere,
      XDG_STATE_HOME: process.env.XDG_STATE_HOME,
      ...(url && { BESOM_URL: url }),
      ...(key && { BESOM_API_KEY: key }),
    },
    cwd,
    out: (text) => {
      printed.out += `${text}\n`;
    },
    err: (text) => {
      printed.err += `${text}\n`;
    },
    color: false,
  };
  const code = await main(words, terminal);
  return { code, ...printed };
}

async function withFolder<T>(files: Record<string, string>, body: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), "besom-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  try {
    return await body(cwd);
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

const GRID = `# which rate?
program: train.py
method: grid
project: cli
metric: {name: loss, goal: minimise}
parameters:
  lr: {values: [0.1, 1.0e-4, 1.0]}
  layers: {values: [[64, 32]]}
`;

/** Loss is the parameter itself. */
const ECHO = 'console.log(JSON.stringify({ loss: Number(process.argv[1].split("=")[1]) }))';

async function withFinishedSweep(
  body: (server: TestServer, sweepId: string) => Promise<void>,
): Promise<void> {
  await withServer(async (server) => {
    const sweepId = await createSweep(server, ECHO, {
      program: "train.py",
      parameters: { a: { values: [3, 1.5, 2] } },
    });
    await withAgent(server, sweepId, {}, async ({ done }) => void (await done));
    await body(server, sweepId);
  });
}

test.concurrent("a sweep file is checked and created; warnings stand with their line on stderr, the rest on stdout", async () => {
  await withFolder({ "sweep.yaml": GRID }, (cwd) =>
    withServer(async (server) => {
      const typed = await type(["sweep", "sweep.yaml", "--name", "rates"], { ...server, cwd });
      expect(typed.code).toBe(0);
      expect(typed.err).toMatch(/^sweep\.yaml:5:\d+: warning: .*\[METRIC_GOAL_IGNORED\]\n/);
      const [, id] = /^Created sweep ([a-z0-9]{8}) \(rates\): 3 runs\n/.exec(typed.out) ?? [];
      expect(typed.out).toContain(`/cli/sweeps/${id}\n`);
      expect(typed.out).toMatch(new RegExp(`\n {2}agent {6}npx besom agent \\S+/cli/${id}\n`));
      expect(typed.out).toMatch(
        new RegExp(`\n {2}elsewhere {2}npx --yes \\S+\\.tgz#\\S+ agent \\S+/cli/${id}\n$`),
      );

      const json = await type(["sweep", "sweep.yaml", "--json", "--project", "other"], { ...server, cwd });
      expect(JSON.parse(json.out)).toMatchObject({
        size: "3",
        path: expect.stringContaining("/other/"),
        warnings: [{ line: 5 }],
      });

      const unknown = await type(["sweep", "sweep.yaml", "-R", "first", "--prior-run", "second"], {
        ...server,
        cwd,
      });
      expect(unknown).toMatchObject({ code: 1, out: "" });
      expect(unknown.err).toContain("prior run first is unknown in the sweep's project");

      const spelled = await type(["sweep", "sweep.yaml", "--prior_run", "third"], { ...server, cwd });
      expect(spelled).toMatchObject({ code: 1, out: "" });
      expect(spelled.err).toContain("prior run third is unknown in the sweep's project");

      const updated = await type(["sweep", "--update", id ?? "", "sweep.yaml"], { ...server, cwd });
      expect(updated.out).toContain(`Updated sweep ${id}`);
      for (const [flag, state] of [
        ["--pause", "paused"],
        ["--resume", "running"],
        ["--stop", "finished"],
      ] as const)
        expect((await type(["sweep", flag, `x/y/${id}`], server)).out).toBe(`sweep ${id} is now ${state}\n`);
      const canceled = await type(["sweep", "--pause", id ?? ""], server);
      expect(canceled).toMatchObject({ code: 1, out: "" });
    }),
  );
});

test("a dry run asks no server, and errors stand with their line, like a compiler's", async () => {
  await withFolder({ "good.yaml": GRID, "bad.yaml": "method: grid\nparameters: 3\n" }, async (cwd) => {
    expect(await type(["sweep", "--dry-run", "good.yaml"], { cwd })).toMatchObject({
      code: 0,
      out: "good.yaml is a valid grid sweep\n",
    });
    const bad = await type(["sweep", "bad.yaml"], { cwd });
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(
      /^bad\.yaml:2:\d+: error: .*\nbesom: bad\.yaml has an error; nothing was created\n$/,
    );
    expect(await type(["sweep", "missing.yaml"], { cwd })).toMatchObject({
      code: 2,
      err: "besom: can't read the sweep file missing.yaml: there is no such file\n",
    });
  });
});

test.concurrent("runs, best and export show what came out, for people and for programs", async () => {
  await withFinishedSweep(async (server, id) => {
    const runs = await type(["runs", id], server);
    expect(runs.out.split("\n")[0]).toMatch(/^RUN +STATE +loss +SECONDS +PARAMETERS$/);
    expect(runs.out.match(/finished/g)?.length).toBe(3);
    const listed = JSON.parse((await type(["runs", id, "--json", "--state", "finished,failed"], server)).out);
    expect(listed.runs.map(({ objective }: { objective: number }) => objective).sort()).toEqual([1.5, 2, 3]);
    expect((await type(["runs", id, "--limit", "1"], server)).err).toBe("1 of 3 runs; more with --limit 3\n");

    const best = await type(["best", id], server);
    expect(best.out).toContain("loss 1.5 (minimize it), of 3 finished runs");
    expect(best.out).toMatch(
      / {2}PARAMETER {2}VALUE\n {2}a +1\.5\nrepeat it with\n {2}\S*node -e '.*' a=1\.5\n$/s,
    );
    expect(JSON.parse((await type(["best", id, "--json"], server)).out)).toMatchObject({
      params: { a: 1.5 },
      run: { objective: 1.5 },
    });

    const csv = (await type(["export", id], server)).out.trimEnd().split("\n");
    expect(csv[0]).toMatch(/^name,displayName,state,.*,param\.a,metric\.loss$/);
    expect(csv.slice(1).map((line) => line.split(",").slice(-2).join("="))).toEqual(
      expect.arrayContaining(["1.5=1.5", "2=2", "3=3"]),
    );
    await withFolder({}, async (cwd) => {
      expect((await type(["export", id, "--json", "-o", "runs.jsonl"], { ...server, cwd })).err).toBe(
        "3 runs written to runs.jsonl\n",
      );
      const lines = readFileSync(join(cwd, "runs.jsonl"), "utf8").trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line).summary.loss.last).sort()).toEqual([1.5, 2, 3]);
    });
    if (existsSync("/dev/full"))
      expect(await type(["export", id, "-o", "/dev/full"], server)).toMatchObject({
        code: 2,
        err: "besom: can't write /dev/full: the disk is full\n",
      });
  });
});

test.concurrent("sweeps are listed, and controlled one or several at once; one that refuses does not keep the others waiting", async () => {
  await withServer(async (server) => {
    const [first, second] = [await createSweep(server, ECHO), await createSweep(server, ECHO)];
    const listed = await type(["sweeps"], server);
    expect(listed.out.split("\n")[0]).toMatch(/^SWEEP +STATE +METHOD +RUNS +BEST +NAME +PATH$/);
    expect(listed.out.split("\n")[1]).toMatch(new RegExp(`^${second} .*/tests/${second}$`));
    expect((await type(["sweeps", "tests", "--ids"], server)).out).toBe(`${second}\n${first}\n`);
    expect(JSON.parse((await type(["sweeps", "--json", "-n", "1"], server)).out)).toMatchObject([
      { id: second },
    ]);
    expect(await type(["sweeps", "nowhere"], server)).toMatchObject({ code: 1, out: "" });

    expect(await type(["pause", first, `x/y/${second}`], server)).toMatchObject({
      code: 0,
      out: `sweep ${first} is now paused\nsweep ${second} is now paused\n`,
    });
    expect((await type(["cancel", first], server)).out).toBe(`sweep ${first} is now canceled\n`);
    const mixed = await type(["pause", first, second], server);
    expect(mixed).toMatchObject({ code: 1, out: `sweep ${second} is now paused\n` });
    expect(mixed.err).toContain(first);
    expect((await type(["resume", second, "--json"], server)).out).toContain('"state":"running"');
  });
});

test.concurrent("one run is stopped by its name, and the sweep goes on", async () => {
  await withServer(async (server) => {
    const waits =
      'console.log("{\\"loss\\":1}"); if (process.argv[1] === "a=1") setTimeout(() => {}, 60_000)';
    const id = await createSweep(server, waits, { parameters: { a: { values: [1, 2] } } });
    await withAgent(server, id, {}, async ({ done, lines }) => {
      await vi.waitFor(() => expect(lines.join("\n")).toContain("started"), 20_000);
      const stopped = await type(["stop", id, "--run", `${id}-1`], server);
      expect(stopped).toMatchObject({ code: 0, out: `${id}-1 is being stopped\n` });
      expect(Object.fromEntries(await done)).toEqual({ killed: 1, finished: 1 });
    });
    expect((await type(["stop", id, "--run", "nobody"], server)).err).toContain(`has no run "nobody"`);
  });
});

test.concurrent("doctor looks at node, server, versions, key, clock, disk, python and GPUs", async () => {
  await withServer(async (server) => {
    const well = JSON.parse((await type(["doctor", "--json"], server)).out);
    expect(well.findings.map(({ check, ok }: { check: string; ok: boolean }) => [check, ok])).toEqual(
      ["node", "server", "versions", "key", "clock", "disk", "python", "gpus"].map((check) => [check, true]),
    );
    const ill = await type(["doctor"], { url: server.url, key: `besom-${"x".repeat(43)}` });
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/^FAIL {2}key: the key from BESOM_API_KEY is refused/m);
  });
});

test.each([
  [
    "no key",
    ["runs", "aaaaaaaa"],
    3,
    /there is no key for the server at http:\/\/localhost:3000; run `npx besom login`/,
  ],
  ["an unknown command", ["brush"], 2, /unknown command 'brush'/],
  [
    "an unknown option",
    ["runs", "aaaaaaaa", "--jso"],
    2,
    /unknown option '--jso'\n\(Did you mean --json\?\)/,
  ],
  ["a missing argument", ["runs"], 2, /missing required argument 'sweep'/],
  ["no sweep", ["runs", "not/a-sweep"], 2, /"not\/a-sweep" is no sweep: expected its id/],
  ["a bad count", ["agent", "aaaaaaaa", "--count", "0"], 2, /"0" is no count/],
  [
    "a bad format",
    ["export", "aaaaaaaa", "-f", "xml"],
    2,
    /"xml" is no format: expected csv, json, jsonl, parquet/,
  ],
  ["parquet without a file", ["export", "aaaaaaaa", "-f", "parquet"], 2, /name a file with --output FILE/],
  [
    "runs of two sweeps",
    ["stop", "aaaaaaaa", "bbbbbbbb", "-r", "x"],
    2,
    /--run names runs of one sweep; 2 were/,
  ],
  ["no project", ["sweeps", "a/b/c"], 2, /"a\/b\/c" is no project: expected its name or entity\/project/],
  ["a bad state", ["runs", "aaaaaaaa", "--state", "done"], 2, /"done" is no state of a run/],
  [
    "a control and a dry run",
    ["sweep", "aaaaaaaa", "--pause", "--dry-run"],
    2,
    /--pause and --dry-run can't be asked for at once/,
  ],
  [
    "a control and an update",
    ["sweep", "aaaaaaaa", "--stop", "--update", "bbbbbbbb"],
    2,
    /--stop and --update can't/,
  ],
  ["a control and a name", ["sweep", "aaaaaaaa", "--cancel", "--name", "x"], 2, /--cancel and --name can't/],
  [
    "a control and a project",
    ["sweep", "aaaaaaaa", "--resume", "-p", "x"],
    2,
    /--resume and --project can't/,
  ],
  [
    "an update and a project",
    ["sweep", "f", "--update", "aaaaaaaa", "-p", "x"],
    2,
    /--update and --project can't/,
  ],
  [
    "an update and a prior run",
    ["sweep", "f", "--update", "aaaaaaaa", "-R", "x"],
    2,
    /--update and --prior-run can't/,
  ],
  [
    "an update and a prior run in W&B's spelling",
    ["sweep", "f", "--update", "aaaaaaaa", "--prior_run", "x"],
    2,
    /--update and --prior-run can't/,
  ],
  [
    "a file that can't be written",
    ["export", "aaaaaaaa", "-o", "/nonexistent/x"],
    2,
    /can't write \/nonexistent\/x: its folder does not exist\n$/,
  ],
  ["two controls", ["sweep", "aaaaaaaa", "--pause", "--stop"], 2, /can't be asked for at once/],
])("%s is one clear sentence and the right exit code", async (_, words, code, message) => {
  const typed = await type(words, {});
  expect(typed.code).toBe(code);
  expect(typed.err).toMatch(message);
  expect(typed.out).toBe("");
});

test.concurrent("a server out of reach is exit code 4 after a bounded time", async () => {
  const typed = await type(["runs", "aaaaaaaa"], { url: "http://127.0.0.1:1", key: "k" });
  expect(typed).toMatchObject({
    code: 4,
    err: expect.stringMatching(
      /^besom: can't reach the Besom server at http:\/\/127\.0\.0\.1:1 \(connection refused\)/,
    ),
  });
}, 20_000);

test.concurrent("an agent for a sweep of another project is refused with the right path", async () => {
  await withServer(async (server) => {
    const id = await createSweep(server, ECHO);
    const typed = await type(["agent", `somebody/else/${id}`], server);
    expect(typed.code).toBe(1);
    expect(typed.err).toMatch(/sweep \w+ is not in somebody\/else; it is \S+\/tests\/\w+\n$/);
  });
});

test.concurrent("an agent whose every run failed exits with 1, one of whose runs some failed with 0", async () => {
  await withServer(async (server) => {
    const program = 'process.exit(process.argv[1] === "a=1" ? 0 : 1)';
    for (const [values, code] of [
      [[1, 2], 0],
      [[2, 3], 1],
    ] as const) {
      const id = await createSweep(server, program, { parameters: { a: { values } } });
      expect((await type(["agent", id], server)).code).toBe(code);
    }
  });
});

test.concurrent("a machine that fails every run is told of its quarantine and the way out, and works again after --reset", async () => {
  await withFolder({ broken: "" }, (cwd) =>
    withServer(async (server) => {
      const program = 'process.exit(require("fs").existsSync("broken") ? 1 : 0)';
      const values = [1, 2, 3, 4];
      const id = await createSweep(server, program, { parameters: { a: { values } }, quarantine_after: 2 });
      const failed = await type(["agent", id], { ...server, cwd });
      expect(failed.code).toBe(1);
      expect(failed.err).toMatch(new RegExp(`quarantine.*besom agent ${id} --reset`));
      const again = await type(["agent", id], { ...server, cwd });
      expect(again).toMatchObject({ code: 1 });
      expect(again.err).toContain(`besom agent ${id} --reset`);
      expect(again.err).not.toContain("first command");

      rmSync(join(cwd, "broken"));
      const mended = await type(["agent", id, "--reset"], { ...server, cwd });
      expect(mended).toMatchObject({ code: 0 });
      // The two that failed here came back for others, and there was no other.
      expect(mended.err).toContain("done: 4 finished");
    }),
  );
});

test("an agent that hands work back exits with 1, one that held none with 0", () => {
  expect(isWellDone(new Map())).toBe(true);
  expect(isWellDone(new Map([["killed", 1]]))).toBe(true);
  expect(
    isWellDone(
      new Map([
        ["finished", 3],
        ["preempted", 1],
      ]),
    ),
  ).toBe(false);
});

test("besom importance: bars, intervals and warnings in words, JSON for scripts, and a mistake is usage", () =>
  withServer(async (server) => {
    const sweepId = await createFrom(server, JSON.stringify(TWO_UNIFORM), "matters");
    await endRuns(server.db, sweepId, 4);
    const few = await type(["importance", sweepId], server);
    expect(few).toMatchObject({ code: 0, out: "" });
    expect(few.err).toContain(
      "6 more runs with a value of loss must end before anything can be said: 4 of 10",
    );
    await endRuns(server.db, sweepId, 21);
    const { code, out, err } = await type(["importance", sweepId, "--limit", "1"], server);
    expect(code).toBe(0);
    const [heading, titles, first, ...rest] = out.trimEnd().split("\n");
    expect(heading).toMatch(/^what matters to loss: Gaussian process of 25 runs, trust \d\.\d\d$/);
    expect(titles).toMatch(/^PARAMETER +SHARE +90 % +WITH OTHERS +BETTER +CORRELATION$/);
    expect(first).toMatch(/^x +\d+ % +\d+ % to \d+ % +\d+ % +█+░*·* +lower +[01]\.\d\d$/);
    expect(rest.filter((line) => line.startsWith("y"))).toEqual([]);
    expect(err).toContain("1 of 2 parameters; more with --limit 2");
    expect(err).toContain("with 25 runs the order may be chance");

    const words = [
      "importance",
      sweepId,
      "--metric",
      "loss",
      "--stat",
      "min",
      "--filter",
      "x<0.5",
      "--method",
      "forest",
      "--json",
    ];
    const [{ count } = { count: 0 }] = await server.db.sql<{ count: number }[]>`
      select count(*)::int as count from runs where sweep_id = ${sweepId} and objective < 0.5`;
    const asked = JSON.parse((await type(words, server)).out);
    expect(asked).toMatchObject({ sweep: { id: sweepId }, importance: { method: "forest", runs: count } });
    expect(await type(["importance", sweepId, "--method", "tree"], server)).toMatchObject({
      ...{ code: 2, err: expect.stringContaining("none of auto, forest, good, gp") },
    });
    expect(await type(["importance", sweepId, "--quantile", "0.2"], server)).toMatchObject({
      ...{ code: 1, err: expect.stringContaining("quantile is 0.2") },
    });
  }));
