import type { ValueMap } from "@/core/value";
import { cosTurn, exp, log, sinTurn } from "@/math/elementary";
import { numberOf } from "./space";
import { integer, logInteger, logUniform, type Task, toSpace, uniform } from "./task";

/**
 * Suite A: six functions without noise whose optimum is known. Five are classics as Surjanovic and Bingham's library of
 * simulation experiments has them; Ackley's box is shifted so that its optimum is not the centre, where some methods begin. The sixth is a made-up training
 * run with parameters of all kinds.
 */
export const EVALUATIONS = 50;

export function openFunctions(): Task[] {
  return [
    onReals(
      "branin",
      [
        [-5, 10],
        [0, 15],
      ],
      branin,
      0.39788735772973816,
    ),
    onReals("hartmann6", box(6, 0, 1), hartmann6, -3.322368011415515),
    onReals("ackley5", box(5, -20, 45), ackley, 0),
    onReals("levy4", box(4, -10, 10), levy, 0),
    onReals("rosenbrock4", box(4, -2.048, 2.048), rosenbrock, 0),
    ofAllKinds("mixed8"),
  ];
}

type Box = readonly (readonly [min: number, max: number])[];

const box = (dimensions: number, min: number, max: number): Box =>
  Array.from({ length: dimensions }, () => [min, max]);

function onReals(name: string, bounds: Box, value: (x: number[]) => number, optimum: number): Task {
  const names = bounds.map((_, i) => `x${i}`);
  const parameters = Object.fromEntries(bounds.map(([min, max], i) => [names[i], uniform(min, max)]));
  const measure = (params: ValueMap): number => value(names.map((each) => numberOf(params, each)));
  return {
    name,
    ...toSpace(parameters, EVALUATIONS),
    measure,
    regret: (params) => measure(params) - optimum,
  };
}

export function branin([x = 0, y = 0]: number[]): number {
  const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
  return bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * cosTurn(x / (2 * Math.PI)) + 10;
}

const HARTMANN_WEIGHTS = [1, 1.2, 3, 3.2];
const HARTMANN_SHAPES = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const HARTMANN_CENTRES = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

export function hartmann6(x: number[]): number {
  return -sum(HARTMANN_WEIGHTS, (weight, k) => {
    const centre = HARTMANN_CENTRES[k] ?? [];
    return (
      weight *
      exp(-sum(HARTMANN_SHAPES[k] ?? [], (shape, i) => shape * ((x[i] ?? 0) - (centre[i] ?? 0)) ** 2))
    );
  });
}

export function ackley(x: number[]): number {
  const distance = Math.sqrt(sum(x, (each) => each * each) / x.length);
  return 20 - 20 * exp(-0.2 * distance) + exp(1) - exp(sum(x, cosTurn) / x.length);
}

export function levy(x: number[]): number {
  const w = x.map((each) => 1 + (each - 1) / 4);
  const [first = 0] = w;
  const last = w[w.length - 1] ?? 0;
  const middle = sum(
    w.slice(0, -1),
    (each) => (each - 1) ** 2 * (1 + 10 * sinTurn(each / 2 + 1 / (2 * Math.PI)) ** 2),
  );
  return sinTurn(first / 2) ** 2 + middle + (last - 1) ** 2 * (1 + sinTurn(last) ** 2);
}

export function rosenbrock(x: number[]): number {
  return sum(x.slice(0, -1), (each, i) => 100 * ((x[i + 1] ?? 0) - each * each) ** 2 + (1 - each) ** 2);
}

/** Two categories, three integers and three reals. The best learning rate depends on the optimizer and the width, the best dropout on the depth. */
function ofAllKinds(name: string): Task {
  const parameters = {
    activation: { values: ["relu", "tanh", "gelu"] },
    decay: logUniform(1e-6, 1e-1),
    dropout: uniform(0, 0.8),
    layers: integer(1, 12),
    lr: logUniform(1e-5, 1),
    optimizer: { values: ["sgd", "adam", "rmsprop", "lion"] },
    patience: integer(1, 20),
    width: logInteger(16, 1024),
  };
  const value = (params: ValueMap): number =>
    mixed({
      activation: String(params.activation),
      optimizer: String(params.optimizer),
      decay: numberOf(params, "decay"),
      dropout: numberOf(params, "dropout"),
      layers: numberOf(params, "layers"),
      lr: numberOf(params, "lr"),
      patience: numberOf(params, "patience"),
      width: numberOf(params, "width"),
    });
  return { name, ...toSpace(parameters, EVALUATIONS), measure: value, regret: value };
}

export interface Mixed {
  readonly activation: string;
  readonly optimizer: string;
  readonly decay: number;
  readonly dropout: number;
  readonly layers: number;
  readonly lr: number;
  readonly patience: number;
  readonly width: number;
}

const OPTIMIZERS: Readonly<Record<string, { loss: number; rate: number }>> = {
  sgd: { loss: 0.03, rate: -1 },
  adam: { loss: 0, rate: -3 },
  rmsprop: { loss: 0.02, rate: -3.5 },
  lion: { loss: 0.05, rate: -4 },
};
const ACTIVATIONS: Readonly<Record<string, number>> = { relu: 0.015, tanh: 0.06, gelu: 0 };

/** 0 for gelu, adam, a width of 256, 5 layers, a patience of 12, and reals where the squares vanish. */
export function mixed({ activation, optimizer, decay, dropout, layers, lr, patience, width }: Mixed): number {
  const { loss, rate } = OPTIMIZERS[optimizer] ?? { loss: Number.NaN, rate: Number.NaN };
  const octaves = log(width / 256) / Math.LN2;
  const off = log(lr) / Math.LN10 - rate + 0.25 * octaves;
  return (
    loss +
    (ACTIVATIONS[activation] ?? Number.NaN) +
    0.06 * off * off +
    0.01 * octaves * octaves +
    0.5 * (dropout - 0.04 * layers) ** 2 +
    0.003 * (layers - 5) ** 2 +
    0.01 * (log(decay) / Math.LN10 + 4) ** 2 +
    0.0004 * (patience - 12) ** 2
  );
}

const sum = (values: readonly number[], of: (value: number, i: number) => number): number =>
  values.reduce((total, value, i) => total + of(value, i), 0);
