import { openDesign, openRest, type Sequence } from "./bayes-points";
import { isCoveredBy, withReason } from "./covered";
import { type Domain, openDomain, type Values } from "./domain";
import { type Choice, type Ledger, openLedger } from "./ledger";
import { readSnapshot, toSnapshot } from "./ledger-text";
import type { Problem, Proposal, Search, SearchMethod } from "./method";
import { openTpeThinker, type TpeThought } from "./tpe/think";

/**
 * The tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011), over
 * all parameters together: one density of the good runs, one of the others, and the next run is where the first is largest
 * beside the second. Its time grows with the number of runs, not with its cube, so it serves sweeps of thousands of runs
 * and spaces of hundreds of conditional parameters.
 *
 * 1. Repeats that are owed come before anything new.
 * 2. A finite space that the budget covers is run through in random order.
 * 3. Else DESIGNED space-filling points: the centre, then Sobol's.
 * 4. Then the best of some draws from the density of the good runs (tpe/think.ts).
 *
 * Nothing is kept but the ledger.
 */
export const tpe: SearchMethod = {
  name: "tpe",
  version: "1",
  open(problem) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, openLedger(problem.config, domain.read));
  },
  restore(problem, snapshot) {
    const domain = openDomain(problem.config);
    return openSearch(problem, domain, readSnapshot(tpe, problem, snapshot, domain.read).ledger);
  },
};

/** As many as Optuna and hyperopt begin with, prior runs and pending ones included. */
const DESIGNED = 10;

function openSearch({ config, seed }: Problem, domain: Domain, ledger: Ledger): Search {
  const thinker = openTpeThinker(config, domain);
  const design = openDesign(domain, seed);
  const rest = openRest(domain, seed);
  const isCovered = isCoveredBy(config, domain);
  const isFree = ({ hash, params }: Values): boolean => !ledger.has(hash) && domain.allows(params);

  const next = (sequence: Sequence): Values | undefined => sequence.next(isFree, ledger.trials.size);
  const isDesigned = (): boolean => ledger.settled.length + ledger.pending.length >= DESIGNED;

  const chooseNext = (think: () => TpeThought | null): Choice | undefined => {
    const owed = ledger.owed();
    if (owed) return { params: owed.params, hash: owed.hash, reason: "replicate" };
    if (isCovered) return withReason(next(rest), "enumerated");
    const thought = isDesigned() ? think() : null;
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
      let thought: TpeThought | null = null;
      while (proposals.length < count) {
        // One thought serves a whole batch: nothing new settles on the way.
        const choice = chooseNext(() => {
          thought ??= thinker.think(ledger);
          return thought;
        });
        if (choice === undefined) break;
        proposals.push(ledger.add(choice));
      }
      return proposals;
    },
    snapshot: () => toSnapshot(tpe, ledger),
  };
}
