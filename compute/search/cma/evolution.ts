import { isList, toFloat, toValueMap, type Value } from "@/core/value";
import { median } from "@/math/stats";
import { fieldOf, fromNumbers, toNumbers } from "../ledger-text";
import { type Distribution, openDistribution, type Sampler, update } from "./distribution";
import type { Genes } from "./genes";
import { defaultLambda } from "./strategy";

/** How far a search by evolution has come: its distribution, and what tells that it has converged. */
export interface Evolution {
  /** How often it began anew. Runs drawn before the last time are no part of any generation. */
  readonly restart: number;
  readonly distribution: Distribution;
  /** The best value of each generation since then, lower being better. */
  readonly bests: readonly number[];
  /** Where the first generation since then stood: the median of its values. */
  readonly start: number | null;
  /** Mean and spread of the better half of the last generation, in the metric's own unit; null before there is one. */
  readonly level: readonly [number, number] | null;
}

export interface Member {
  readonly genome: Float64Array;
  /** In the metric's own unit; null without a result. */
  readonly value: number | null;
}

export const openEvolution = (genes: Genes, mean: Float64Array): Evolution => ({
  restart: 0,
  distribution: openDistribution(genes, mean, firstLambda(genes)),
  bests: [],
  start: null,
  level: null,
});

const firstLambda = ({ numbers, categories }: Genes): number =>
  defaultLambda(numbers.length + categories.length);

/** The state after a generation, the best first, which holds one result at least. */
export function advance(
  genes: Genes,
  now: Evolution,
  sampler: Sampler,
  { ranked, sign }: { ranked: readonly Member[]; sign: 1 | -1 },
): Evolution {
  const distribution = update(
    genes,
    now.distribution,
    sampler,
    ranked.map(({ genome }) => genome),
  );
  const values = ranked.flatMap(({ value }) => (value === null ? [] : [value]));
  const costs = values.map((value) => sign * value);
  return {
    restart: now.restart,
    distribution,
    bests: [...now.bests, Math.min(...costs)],
    start: now.start ?? median(costs),
    level: levelOf(values.slice(0, Math.ceil(values.length / 2))),
  };
}

function levelOf(values: readonly number[]): [number, number] {
  // beyond 1e150 squares overflow
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const mean = values.reduce((sum, value) => sum + value / unit / values.length, 0);
  const variance = values.reduce((sum, value) => {
    const away = value / unit - mean;
    return sum + (away * away) / values.length;
  }, 0);
  return [mean * unit, Math.sqrt(variance) * unit];
}

/** Of what the best value has gained since the start: generations that differ in less stand still. */
const LEAST_GAIN = 1e-9;
/** Of the range: runs that differ in less are the same. */
const LEAST_SPREAD = 1e-8;
/** Beyond it rounding decides where a draw lies (Hansen's tutorial, B.3: 1e14 for the variances). */
const MOST_CONDITION = 1e7;

/** Whether no more is to be had there: nothing was gained for many generations, or all draws are one point. */
export function hasConverged(
  genes: Genes,
  { distribution, bests, start }: Evolution,
  condition: number,
): boolean {
  const { sigma, a, C, lambda } = distribution;
  const N = a.length;
  const looked = bests.slice(-(10 + Math.ceil((30 * N) / lambda)));
  const gained = (start ?? 0) - Math.min(...bests);
  const isFlat =
    looked.length >= 10 + Math.ceil((30 * N) / lambda) &&
    Math.max(...looked) - Math.min(...looked) <= LEAST_GAIN * Math.max(0, gained);
  const isPoint =
    N > 0 &&
    genes.categories.length === 0 &&
    a.every((each, i) => sigma * each * Math.sqrt(C[i * N + i] as number) < LEAST_SPREAD);
  return isFlat || isPoint || condition > MOST_CONDITION;
}

/** A generation of 128 times the first is some hundred runs. */
const MOST_DOUBLED = 7;

/** Anew from this place, with twice the runs a generation. */
export function beginAnew(genes: Genes, { restart, level }: Evolution, mean: Float64Array): Evolution {
  const lambda = firstLambda(genes) * (1 << Math.min(restart + 1, MOST_DOUBLED));
  return {
    restart: restart + 1,
    distribution: openDistribution(genes, mean, lambda),
    bests: [],
    start: null,
    level,
  };
}

export function fromEvolution({ restart, distribution, bests, start, level }: Evolution): Value {
  const { lambda, generation, sigma, q, ...vectors } = distribution;
  return toValueMap([
    ["numbers", fromNumbers([restart, lambda, generation, sigma])],
    ["bests", fromNumbers(bests)],
    ["start", start === null ? null : toFloat(start)],
    ["level", level && fromNumbers(level)],
    ["q", q.map(fromNumbers)],
    ...(["mean", "C", "a", "pSigma", "pC"] as const).map(
      (name) => [name, fromNumbers(vectors[name])] as const,
    ),
  ]);
}

export function toEvolution(value: Value): Evolution {
  const numbers = (name: string): number[] => toNumbers(fieldOf(value, name));
  const vector = (name: string): Float64Array => Float64Array.from(numbers(name));
  const [restart = 0, lambda = 0, generation = 0, sigma = 0] = numbers("numbers");
  const [start, level, q] = [fieldOf(value, "start"), fieldOf(value, "level"), fieldOf(value, "q")];
  const [mean = 0, sd = 0] = level === null ? [] : toNumbers(level);
  return {
    restart,
    distribution: {
      lambda,
      generation,
      sigma,
      mean: vector("mean"),
      C: vector("C"),
      a: vector("a"),
      pSigma: vector("pSigma"),
      pC: vector("pC"),
      q: isList(q) ? q.map((shares) => Float64Array.from(toNumbers(shares))) : [],
    },
    bests: numbers("bests"),
    start: start === null ? null : (toNumbers([start])[0] as number),
    level: level === null ? null : [mean, sd],
  };
}
