/**
 * Trains a classifier of handwritten digits and prints one line of JSON an epoch: all that Besom needs to know.
 * Any hyperparameter can be given as `--name=value`; the others have the defaults below.
 */
import { loadDigits } from "./data";
import { Network } from "./network";
import { Random } from "./random";

const options = readOptions(
  {
    epochs: 40,
    batch_size: 32,
    hidden: 32,
    activation: "relu",
    optimizer: "adam",
    learning_rate: 0.003,
    momentum: 0.9,
    weight_decay: 0.0001,
    dropout: 0,
    seed: 7,
  },
  process.argv.slice(2),
);

const random = new Random(options.seed);
const { train, heldOut } = loadDigits(new Random(1998));
const network = new Network(
  {
    hidden: options.hidden,
    activation: oneOf("activation", options.activation, ["relu", "tanh"] as const),
    optimizer: oneOf("optimizer", options.optimizer, ["sgd", "adam"] as const),
    learningRate: options.learning_rate,
    momentum: options.momentum,
    weightDecay: options.weight_decay,
    dropout: options.dropout,
  },
  random,
);

for (let epoch = 1; epoch <= options.epochs; epoch++) {
  const loss = network.trainEpoch(train, options.batch_size);
  const { loss: valLoss, accuracy } = network.evaluate(heldOut);
  console.log(
    JSON.stringify({
      step: epoch,
      loss: round(loss),
      val_loss: round(valLoss),
      val_accuracy: round(accuracy),
    }),
  );
}

/** `--name=value` over the defaults; a default's type says what its value must be. */
function readOptions<T extends Record<string, number | string>>(defaults: T, argv: string[]): T {
  const options: Record<string, number | string> = { ...defaults };
  for (const argument of argv) {
    const [, name, text] = /^--([a-z_]+)=(.*)$/.exec(argument) ?? [];
    if (name === undefined || text === undefined || !(name in defaults))
      fail(`unknown argument ${argument}; known: ${Object.keys(defaults).join(", ")}`);
    const value = typeof defaults[name] === "number" ? Number(text) : text;
    if (typeof value === "number" && !Number.isFinite(value)) fail(`--${name} must be a number, not ${text}`);
    options[name] = value;
  }
  return options as T;
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  return (
    allowed.find((each) => each === text) ??
    fail(`--${name} must be one of ${allowed.join(", ")}, not ${text}`)
  );
}

function fail(message: string): never {
  console.error(`train: ${message}`);
  process.exit(2);
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
