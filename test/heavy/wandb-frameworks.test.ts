import { describe, expect, test } from "vitest";
import { hasPython } from "../support/python";
import { sharedWorld } from "../support/shared-world";
import { runsOf, seriesOf, wandbSuite } from "../support/wandb-suite";

const world = sharedWorld({ when: hasPython() });

/** What a program printed of its own figures, before anything went anywhere. */
interface Said {
  run: string;
  metric: string;
  logged: number[];
}

/** The frameworks with the callbacks that wandb or they themselves have, training on scikit-learn's digits. */
describe.skipIf(!hasPython()).each([
  ["PyTorch Lightning", "lightning_digits.py", "val_loss", ["torch", "lightning"], ["model"]],
  [
    "Hugging Face's Trainer",
    "transformers_digits.py",
    "eval/loss",
    ["torch", "transformers", "accelerate"],
    [],
  ],
  ["Keras", "keras_digits.py", "epoch/val_loss", ["tensorflow-cpu"], []],
  ["XGBoost", "xgboost_digits.py", "validation-mlogloss", ["xgboost"], ["model", "run_table"]],
] as const)("%s", (_, program, metric, packages, artifacts) => {
  const { start, sweep, newFolder, entity } = wandbSuite(world, "wandb", "scikit-learn", ...packages);

  test("a sweep of it runs as it is, and every figure of the metric is the one that it had", async () => {
    const cwd = newFolder();
    const project = program.replace(".py", "");
    const id = await sweep(
      cwd,
      project,
      `method: grid\nmetric: {name: ${metric}, goal: minimize}\nparameters:\n  lr: {values: [0.01, 0.003]}\n  hidden: {value: 16}\n  depth: {value: 3}\n`,
      program,
    );
    const agent = start(["wandb", "agent", `${entity()}/${project}/${id}`], { cwd });
    expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(world, { sweep: id });
    expect(runs.map(({ state }) => state)).toEqual(["finished", "finished"]);
    const said = agent
      .lines()
      .filter((line) => line.startsWith('{"run"'))
      .map((line) => JSON.parse(line) as Said);
    expect(said.map(({ run }) => run).sort()).toEqual(runs.map(({ name }) => name).sort());
    for (const { run, logged } of said) {
      expect(logged.length).toBeGreaterThan(1);
      const one = runs.find(({ name }) => name === run);
      const stored = await seriesOf(world, one?.id ?? 0, metric);
      expect(stored.map((value) => value.toFixed(5))).toEqual(logged.map((value) => value.toFixed(5)));
      expect(one?.objective).toBeCloseTo(Math.min(...logged), 5);
    }
    const kept = await world.db.sql<{ type: string }[]>`
      select distinct c.type from artifact_collections c join projects p on p.id = c.project_id where p.name = ${project}`;
    expect(kept.map(({ type }) => type)).toEqual(expect.arrayContaining([...artifacts]));
  }, 400_000);
});
