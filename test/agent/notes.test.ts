import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { AttemptFacts } from "@/graphql/operations";
import { TWO_CARDS, withNvidiaSmi } from "../support/nvidia";
import { waitFor } from "../support/recorder";
import { ask, sharedServer } from "../support/server";
import { createSweep, withAgent } from "../support/worker";

const server = sharedServer();

interface Told {
  sweep: {
    runs: {
      nodes: {
        state: string;
        warnings: { code: string; message: string }[];
        attempts: {
          number: number;
          slot: number;
          device: string;
          facts: AttemptFacts;
          diff: string | null;
        }[];
        history: { series: { points: { values: number[] } | null }[] };
        system: { key: string; values: number[] }[];
      }[];
    };
  };
}
const TOLD = /* GraphQL */ `query Told($id: ID!) { sweep(id: $id) { runs(first: 10) { nodes {
  state warnings { code message } attempts { number slot device facts diff }
  history(keys: ["lss"]) { series { points { values } } }
  system { key values }
} } } }`;
const read = async (sweepId: string) => (await ask<Told>(server(), TOLD, { id: sweepId })).sweep.runs.nodes;

const git = (cwd: string, ...words: string[]) =>
  execFileSync("git", ["-c", "user.name=ada", "-c", "user.email=ada@x.org", ...words], {
    cwd,
    encoding: "utf8",
  });

test("an attempt keeps its slot and card, its repository and diff, its machine, and warnings; text is read by log_pattern", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "besom-repo-"));
  git(cwd, "init", "-q", "-b", "trunk");
  writeFileSync(join(cwd, "train.txt"), "one\n");
  git(cwd, "add", ".");
  git(cwd, "commit", "-qm", "first");
  git(cwd, "remote", "add", "origin", "https://ada:secret-token@example.org/ada/nets.git");
  writeFileSync(join(cwd, "train.txt"), "two\n");
  const program = `
    const { BESOM_SLOT, CUDA_VISIBLE_DEVICES, BESOM_METRIC, BESOM_CHECKPOINT_DIR } = process.env;
    require("fs").accessSync(BESOM_CHECKPOINT_DIR);
    console.log(JSON.stringify({ BESOM_SLOT, CUDA_VISIBLE_DEVICES, BESOM_METRIC }));
    console.log("epoch 1: lss=0.5");
    setTimeout(() => console.log("epoch 2: lss=0.25"), 300);`;
  try {
    const sweepId = await createSweep(server(), program, {
      parameters: { a: { values: [1, 2] } },
      log_pattern: "epoch (?P<step>\\d+): lss=(?P<lss>\\S+)",
      command: [process.execPath, "-e", program, `\${argz}`],
    });
    const devices = [
      { id: "0", label: "0: NVIDIA A100" },
      { id: "1", label: "1: Tesla T4" },
    ];
    await withNvidiaSmi(TWO_CARDS, (env) =>
      withAgent(server(), sweepId, { slots: 2, devices, cwd, env }, async ({ done, lines }) => {
        expect(await done).toEqual(new Map([["finished", 2]]));
        expect(lines.join("\n")).toMatch(
          /the sweep's metric "loss" was never logged: .*did you mean "lss"\?/,
        );
      }),
    );
    const runs = await read(sweepId);
    for (const { warnings, history } of runs) {
      expect(warnings.map(({ code }) => code).sort()).toEqual(["METRIC_NEVER_LOGGED", "UNKNOWN_MACRO"]);
      expect(history.series[0]?.points?.values).toEqual([0.5, 0.25]);
    }
    const attempts = runs.map((run) => run.attempts[0]);
    expect(attempts.map((one) => [one?.slot, one?.device]).sort()).toEqual([
      [0, "0"],
      [1, "1"],
    ]);
    for (const one of attempts) {
      expect(one?.facts).toMatchObject({
        cwd,
        node: process.version,
        git: { remote: "https://example.org/ada/nets.git", branch: "trunk", dirty: true, diffCut: false },
        gpus: [{ index: 0, name: "NVIDIA A100-SXM4-80GB" }, { index: 1 }],
      });
      expect(one?.facts.git?.commit).toMatch(/^[0-9a-f]{40}$/);
      expect(one?.facts.argv?.slice(0, 2)).toEqual([process.execPath, "-e"]);
      expect(one?.diff).toContain("-one\n+two\n");
    }
    const [agent] = await server().db.sql<{ gpus: string[]; cwd: string }[]>`
      select gpus, cwd from agents where sweep_id = ${sweepId}`;
    expect(agent).toEqual({ gpus: ["0: NVIDIA A100", "1: Tesla T4"], cwd });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
});

test("an agent works where nothing can be found out: no git, no python, no card, no folder for checkpoints", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "besom-bare-"));
  mkdirSync(join(cwd, "bin"));
  const sweepId = await createSweep(server(), "console.log(JSON.stringify({ loss: 1 }))");
  const env = {
    PATH: join(cwd, "bin"),
    BESOM_CHECKPOINT_ROOT: "/proc/nowhere",
    BESOM_SPOOL_DIR: "/proc/none",
  };
  await withAgent(server(), sweepId, { env, cwd }, async ({ done, lines }) => {
    expect(await done).toEqual(new Map([["finished", 1]]));
    expect(lines.join("\n")).toContain("no folder for checkpoints");
    expect(lines.join("\n")).toContain("set BESOM_SPOOL_DIR to a folder");
  });
  await waitFor("its facts", async () => (await read(sweepId))[0]?.attempts[0]?.facts !== null);
  expect((await read(sweepId))[0]?.attempts[0]?.facts.git).toBeUndefined();
  rmSync(cwd, { recursive: true, force: true });
});

test("a metric that a program sent to the server by itself is not called missing", async () => {
  const program = `
    const { BESOM_API_KEY, BESOM_URL, BESOM_RUN_ID } = process.env;
    const batch = { attempt: 1, batch: 1, steps: [0], series: [{ key: "loss", values: [1] }] };
    const query = "mutation Log($input: LogMetricsInput!) { logMetrics(input: $input) { error { code } } }";
    fetch(BESOM_URL + "/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer " + BESOM_API_KEY },
      body: JSON.stringify({ query, variables: { input: { runId: BESOM_RUN_ID, batch } } }),
    }).then((answer) => answer.text()).then((text) => console.log("answer", text));`;
  const sweepId = await createSweep(server(), program);
  await withAgent(server(), sweepId, {}, async ({ done, lines }) => {
    expect(await done).toEqual(new Map([["finished", 1]]));
    expect(lines.join("\n")).not.toContain("never logged");
  });
  expect((await read(sweepId))[0]?.warnings).toEqual([]);
  const [run] = await server().db.sql`select objective from runs where sweep_id = ${sweepId}`;
  expect(run?.objective).toBe(1);
});
