import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stringifyJson, type ValueMap } from "@/core/value";
import { type Digits, loadDigits, PIXELS } from "@/examples/digits/data";
import { Network } from "@/examples/digits/network";
import { Random } from "@/examples/digits/random";
import { type Conversation, converse } from "./conversation";
import { CACHE, pinnedVersion, pythonOf } from "./python";
import { numberOf, toPlain } from "./space";
import { integer, logInteger, logUniform, type Task, toSpace, uniform } from "./task";

/**
 * Suite E: real training. Four tasks of scikit-learn (train.py), two of them with conditional parameters, and the digits example of this repository.
 * What a configuration came to is kept, so that no engine trains what another has. Nobody knows the best loss: a task's regret is the
 * loss itself, and the report measures from the best that any engine found.
 */
export const EVALUATIONS = 40;

/** What a training that diverges reports. */
const WORST = 10;

const SPACES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "digits-svm": {
    c: logUniform(1e-3, 1e3),
    kernel: { values: ["linear", "poly", "rbf", "sigmoid"] },
    gamma: { ...logUniform(1e-4, 10), when: { kernel: ["poly", "rbf", "sigmoid"] } },
    degree: { ...integer(2, 5), when: { kernel: "poly" } },
    coef0: { ...uniform(-1, 1), when: { kernel: ["poly", "sigmoid"] } },
  },
  "cancer-boosting": {
    learning_rate: logUniform(1e-3, 1),
    trees: logInteger(5, 40),
    depth: integer(1, 6),
    subsample: uniform(0.3, 1),
    leaf: logInteger(1, 50),
    features: { values: ["sqrt", "log2"] },
  },
  "wine-network": {
    width: logInteger(4, 32),
    layers: integer(1, 2),
    activation: { values: ["relu", "tanh", "logistic"] },
    solver: { values: ["adam", "sgd"] },
    momentum: { ...uniform(0, 0.99), when: { solver: "sgd" } },
    learning_rate: logUniform(1e-4, 1),
    alpha: logUniform(1e-6, 1),
    batch: { values: [16, 32, 64, 128] },
  },
  "diabetes-model": {
    model: { values: ["ridge", "svr", "neighbours", "forest"] },
    ridge_alpha: { ...logUniform(1e-3, 1e4), when: { model: "ridge" } },
    svr_c: { ...logUniform(1e-2, 1e4), when: { model: "svr" } },
    svr_gamma: { ...logUniform(1e-4, 1), when: { model: "svr" } },
    svr_epsilon: { ...logUniform(1e-2, 50), when: { model: "svr" } },
    neighbours: { ...integer(1, 50), when: { model: "neighbours" } },
    weights: { values: ["uniform", "distance"], when: { model: "neighbours" } },
    forest_depth: { ...integer(1, 12), when: { model: "forest" } },
    forest_leaf: { ...logInteger(1, 50), when: { model: "forest" } },
  },
};

export function openTraining(say: (message: string) => void): Task[] {
  const losses = openLosses(join(CACHE, `training-${pinnedVersion("main", "scikit-learn")}.tsv`));
  let conversation: Conversation | undefined;
  const train = (task: string, params: ValueMap): number => {
    conversation ??= converse(
      pythonOf("main", say),
      [join(import.meta.dirname, "train.py")],
      join(CACHE, "train.log"),
    );
    const plain = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, toPlain(value)]));
    return (conversation.ask({ verb: "measure", task, params: plain }) as number | null) ?? Number.NaN;
  };
  const withScikit = Object.entries(SPACES).map(([name, space]) =>
    toTask(name, space, (params) => losses.of(name, params, () => train(name, params))),
  );
  const trainDigits = openDigits();
  const digits = toTask("digits-network", DIGITS, (params) =>
    losses.of("digits-network", params, () => trainDigits(params)),
  );
  return [...withScikit, digits];
}

function toTask(
  name: string,
  space: Readonly<Record<string, unknown>>,
  loss: (params: ValueMap) => number,
): Task {
  return { name, ...toSpace(space, EVALUATIONS), measure: loss, regret: loss };
}

/** Losses by task and configuration, kept in a file that only grows. */
function openLosses(file: string): { of(task: string, params: ValueMap, train: () => number): number } {
  const known = new Map<string, number>();
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  for (const line of lines) {
    const [task, params, loss] = line.split("\t");
    if (loss) known.set(`${task}\t${params}`, Number(loss));
  }
  return {
    of(task, params, train) {
      const key = `${task}\t${stringifyJson(params)}`;
      const had = known.get(key);
      if (had !== undefined) return had;
      const trained = train();
      const loss = Number.isFinite(trained) ? Math.min(trained, WORST) : WORST;
      known.set(key, loss);
      mkdirSync(CACHE, { recursive: true });
      appendFileSync(file, `${key}\t${loss}\n`);
      return loss;
    },
  };
}

const DIGITS = {
  hidden: logInteger(4, 32),
  activation: { values: ["relu", "tanh"] },
  optimizer: { values: ["adam", "sgd"] },
  learning_rate: logUniform(1e-4, 0.3),
  momentum: { ...uniform(0, 0.98), when: { optimizer: "sgd" } },
  weight_decay: logUniform(1e-6, 0.1),
  dropout: uniform(0, 0.6),
  batch_size: { values: [8, 16, 32, 64, 128] },
};
const DIGITS_ROWS = 300;
const DIGITS_EPOCHS = 3;

/** Held-out loss of the digits example after three epochs of 300 digits. */
function openDigits(): (params: ValueMap) => number {
  const { train, heldOut } = loadDigits(new Random(1998));
  const few: Digits = {
    ...train,
    count: DIGITS_ROWS,
    labels: train.labels.subarray(0, DIGITS_ROWS),
    pixels: train.pixels.subarray(0, DIGITS_ROWS * PIXELS),
  };
  return (params) => {
    const isSgd = params.optimizer === "sgd";
    const network = new Network(
      {
        hidden: numberOf(params, "hidden"),
        activation: params.activation === "tanh" ? "tanh" : "relu",
        optimizer: isSgd ? "sgd" : "adam",
        learningRate: numberOf(params, "learning_rate"),
        momentum: isSgd ? numberOf(params, "momentum") : 0,
        weightDecay: numberOf(params, "weight_decay"),
        dropout: numberOf(params, "dropout"),
      },
      new Random(1),
    );
    for (let epoch = 0; epoch < DIGITS_EPOCHS; epoch++)
      network.trainEpoch(few, numberOf(params, "batch_size"));
    return network.evaluate(heldOut).loss;
  };
}
