import { openSobol } from "@/math/sobol";
import { normalPpf } from "@/math/special";
import { openChance } from "./chance";
import { openDice } from "./dice";
import { thetaLength } from "./hyper";
import { openImprovement } from "./improvement";
import { type Effort, type Found, maximise } from "./maximise";
import { appendPoint, type Belief, type Model, predict, truncate } from "./posterior";
import { openProbe } from "./probe";
import type { Room } from "./room";
import { type Score, sumScores } from "./score";
import { fitTheta, type Grown, grow, type Sample, selectRows } from "./surrogate";

/**
 * All models of a search: one a metric, one a soft constraint, one of failures. It thinks in two steps: `learn` from what
 * has settled, which refits when it is time, then `choose` in view of what is under way.
 *
 * Its memory is [outcomes and rows at the last fit, θ of each model]. It travels with every proposal, so the next fit starts
 * where the last one ended, and starts there for whoever else holds the events, too.
 */
export interface Question {
  readonly objectives: readonly Sample[];
  readonly constraints: readonly Sample[];
  readonly failures: Sample | null;
  /** Outcomes so far: what the schedule of fits counts. */
  readonly outcomes: number;
}

export interface Mind {
  /**
   * @param memory of the last proposal; the result is that of the next
   * @param spare how many points under way `choose` will be told of at most
   */
  learn(question: Question, memory: readonly number[] | null, spare: number): readonly number[];
  /** Points by their score, the best first; equal seeds give equal ones. */
  choose(pending: readonly Float64Array[], seed: string): Choice;
  /** What the first objective's model expects there of the function itself, in targets. */
  expect(x: Float64Array): Belief;
  /** Variance of the noise of one run, in targets. */
  readonly noise: number;
}

export interface Choice {
  readonly found: readonly Found[];
  /** The acquisition function. */
  readonly by: string;
}

/** Every result up to 200, each fifth to 300, then each twentieth: a fit costs n³, and soon says the same again. */
const refitEvery = (outcomes: number): number => (outcomes <= 200 ? 1 : outcomes <= 300 ? 5 : 20);

/** A model looks at no more rows than this and those since its last fit: a proposal costs their square. */
const MODEL_ROWS = 1000;
const FANTASIES = 16;
const EFFORT: Effort = { random: 600, perturbed: 300, starts: 5, steps: 30 };

export function openMind(room: Room): Mind {
  const { axes } = room;
  const size = thetaLength(axes.count);
  let models: readonly Grown[] = [];
  let asked: Question = { objectives: [], constraints: [], failures: null, outcomes: 0 };

  const modelAt = (i: number): Model => {
    const model = models[i]?.model;
    if (model === undefined) throw new RangeError(`there is no model ${i} among ${models.length}`);
    return model;
  };

  return {
    learn(question, memory, spare) {
      const { objectives, constraints, failures, outcomes } = question;
      const samples = failures ? [...objectives, ...constraints, failures] : [...objectives, ...constraints];
      const [fittedAt = -1, rowsThen = 0] = memory ?? [];
      const known = samples.map((_, i) => thetaIn(memory, i, size));
      const isDue = known.includes(null) || outcomes - fittedAt >= refitEvery(outcomes);
      const thetas = known.map((theta, i) =>
        theta && !isDue ? theta : fitTheta(axes, samples[i] ?? NOTHING, theta),
      );
      const rows = isDue ? (objectives[0]?.rows.length ?? 0) : rowsThen;
      models = samples.map((sample, i) => {
        const looked = [...selectRows(sample.rows.slice(0, rows), MODEL_ROWS), ...sample.rows.slice(rows)];
        return grow(axes, thetas[i] ?? new Float64Array(size), looked, spare, models[i] ?? null);
      });
      asked = question;
      return [isDue ? outcomes : fittedAt, rows, ...thetas.flatMap((theta) => [...theta])];
    },

    choose(pending, seed) {
      const dice = openDice(seed, ["search"]);
      const scores: Score[] = [];
      const names: string[] = [];
      const [objective] = asked.objectives;
      if (objective) {
        const model = modelAt(0);
        for (const x of pending) appendPoint(model, x, model.hyper.s);
        const fantasies = drawFantasies(pending.length, seed);
        scores.push(openImprovement(openProbe(model, fantasies, pending.length > 0 ? FANTASIES : 1)));
        names.push(pending.length > 0 ? "log-qei" : "log-ei");
      }
      const rest = models.length - asked.objectives.length;
      for (let i = 0; i < rest; i++) {
        const model = modelAt(asked.objectives.length + i);
        scores.push(openChance(openProbe(model, new Float64Array(0), 1), model.hyper.s));
      }
      if (asked.constraints.length > 0) names.push("allowed");
      if (asked.failures) names.push("succeeds");
      const model = modelAt(0);
      const found = maximise(
        room,
        sumScores(scores),
        model.hyper.w,
        anchorsOf(objective ?? NOTHING),
        EFFORT,
        dice,
      );
      for (const { model, rows } of models) truncate(model, rows.length);
      return { found, by: names.join(" * ") };
    },

    expect: (x) => predict(modelAt(0), x),
    get noise() {
      return modelAt(0).hyper.s;
    },
  };
}

const NOTHING: Sample = { rows: [], extraRuns: 0, scatter: 0 };
const ANCHORS = 8;

/** Around the best points known the next is likely to be. */
const anchorsOf = ({ rows }: Sample): readonly Float64Array[] =>
  rows
    .map((row, i) => ({ ...row, i }))
    .sort((a, b) => b.y - a.y || a.i - b.i)
    .slice(0, ANCHORS)
    .map(({ x }) => x);

/** FANTASIES rows of `count` independent normals, as evenly spread as that many can be. */
function drawFantasies(count: number, seed: string): Float64Array {
  const Z = new Float64Array(count > 0 ? FANTASIES * count : 0);
  if (count === 0) return Z;
  const sobol = openSobol(count, seed, ["fantasies"]);
  for (let m = 0; m < FANTASIES; m++) sobol.at(m, Z.subarray(m * count, (m + 1) * count));
  return Z.map(normalPpf);
}

/** θ of the i-th model; null where the memory does not go so far. */
function thetaIn(memory: readonly number[] | null, i: number, size: number): Float64Array | null {
  const from = 2 + i * size;
  return memory && memory.length >= from + size ? Float64Array.from(memory.slice(from, from + size)) : null;
}
