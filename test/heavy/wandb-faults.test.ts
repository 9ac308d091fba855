import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { hasPython } from "../support/python";
import { sharedWorld } from "../support/shared-world";
import { openSlowRoad } from "../support/slow-road";
import { runsOf, seriesOf, signalMarked, wandbSuite } from "../support/wandb-suite";
import { until } from "../support/world";

const world = sharedWorld({ when: hasPython() });

describe.skipIf(!hasPython())("wandb's client on bad days", () => {
  const { start, run, sweep, newFolder, entity } = wandbSuite(world, "wandb");

  test("an agent that is killed loses its run to another attempt, and what wakes up later changes nothing in it", async () => {
    const cwd = newFolder();
    const project = `fence`;
    const id = await sweep(
      cwd,
      project,
      "method: grid\nretries: 1\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.5]}\n  steps: {value: 100}\n",
    );
    const path = `${entity()}/${project}/${id}`;
    const mark = `fence-${process.pid}`;
    const frozen = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.3", MARK: mark } });
    await until(async () => ((await runsOf(world, { sweep: id }))[0]?.lines ?? 0) > 0, 90_000, frozen.output);
    expect(signalMarked(mark, "SIGSTOP")).toBeGreaterThan(2);
    await until(
      async () => (await runsOf(world, { sweep: id }))[0]?.state === "pending",
      60_000,
      frozen.output,
    );
    const other = start(["wandb", "agent", path], { cwd, env: { PAUSE: "0.01" } });
    await until(async () => (await runsOf(world, { sweep: id }))[0]?.attempt === 2, 60_000, other.output);
    signalMarked(mark, "SIGCONT");
    expect(await other.exited, other.output()).toBe(0);
    // What woke up goes on sending under its own name for a while, and is told to stop.
    await Promise.race([frozen.exited, pause(45_000)]);
    signalMarked(mark, "SIGKILL");
    const [one] = await runsOf(world, { sweep: id });
    expect(one).toMatchObject({ state: "finished", attempt: 2, lines: 100, lastStep: 99 });
    expect(other.output()).toContain(`${one?.name}-a2`);
  }, 300_000);

  test("a server that is killed, and one that is away for a while, lose no step", async () => {
    const project = `outage`;
    const program = `import wandb, time\nr = wandb.init(project=${JSON.stringify(project)}, id="through")\nfor i in range(400):\n    r.log({"i": i})\n    time.sleep(0.1)\nr.finish()`;
    const training = start(["-c", program]);
    await until(async () => ((await runsOf(world, { project }))[0]?.lines ?? 0) > 0, 60_000, training.output);
    const [server] = world.servers;
    await server?.kill();
    await pause(10_000);
    await server?.start();
    expect(await training.exited, training.output()).toBe(0);
    const [one] = await runsOf(world, { project });
    expect(one).toMatchObject({ state: "finished", lines: 400, lastStep: 399 });
    const [stored] = await world.db.sql`
      select s.count::int, s.sum from metric_summaries s join metrics m on m.id = s.metric_id where s.run_id = ${one?.id ?? 0} and m.name = 'i'`;
    expect(stored).toEqual({ count: 400, sum: (399 * 400) / 2 });
  }, 240_000);

  test("a minute without a server costs an agent and its run nothing", async () => {
    const cwd = newFolder();
    const id = await sweep(
      cwd,
      "minute",
      "method: grid\nmetric: {name: loss, goal: minimize}\nparameters:\n  lr: {values: [0.5, 0.25]}\n  steps: {value: 300}\n",
    );
    const agent = start(["wandb", "agent", `${entity()}/minute/${id}`], { cwd, env: { PAUSE: "0.1" } });
    await until(async () => ((await runsOf(world, { sweep: id }))[0]?.lines ?? 0) > 0, 90_000, agent.output);
    const [server] = world.servers;
    await server?.kill();
    // The first run ends while nobody is there, and its agent asks for the next one.
    await pause(60_000);
    await server?.start();
    expect(await agent.exited, agent.output()).toBe(0);
    const runs = await runsOf(world, { sweep: id });
    expect(runs).toHaveLength(2);
    for (const one of runs) {
      expect(one).toMatchObject({ state: "finished", attempt: 1, lines: 300 });
      expect(await seriesOf(world, one.id, "loss")).toEqual(
        Array.from({ length: 300 }, (_, step) => Number(one.params.lr) / (step + 1)),
      );
    }
  }, 300_000);

  test("a slow road with long delays loses nothing either", async () => {
    const road = await openSlowRoad(world.servers[0]?.url ?? "", { delayMs: 400, bytesPerSecond: 30_000 });
    try {
      const program = `import wandb\nr = wandb.init(project="slow")\nfor i in range(1500):\n    r.log({"i": i, "square": i * i, "text": "x" * 20})\nr.finish()`;
      const { output } = await run(["-c", program], { url: road.url });
      const [one] = await runsOf(world, { project: "slow" });
      expect(one, output()).toMatchObject({ state: "finished", lines: 1_500, lastStep: 1_499 });
      expect(await seriesOf(world, one?.id ?? 0, "square")).toEqual(
        Array.from({ length: 1_500 }, (_, i) => i * i),
      );
      expect(road.carried()).toBeGreaterThan(20_000);
    } finally {
      await road.close();
    }
  }, 300_000);
});
