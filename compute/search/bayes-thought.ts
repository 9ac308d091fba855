import { openSoftConstraints } from "@/core/constraint";
import { objectivesOf, type SweepConfig } from "@/core/sweep-config";
import { listPending, openStudy, type Study } from "./bayes-study";
import type { Guide, Thinker } from "./by-model";
import type { Domain, Values } from "./domain";
import { type Mind, openMind } from "./gp/mind";
import { openRoom } from "./gp/room";
import type { Ledger, Trial } from "./ledger";
import type { Prediction } from "./method";

/** The models of a ledger: fitted, or taken from the memory of the last proposal, and ready for questions. */
export interface Thought extends Guide {
  readonly study: Study;
  /** What the first metric's model expects of the function at the i-th configuration of the study; null where it looks at a part. */
  expectOf(i: number): Pick<Prediction, "mean" | "sd"> & { readonly target: number };
}

export interface BayesThinker extends Thinker {
  think(ledger: Ledger, spare: number, haste: number): Thought | null;
}

export function openBayesThinker(config: SweepConfig, domain: Domain): BayesThinker {
  const room = openRoom(domain);
  const mind = openMind(room);
  const metrics = objectivesOf(config);
  const soft = openSoftConstraints(config);
  const all = listAll(domain);

  return {
    // one more than dimensions, within 5 .. 10
    designed: Math.max(5, Math.min(10, domain.dimensions.length + 1)),
    think(ledger, spare, haste) {
      if (metrics.length === 0 || domain.dimensions.length === 0 || ledger.observed < 2) return null;
      const study = openStudy(ledger, metrics, soft, room.fromSpace);
      const { samples: objectives, constraints, failures } = study;
      // asked anew for each choice: what is owed or drawn in between is under way, too
      const pending = () => listPending(ledger, metrics, room.fromSpace);
      const question = { objectives, constraints, failures, outcomes: ledger.settled.length };
      const memory = mind.learn(question, lastMemory(ledger), pending().length + spare, haste);
      return {
        study,
        choose(isFree, seed) {
          const free = all?.().filter(isFree);
          const listed = free?.map(({ x }) => room.fromSpace(x.slice()));
          const { found, by } = mind.choose(pending(), seed, { listed, haste });
          for (const { x, score } of found) {
            const values = domain.decode(room.toSpace(x.slice()));
            if (!isFree(values)) continue;
            const predicted = { ...inOwnUnit(study, mind, x, mind.noise), acquisition: score, by };
            return { params: values.params, hash: values.hash, reason: "model", predicted, memory };
          }
          return undefined;
        },
        expectOf(i) {
          const x = study.configurations[i]?.x ?? new Float64Array(domain.dimensions.length);
          return { ...inOwnUnit(study, mind, x, 0), target: mind.expect(x).mean };
        },
      };
    },
  };
}

/** So many configurations are scored one and all: nothing is overlooked, and the last ones left are found. */
const LISTED = 1024n;

function listAll(domain: Domain): (() => readonly Values[]) | null {
  const { size } = domain;
  if (size === null || size > LISTED) return null;
  let list: readonly Values[] | undefined;
  return () => {
    list ??= Array.from({ length: Number(size) }, (_, i) => domain.at(BigInt(i)));
    return list;
  };
}

function lastMemory(ledger: Ledger): readonly number[] | null {
  let last: Trial | undefined;
  for (const trial of ledger.trials.values())
    if (trial.memory && (last === undefined || trial.number > last.number)) last = trial;
  return last?.memory ?? null;
}

/**
 * The first metric there: the value in the middle of what is to be expected, and half the width of its middle 68 %. For a
 * target transformed that is not quite mean and deviation, but always a value that can come.
 */
function inOwnUnit(
  { warps }: Study,
  mind: Mind,
  x: Float64Array,
  noise: number,
): Pick<Prediction, "mean" | "sd"> {
  const { mean, sd } = mind.expect(x);
  const [warp] = warps;
  if (warp === undefined) return { mean: Number.NaN, sd: Number.NaN };
  const spread = Math.sqrt(sd * sd + noise);
  const [low, middle, high] = [mean - spread, mean, mean + spread].map((target) =>
    finite(warp.toValue(target)),
  );
  return { mean: middle as number, sd: Math.abs((high as number) / 2 - (low as number) / 2) };
}

/** A metric that has reached 1e300 has expectations beyond the last number. */
const finite = (value: number): number => Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
