import { openSobol } from "@/math/sobol";
import { normalPpf } from "@/math/special";
import { releaseKept } from "@/math/wasm/kernels";
import { openChance } from "./chance";
import { openDice } from "./dice";
import { thetaLength } from "./hyper";
import { openHypervolume } from "./hypervolume";
import { openImprovement } from "./improvement";
import { type Effort, maximise, rankAll } from "./maximise";
import {
  appendPoints,
  type Belief,
  believedMeans,
  expectMean,
  type Model,
  predict,
  truncate,
} from "./posterior";
import { openProbe } from "./probe";
import type { Room } from "./room";
import { type Found, type Score, sumScores } from "./score";
import { fitTheta, type Grown, grow, type Row, type Sample, selectRows, setLevel } from "./surrogate";

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
  learn(
    question: Question,
    memory: readonly number[] | null,
    spare: number,
    haste: number,
  ): readonly number[];
  /**
   * Points by their score, the best first; equal seeds give equal ones.
   * @param listed all points that there are to choose from, where they are few
   */
  choose(
    pending: readonly Float64Array[],
    seed: string,
    how: { readonly listed?: readonly Float64Array[] | undefined; readonly haste: number },
  ): Choice;
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

/**
 * With every result up to 40, then when a twentieth are new: a fit costs n³ (at 186 rows 0.7 s, thirty times the rest of a
 * proposal), and soon says the same again. In haste, when a tenth are.
 */
const refitEvery = (outcomes: number, haste: number): number =>
  Math.max(1, Math.floor(outcomes / (haste > 0 ? 10 : 20)));

/** A model looks at no more rows than this and those since its last fit: a proposal costs their square. */
const MODEL_ROWS = 1000;
/** Targets have variance 1. */
const LEVEL_VARIANCE = 1;
const FANTASIES = 16;
const EFFORT: Effort = { random: 600, perturbed: 300, starts: 5, steps: 30, tolerance: 1e-7 };
/** In haste a climb ends where a step gains less than this part of the score. */
const HASTY_STEPS = 15;
const HASTY_TOLERANCE = 1e-4;
/** With more rows fewer points are looked at, since each costs their square: at 1,000 rows all of them would take 1.9 s. */
const FULL_EFFORT_ROWS = 400;

function effortAt(rows: number, haste: number): Effort {
  const share = Math.min(1, FULL_EFFORT_ROWS / rows) / 2 ** haste;
  const of = (count: number): number => Math.ceil(count * share);
  return {
    random: of(EFFORT.random),
    perturbed: of(EFFORT.perturbed),
    starts: of(EFFORT.starts),
    steps: haste > 0 ? HASTY_STEPS : EFFORT.steps,
    tolerance: haste > 0 ? HASTY_TOLERANCE : EFFORT.tolerance,
  };
}

