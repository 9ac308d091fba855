import { objectivesOf, type SweepConfig } from "@/core/sweep-config";
import { openDesign, openRest } from "./bayes-points";
import { openStudy, type Study } from "./bayes-study";
import { type Domain, openDomain, type Values } from "./domain";
import { type Mind, openMind } from "./gp/mind";
import { openRoom } from "./gp/room";
import { type Choice, type Ledger, openLedger, type Trial } from "./ledger";
import { readSnapshot, toSnapshot } from "./ledger-text";
import type { Prediction, Problem, Proposal, ProposalReason, Search, SearchMethod } from "./method";

/**
 * Bayesian optimisation: a Gaussian process of what was seen, and the point where it expects most.
 *
 * 1. Repeats that are owed come before anything new.
 * 2. A finite space that the budget covers is run through in random order.
 * 3. Else a few space-filling points: the centre, then Sobol's.
 * 4. Then the model's choice, as the nearest configuration that was not had.
 *
 * Nothing is kept but the ledger: the model is computed from it, and a fit begins where the `memory` of the last proposal
 * says. What is cached besides (a factor, a place in a sequence) changes the time of an answer and no bit of it.
 */
export const bayes: SearchMethod = {
  name: "bayes",
  version: "1",
  open(problem) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, openLedger(problem.config, domain.read));
  },
  restore(problem, snapshot) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, readSnapshot(bayes, problem, snapshot, domain.read).ledger);
  },
};

function openSearch(problem: Problem, domain: Domain, ledger: Ledger): Search {
  const { config, seed } = problem;
  const room = openRoom(domain);
  const mind = openMind(room);
  const design = openDesign(domain, seed);
  const rest = openRest(domain, seed);
  const isCovered = isCoveredBy(config, domain);
  const isFree = ({ hash, params }: Values): boolean => !ledger.has(hash) && domain.allows(params);

  const chooseNext = (think: () => Thought | null): Choice | undefined => {
    const owed = ledger.owed();
    if (owed) return { params: owed.params, hash: owed.hash, reason: "replicate" };
    if (isCovered) return withReason(rest.next(isFree), "enumerated");
    const thought = think();
    if (!thought) return withReason(design.next(isFree) ?? rest.next(isFree), "design");
    return chooseByModel(thought, `${seed} ${ledger.next}`) ?? withReason(rest.next(isFree), "random");
  };

  const think = (spare: number): Thought | null => {
    const designed = Math.max(5, Math.min(10, domain.dimensions.length + 1));
    const begun = ledger.settled.length + ledger.pending.length;
    if (domain.dimensions.length === 0 || begun < designed || ledger.observed < 2) return null;
    const study = openStudy(ledger, objectivesOf(config), room.fromDomain);
    const question = {
      objectives: study.samples,
      constraints: [],
      failures: study.failures,
      outcomes: ledger.settled.length,
    };
    const memory = mind.learn(question, lastMemory(ledger), study.pending.length + spare);
    return { study, memory, pending: [...study.pending] };
  };

  const chooseByModel = ({ study, memory, pending }: Thought, label: string): Choice | undefined => {
    const { found, by } = mind.choose(pending, label);
    for (const { x, score } of found) {
      const values = domain.decode(room.toDomain(x.slice()));
      if (!isFree(values)) continue;
      pending.push(room.fromDomain(values.x.slice()));
      const predicted = { ...inOwnUnit(study, mind, x), acquisition: score, by };
      return { params: values.params, hash: values.hash, reason: "model", predicted, memory };
    }
    return undefined;
  };

  return {
    observe(event) {
      const isNews = ledger.observe(event);
      if (!isNews || (event.type !== "lost" && event.type !== "withdrawn")) return;
      design.rewind();
      rest.rewind();
    },
    propose(count) {
      const proposals: Proposal[] = [];
      let thought: Thought | null = null;
      while (proposals.length < count) {
        // One thought serves a whole batch: nothing new settles on the way.
        const choice = chooseNext(() => {
          thought ??= think(count);
          return thought;
        });
        if (choice === undefined) break;
        proposals.push(ledger.add(choice));
      }
      return proposals;
    },
    snapshot: () => toSnapshot(bayes, ledger),
  };
}

interface Thought {
  readonly study: Study;
  readonly memory: readonly number[];
  /** Those of this batch are added as they are chosen. */
  readonly pending: Float64Array[];
}

const withReason = (values: Values | undefined, reason: ProposalReason): Choice | undefined =>
  values && { params: values.params, hash: values.hash, reason };

function isCoveredBy({ runCap, repeats }: SweepConfig, { size }: Domain): boolean {
  return size !== null && runCap !== undefined && size * BigInt(repeats) <= BigInt(runCap);
}

function lastMemory(ledger: Ledger): readonly number[] | null {
  let last: Trial | undefined;
  for (const trial of ledger.trials.values())
    if (trial.memory && (last === undefined || trial.number > last.number)) last = trial;
  return last?.memory ?? null;
}

/**
 * The first metric there: the value in the middle of what a run may come to, and half the width of its middle 68 %. For a
 * target transformed that is not quite mean and deviation, but always a value that exists.
 */
function inOwnUnit({ warps }: Study, mind: Mind, x: Float64Array): Pick<Prediction, "mean" | "sd"> {
  const { mean, sd } = mind.expect(x);
  const [warp] = warps;
  if (warp === undefined) return { mean: Number.NaN, sd: Number.NaN };
  const spread = Math.sqrt(sd * sd + mind.noise);
  return {
    mean: warp.toValue(mean),
    sd: Math.abs(warp.toValue(mean + spread) - warp.toValue(mean - spread)) / 2,
  };
}
