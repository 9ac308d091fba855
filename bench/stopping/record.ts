import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPoints } from "@/compute/search/points";
import { parseSweepConfig } from "@/core/sweep-config";
import { toNumber } from "@/core/value";
import { type Digits, loadDigits, PIXELS } from "@/examples/digits/data";
import { Network } from "@/examples/digits/network";
import { Random } from "@/examples/digits/random";

/**
 * Trains the digits example 240 times with configurations that are drawn wide, good and hopeless ones alike, and records the held-out loss of
 * each of 27 epochs: `npx tsx bench/stopping/record.ts` (a quarter of an hour). bench/stopping.ts plays what is recorded here.
 */
const RUNS = 240;
const EPOCHS = 27;
/** Of 1,397; the curves cross all the more. */
const ROWS = 600;

const { config } = parseSweepConfig(`
method: random
parameters:
  hidden: {distribution: q_log_uniform_values, min: 4, max: 64, q: 4}
  activation: {values: [relu, tanh]}
  optimizer: {values: [adam, sgd]}
  learning_rate: {distribution: log_uniform_values, min: 1.0e-4, max: 0.3}
  momentum: {min: 0.0, max: 0.98}
  weight_decay: {distribution: log_uniform_values, min: 1.0e-6, max: 0.1}
  dropout: {min: 0.0, max: 0.6}
  batch_size: {values: [8, 16, 32, 64, 128]}
`);
if (config === undefined) throw new Error("the space can't be read");
const points = openPoints(config, "20");
const all = loadDigits(new Random(1998));
const train: Digits = {
  ...all.train,
  count: ROWS,
  labels: all.train.labels.subarray(0, ROWS),
  pixels: all.train.pixels.subarray(0, ROWS * PIXELS),
};

const curves: number[][] = [];
for (let run = 0; run < RUNS; run++) {
  const { params } = points.at(BigInt(run));
  const numberOf = (name: string): number => toNumber(params[name] ?? null) ?? Number.NaN;
  const network = new Network(
    {
      hidden: numberOf("hidden"),
      activation: params.activation === "tanh" ? "tanh" : "relu",
      optimizer: params.optimizer === "sgd" ? "sgd" : "adam",
      learningRate: numberOf("learning_rate"),
      momentum: numberOf("momentum"),
      weightDecay: numberOf("weight_decay"),
      dropout: numberOf("dropout"),
    },
    new Random(run),
  );
  const losses: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    network.trainEpoch(train, numberOf("batch_size"));
    losses.push(Number(network.evaluate(all.heldOut).loss.toPrecision(4)));
  }
  curves.push(losses);
  if ((run + 1) % 20 === 0) console.error(`${run + 1} of ${RUNS}`);
}
const lines = curves.map((losses) => JSON.stringify(losses)).join(",\n");
writeFileSync(join(import.meta.dirname, "digits.json"), `[\n${lines}\n]\n`);
