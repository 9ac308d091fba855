import type { SweepConfig } from "@/core/sweep-config";
import { openDesign, openRest, type Sequence } from "./bayes-points";
import { openThinker, type Thought } from "./bayes-thought";
import { type Domain, openDomain, type Values } from "./domain";
import { type Choice, type Ledger, openLedger } from "./ledger";
import { readSnapshot, toSnapshot } from "./ledger-text";
import type { Problem, Proposal, ProposalReason, Search, SearchMethod } from "./method";

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
  version: "2",
  open(problem) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, openLedger(problem.config, domain.read));
  },
  restore(problem, snapshot) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, readSnapshot(bayes, problem, snapshot, domain.read).ledger);
  },
};

function openSearch({ config, seed }: Problem, domain: Domain, ledger: Ledger): Search {
  const thinker = openThinker(config, domain);
  const design = openDesign(domain, seed);
  const rest = openRest(domain, seed);
  const isCovered = isCoveredBy(config, domain);
  const isFree = ({ hash, params }: Values): boolean => !ledger.has(hash) && domain.allows(params);

  const next = (sequence: Sequence): Values | undefined => sequence.next(isFree, ledger.trials.size);

  const chooseNext = (think: () => Thought | null): Choice | undefined => {
    const owed = ledger.owed();
    if (owed) return { params: owed.params, hash: owed.hash, reason: "replicate" };
    if (isCovered) return withReason(next(rest), "enumerated");
    const thought = isDesigned(ledger, domain) ? think() : null;
    if (!thought) return withReason(next(design) ?? next(rest), "design");
    return thought.choose(isFree, `${seed} ${ledger.next}`) ?? withReason(next(rest), "random");
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
          thought ??= thinker.think(ledger, count);
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

const withReason = (values: Values | undefined, reason: ProposalReason): Choice | undefined =>
  values && { params: values.params, hash: values.hash, reason };

function isCoveredBy({ runCap, repeats }: SweepConfig, { size }: Domain): boolean {
  return size !== null && runCap !== undefined && size * BigInt(repeats) <= BigInt(runCap);
}

/** Whether there are points enough for a model: one more than dimensions, within 5 .. 10, prior runs and pending ones included. */
function isDesigned({ settled, pending }: Ledger, { dimensions }: Domain): boolean {
  return settled.length + pending.length >= Math.max(5, Math.min(10, dimensions.length + 1));
}
