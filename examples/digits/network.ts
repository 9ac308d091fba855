import { CLASSES, type Digits, PIXELS } from "./data";
import type { Random } from "./random";

export interface Settings {
  readonly hidden: number;
  readonly activation: "relu" | "tanh";
  readonly optimizer: "sgd" | "adam";
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly dropout: number;
}

/** A weight matrix (outputs x inputs, row-major, the bias as the last column) with what its optimizer remembers. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** A perceptron with one hidden layer and a softmax output, trained by mini-batches. */
export class Network {
  private readonly lower: Layer;
  private readonly upper: Layer;
  private readonly hidden: Float64Array;
  private readonly mask: Float64Array;
  private readonly scores = new Float64Array(CLASSES);
  private updates = 0;

  constructor(
    private readonly settings: Settings,
    private readonly random: Random,
  ) {
    this.lower = createLayer(PIXELS, settings.hidden, random);
    this.upper = createLayer(settings.hidden, CLASSES, random);
    this.hidden = new Float64Array(settings.hidden);
    this.mask = new Float64Array(settings.hidden).fill(1);
  }

  /** One pass over the data in a new random order; returns the mean cross-entropy in nats. */
  trainEpoch(data: Digits, batchSize: number): number {
    const order = this.random.shuffle(data.count);
    let loss = 0;
    for (let start = 0; start < data.count; start += batchSize) {
      const batch = order.subarray(start, start + batchSize);
      for (const row of batch) {
        loss += this.forward(data, row, this.settings.dropout);
        this.backward(data, row);
      }
      this.update(batch.length);
    }
    return loss / data.count;
  }

  evaluate(data: Digits): { loss: number; accuracy: number } {
    let loss = 0;
    let right = 0;
    for (let row = 0; row < data.count; row++) {
      loss += this.forward(data, row, 0);
      if (argmax(this.scores) === data.labels[row]) right++;
    }
    return { loss: loss / data.count, accuracy: right / data.count };
  }

  /** Leaves the class probabilities in `scores`; returns the cross-entropy of the true class. */
  private forward(data: Digits, row: number, dropout: number): number {
    const { lower, upper, hidden, mask, scores } = this;
    const relu = this.settings.activation === "relu";
    for (let h = 0; h < lower.outputs; h++) {
      mask[h] = dropout > 0 && this.random.uniform() < dropout ? 0 : 1 / (1 - dropout);
      const sum = dot(lower, h, data.pixels, row * PIXELS);
      hidden[h] = (relu ? Math.max(0, sum) : Math.tanh(sum)) * at(mask, h);
    }
    let max = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < CLASSES; c++) {
      scores[c] = dot(upper, c, hidden, 0);
      max = Math.max(max, at(scores, c));
    }
    let total = 0;
    for (let c = 0; c < CLASSES; c++) {
      scores[c] = Math.exp(at(scores, c) - max);
      total += at(scores, c);
    }
    for (let c = 0; c < CLASSES; c++) scores[c] = at(scores, c) / total;
    return -Math.log(Math.max(at(scores, at(data.labels, row)), 1e-300));
  }

  private backward(data: Digits, row: number): void {
    const { lower, upper, hidden, mask, scores } = this;
    const relu = this.settings.activation === "relu";
    const back = new Float64Array(lower.outputs);
    for (let c = 0; c < CLASSES; c++) {
      const delta = at(scores, c) - (data.labels[row] === c ? 1 : 0);
      const offset = c * (upper.inputs + 1);
      for (let h = 0; h < upper.inputs; h++) {
        upper.gradient[offset + h] = at(upper.gradient, offset + h) + delta * at(hidden, h);
        back[h] = at(back, h) + delta * at(upper.weights, offset + h);
      }
      upper.gradient[offset + upper.inputs] = at(upper.gradient, offset + upper.inputs) + delta;
    }
    for (let h = 0; h < lower.outputs; h++) {
      const keep = at(mask, h);
      if (keep === 0) continue;
      const active = at(hidden, h) / keep;
      const slope = relu ? (active > 0 ? 1 : 0) : 1 - active * active;
      const delta = at(back, h) * slope * keep;
      if (delta === 0) continue;
      const offset = h * (PIXELS + 1);
      const from = row * PIXELS;
      for (let p = 0; p < PIXELS; p++) {
        lower.gradient[offset + p] = at(lower.gradient, offset + p) + delta * at(data.pixels, from + p);
      }
      lower.gradient[offset + PIXELS] = at(lower.gradient, offset + PIXELS) + delta;
    }
  }

  private update(batchSize: number): void {
    this.updates++;
    for (const layer of [this.lower, this.upper]) {
      for (let i = 0; i < layer.weights.length; i++) {
        const gradient = at(layer.gradient, i) / batchSize + this.settings.weightDecay * at(layer.weights, i);
        layer.gradient[i] = 0;
        const step =
          this.settings.optimizer === "adam" ? this.adam(layer, i, gradient) : this.sgd(layer, i, gradient);
        layer.weights[i] = at(layer.weights, i) - this.settings.learningRate * step;
      }
    }
  }

  private sgd(layer: Layer, i: number, gradient: number): number {
    layer.first[i] = this.settings.momentum * at(layer.first, i) + gradient;
    return at(layer.first, i);
  }

  /** Kingma and Ba 2015, algorithm 1, with their constants. */
  private adam(layer: Layer, i: number, gradient: number): number {
    layer.first[i] = 0.9 * at(layer.first, i) + 0.1 * gradient;
    layer.second[i] = 0.999 * at(layer.second, i) + 0.001 * gradient * gradient;
    const mean = at(layer.first, i) / (1 - 0.9 ** this.updates);
    const variance = at(layer.second, i) / (1 - 0.999 ** this.updates);
    return mean / (Math.sqrt(variance) + 1e-8);
  }
}

/** He's initialisation: normal with variance 2 / inputs. */
function createLayer(inputs: number, outputs: number, random: Random): Layer {
  const size = outputs * (inputs + 1);
  const weights = Float64Array.from({ length: size }, (_, i) =>
    i % (inputs + 1) === inputs ? 0 : random.normal() * Math.sqrt(2 / inputs),
  );
  return {
    inputs,
    outputs,
    weights,
    gradient: new Float64Array(size),
    first: new Float64Array(size),
    second: new Float64Array(size),
  };
}

function dot(layer: Layer, output: number, values: Float64Array, from: number): number {
  const offset = output * (layer.inputs + 1);
  let sum = at(layer.weights, offset + layer.inputs);
  for (let i = 0; i < layer.inputs; i++) sum += at(layer.weights, offset + i) * at(values, from + i);
  return sum;
}

const argmax = (values: Float64Array): number => values.indexOf(Math.max(...values));
/** Indices are in range by construction; the checker cannot know. */
const at = (values: ArrayLike<number>, i: number): number => values[i] as number;