export function openMind(room: Room): Mind {
  const { axes } = room;
  const size = thetaLength(axes.count);
  let models: readonly Grown[] = [];
  /** What the only objective's model is asked for is measured from there. */
  let level = 0;
  let asked: Question = { objectives: [], constraints: [], failures: null, outcomes: 0 };

  const modelAt = (i: number): Model => {
    const model = models[i]?.model;
    if (model === undefined) throw new RangeError(`there is no model ${i} among ${models.length}`);
    return model;
  };

  const search: Mind["choose"] = (pending, seed, { listed, haste }) => {
    const scores: Score[] = [];
    const names: string[] = [];
    const ofObjectives = models.slice(0, asked.objectives.length);
    const ofChances = models.slice(asked.objectives.length);
    for (const { model } of ofObjectives) appendPoints(model, pending, () => model.hyper.s);
    const isAllowed = allowedRows(ofChances.slice(0, asked.constraints.length), ofObjectives[0]);
    // Where nothing known is allowed there is nothing to improve on: first find what is.
    if (isAllowed.includes(true)) {
      scores.push(...improvements(ofObjectives, pending.length, isAllowed, seed));
      names.push(ofObjectives.length > 1 ? "log-ehvi" : pending.length > 0 ? "log-qei" : "log-ei");
    }
    for (const { model } of ofChances)
      scores.push(openChance(openProbe(model, NO_NORMALS, 1), model.hyper.s));
    if (asked.constraints.length > 0) names.push("allowed");
    if (asked.failures) names.push("succeeds");
    const weights = modelAt(0).hyper.w;
    const anchors = anchorsOf(asked.objectives);
    const score = sumScores(scores);
    const found = listed
      ? rankAll(score, listed, room.axes.count)
      : maximise(room, score, weights, anchors, effortAt(modelAt(0).rows, haste), openDice(seed, ["search"]));
    return { found, by: names.join(" * ") };
  };

  return {
    learn(question, memory, spare, haste) {
      const { objectives, constraints, failures, outcomes } = question;
      const samples = failures ? [...objectives, ...constraints, failures] : [...objectives, ...constraints];
      const [fittedAt = -1, rowsThen = 0] = memory ?? [];
      // What is compared with 0 has none; and fronts of several objectives came out shorter with one.
      const hasLevel = (i: number): boolean => i === 0 && objectives.length === 1;
      level = 0;
      const known = samples.map((_, i) => thetaIn(memory, i, size));
      const isDue = known.includes(null) || outcomes - fittedAt >= refitEvery(outcomes, haste);
      const thetas = known.map((theta, i) =>
        theta && !isDue
          ? theta
          : fitTheta(axes, samples[i] ?? NOTHING, theta, hasLevel(i) ? LEVEL_VARIANCE : 0),
      );
      const rows = isDue ? (objectives[0]?.rows.length ?? 0) : rowsThen;
      // One choice of rows for all objectives: their means are compared row by row.
      const chosen = selectRows(objectives[0]?.rows.slice(0, rows) ?? [], MODEL_ROWS);
      models = samples.map((sample, i) => {
        const before =
          i < objectives.length
            ? chosen.map((row) => sample.rows[row] as Row)
            : selectRows(sample.rows, MODEL_ROWS).map((row) => sample.rows[row] as Row);
        const looked = i < objectives.length ? [...before, ...sample.rows.slice(rows)] : before;
        const grown = grow(axes, thetas[i] ?? new Float64Array(size), looked, spare, models[i] ?? null);
        if (hasLevel(i)) level = setLevel(grown, looked, LEVEL_VARIANCE);
        return grown;
      });
      asked = question;
      return [isDue ? outcomes : fittedAt, rows, ...thetas.flatMap((theta) => [...theta])];
    },

    choose(pending, seed, how) {
      try {
        return search(pending, seed, how);
      } finally {
        releaseKept();
        for (const { model, rows } of models) truncate(model, rows.length);
      }
    },

    expect(x) {
      const { mean, sd } = predict(modelAt(0), x);
      return { mean: mean + level, sd };
    },
    get noise() {
      return modelAt(0).hyper.s;
    },
  };
}

const NOTHING: Sample = { rows: [], extraRuns: 0, scatter: 0 };
/** For a model of which nothing is under way. */
const NO_NORMALS = new Float64Array(0);

/** Whether the means of the constraints' models allow each row of the objectives' models. */
function allowedRows(constraints: readonly Grown[], objective: Grown | undefined): boolean[] {
  const { model } = objective ?? {};
  if (model === undefined) return [];
  const x = new Float64Array(model.axes.count);
  return Array.from({ length: model.rows }, (_, i) => {
    for (let d = 0; d < x.length; d++) x[d] = model.X[d * model.capacity + i] as number;
    return constraints.every((constraint) => expectMean(constraint.model, x) >= 0);
  });
}

/** One objective over all fantasies of what is under way; several with what is under way believed to come to its means. */
function improvements(
  objectives: readonly Grown[],
  pending: number,
  isAllowed: readonly boolean[],
  seed: string,
): Score[] {
  const counts = (row: number): boolean => isAllowed[row] ?? true;
  const [only] = objectives;
  if (only && objectives.length === 1) {
    const M = pending > 0 ? FANTASIES : 1;
    return [openImprovement(openProbe(only.model, drawFantasies(pending, seed), M, counts))];
  }
  const means = objectives.map(({ model }) => believedMeans(model));
  const known = isAllowed.flatMap((allowed, i) => (allowed ? [means.map((own) => own[i] as number)] : []));
  const probes = objectives.map(({ model }) => openProbe(model, new Float64Array(pending), 1));
  return [openHypervolume(probes, known)];
}

const ANCHORS = 8;

/** Around the best points known the next is likely to be: the best of each objective in turn. */
function anchorsOf(objectives: readonly Sample[]): readonly Float64Array[] {
  const each = Math.ceil(ANCHORS / Math.max(1, objectives.length));
  return objectives.flatMap(({ rows }) =>
    rows
      .map((row, i) => ({ ...row, i }))
      .sort((a, b) => b.y - a.y || a.i - b.i)
      .slice(0, each)
      .map(({ x }) => x),
  );
}

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
