import { openDatabase } from "@/db/client";
import { UpdateProject } from "@/graphql/operations/accounts";
import { Heartbeat } from "@/graphql/operations/agent";
import { PauseSweep, StopSweep } from "@/graphql/operations/sweep";
import { DIGITS_SWEEP, type Driver, train } from "./seed";
import { type SeededSweep, seedSweep } from "./seed-sweep";
import { logShowcaseMedia } from "./showcase-media";

/** What a server looks like that people work on: for pictures of the pages. The same each time, but for the clock. */
export interface Showcase {
  /** Paths of pages. */
  readonly project: string;
  readonly grid: string;
  readonly waiting: string;
  /** At work, with a machine in quarantine. */
  readonly live: string;
  readonly failedRun: string;
  /** It logged pictures, a table and histograms. */
  readonly seeing: string;
  /** With early stopping, 480 runs. */
  readonly tuned: SeededSweep;
  /** Its agents have nothing more to say. */
  rest(): void;
}

const TUNED = `# ResNet-18 on CIFAR-10, first on a tenth of the epochs.
name: resnet18 on cifar10, tuned
method: random
program: train.py
metric: {name: val/loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 3, eta: 3}
parameters:
  lr: {distribution: log_uniform_values, min: 0.00001, max: 0.1}
  weight_decay: {distribution: log_uniform_values, min: 0.000001, max: 0.01}
  dropout: {min: 0.0, max: 0.5}
  width: {values: [32, 64, 128, 256]}
  optimizer:
    parameters:
      name: {values: [adamw, sgd, lion]}
      momentum: {value: 0.9}
  augment: {values: [none, flip, randaugment]}
  batch_size: {value: 128}
  epochs: {value: 27}
`;

const GRID = `name: warmup and schedule
method: grid
program: train.py
metric: {name: val/score, goal: maximize}
parameters:
  lr: {values: [0.0003, 0.001, 0.003, 0.01]}
  warmup_steps: {values: [0, 200, 1000, 4000]}
  schedule: {values: [cosine, linear, constant]}
  label_smoothing: {values: [0.0, 0.1]}
`;

const SMALL = `name: tokenizer sizes
method: grid
program: train.py
metric: {name: bits_per_byte, goal: minimize}
parameters:
  vocabulary: {values: [8000, 16000, 32000, 64000]}
  merges: {values: [bpe, unigram]}
`;

const DAY_MS = 86_400_000;

export async function fillShowcase({
  databaseUrl,
  driver,
  entity,
  ...server
}: {
  databaseUrl: string;
  driver: Driver;
  entity: string;
  url: string;
  key: string;
}): Promise<Showcase> {
  const project = "image-classifiers";
  const now = Date.now();
  for (const [i, name] of ["distillation", "data order", "augmentation"].entries())
    await seedSweep(databaseUrl, {
      source: TUNED.replace("resnet18 on cifar10, tuned", name),
      runs: 140 - 40 * i,
      seed: 20 + i,
      project,
      shares: { failed: 0.02 * i },
      until: new Date(now - (17 - 5 * i) * DAY_MS),
    });
  const small = await seedSweep(databaseUrl, {
    source: SMALL,
    runs: 8,
    seed: 2,
    project: "language-models",
    until: new Date(now - 9 * DAY_MS),
  });
  const grid = await seedSweep(databaseUrl, {
    source: GRID,
    runs: 96,
    seed: 5,
    project,
    metrics: ["train/loss", "tokens_per_second"],
    shares: { failed: 0.04, pending: 0.26 },
    histories: { runs: 40 },
    until: new Date(now - 2 * DAY_MS),
  });
  const tuned = await seedSweep(databaseUrl, {
    source: TUNED,
    runs: 480,
    seed: 11,
    project,
    agents: 6,
    metrics: ["val/margin", "train/loss", "epoch_time"],
    shares: { failed: 0.03, crashed: 0.01 },
    histories: { runs: 480 },
  });
  await spreadCreation(databaseUrl);
  await driver.send(StopSweep, { input: { sweepId: small.id } });
  await driver.send(PauseSweep, { input: { sweepId: grid.id } });
  await describe(
    driver,
    tuned.projectId,
    "ResNets and vision transformers, on CIFAR-10 and our own photographs.",
  );
  await describe(driver, small.projectId, "Small models of language, and what goes into them.");
  const waiting = await driver.createSweep(DIGITS_SWEEP.replace("digits, first look", "digits, not begun"), {
    project,
  });
  const live = await beginLive(driver, project);
  return {
    project: `/${entity}/${project}`,
    tuned,
    grid: grid.path,
    waiting: `/${entity}/${project}/sweeps/${waiting.id}`,
    ...live,
    live: `/${entity}/${project}/sweeps/${live.live}`,
    failedRun: `/${entity}/${project}/runs/${live.failedRun}`,
    seeing: await logShowcaseMedia(server, project),
  };
}

/** Seeds are made now; the pages say when. */
async function spreadCreation(databaseUrl: string): Promise<void> {
  const db = openDatabase(databaseUrl, { max: 1 });
  try {
    await db.sql`update sweeps set created_at = least(created_at, started_at - interval '2 minutes')`;
    await db.sql`update projects p set created_at = least(p.created_at, (
      select min(s.created_at) from sweeps s where s.project_id = p.id))`;
  } finally {
    await db.close();
  }
}

async function describe(driver: Driver, projectId: number, description: string): Promise<void> {
  await driver.send(UpdateProject, { input: { projectId: String(projectId), description } });
}

/** A sweep at work: agents on three machines, some runs failed with a trace, and one machine where all of them did. */
async function beginLive(driver: Driver, project: string) {
  const { id: sweepId } = await driver.createSweep(DIGITS_SWEEP, { project });
  const agents = [
    await driver.registerAgent(sweepId, "gpu-box-1"),
    await driver.registerAgent(sweepId, "gpu-box-2"),
  ];
  let failedRun = "";
  for (let i = 0; i < 58; i++) {
    const [claim] = await driver.claim(sweepId, agents[i % 2] ?? "");
    if (!claim) break;
    const series = train(JSON.parse(claim.params));
    const failed = i % 19 === 11;
    const output = series.accuracy.map(
      (accuracy, epoch) => `epoch ${epoch + 1}/20  accuracy ${accuracy.toFixed(4)}`,
    );
    if (failed) failedRun = claim.name;
    await driver.finish(
      claim,
      failed
        ? { series, output: [...output.slice(0, 7), ...TRACE], state: "failed", exitCode: 1 }
        : { series, output },
    );
  }
  const broken = await driver.registerAgent(sweepId, "gpu-box-3");
  for (let i = 0; i < 5; i++) {
    const [claim] = await driver.claim(sweepId, broken);
    if (claim) await driver.finish(claim, { output: TRACE, state: "failed", exitCode: 1 });
  }
  for (const agentId of agents) await driver.claim(sweepId, agentId);
  const beat = () =>
    Promise.all(
      agents.map((agentId) => driver.send(Heartbeat, { input: { agentId, attempts: [], started: [] } })),
    );
  await beat();
  const timer = setInterval(() => void beat().catch(() => {}), 4_000);
  return { live: sweepId, failedRun, rest: () => clearInterval(timer) };
}

const TRACE = [
  "Traceback (most recent call last):",
  '  File "train.py", line 118, in <module>',
  "    loss.backward()",
  "RuntimeError: CUDA error: out of memory. Tried to allocate 2.25 GiB",
];
