import type { SweepConfig } from "@/core/sweep-config";
import { isCoveredBy, withReason } from "./covered";
import { openDesign, openRest, type Sequence } from "./design";
import { type Domain, openDomain, type Values } from "./domain";
import { type Choice, type Ledger, openLedger } from "./ledger";
import { readSnapshot, toSnapshot } from "./ledger-text";
import type { Problem, Proposal, Search, SearchMethod } from "./method";

/** What is known of a search at one moment, ready to choose from. */
export interface Guide {
  /** The best configuration that is free, in view of what the ledger now has under way; undefined when none of the best is. */
  choose(isFree: (values: Values) => boolean, seed: string): Choice | undefined;
}

export interface Thinker {
  /** So many points fill the space before it is asked, prior runs and pending ones included. */
  readonly designed: number;
  /**
   * Null before there are two results.
   *
   * @param spare how many choices will be asked of it at most
   * @param haste as in `Search.propose`
   */
  think(ledger: Ledger, spare: number, haste: number): Guide | null;
}

/**
 * Methods that choose by a model of the results (bayes, tpe) as searches.
 *
 * 1. Repeats that are owed come before anything new.
 * 2. A finite space that the budget covers is run through in random order.
 * 3. Else `designed` space-filling points: the centre, then Sobol's.
 * 4. Then the model's choice.
 *
 * Nothing is kept but the ledger. What is cached besides (a factor, a place in a sequence) changes the time of an answer and no bit
 * of it.
 */
export function byModel(
  name: string,
  version: string,
  openThinker: (config: SweepConfig, domain: Domain) => Thinker,
): SearchMethod {
  const method: SearchMethod = {
    name,
    version,
    open(problem) {
      const domain = openDomain(problem.config);
      return search(problem, domain, openLedger(problem.config, domain.read));
    },
    restore(problem, snapshot) {
      const domain = openDomain(problem.config);
      return search(problem, domain, readSnapshot(method, problem, snapshot, domain.read).ledger);
    },
  };
  const search = ({ config, seed }: Problem, domain: Domain, ledger: Ledger): Search => {
    const { constraints = [] } = config;
    const thinker = openThinker(config, domain);
    const design = openDesign(domain, constraints, seed);
    const rest = openRest(domain, constraints, seed);
    const isCovered = isCoveredBy(config, domain);
    const isFree = ({ hash, params }: Values): boolean => !ledger.has(hash) && domain.allows(params);

    const next = (sequence: Sequence): Values | undefined => sequence.next(isFree, ledger.trials.size);

    const isDesigned = (): boolean => ledger.settled.length + ledger.pending.length >= thinker.designed;

    const chooseNext = (think: () => Guide | null): Choice | undefined => {
      const owed = ledger.owed();
      if (owed) return { params: owed.params, hash: owed.hash, reason: "replicate" };
      if (isCovered) return withReason(next(rest), "enumerated");
      const drawn = isDesigned() ? undefined : withReason(next(design) ?? next(rest), "design");
      // Draws alone may not come to what is left of a space: a branch of branches that one draw in a million takes.
      const thought = drawn ? null : think();
      if (!thought) return drawn ?? withReason(next(design) ?? next(rest), "design");
      return thought.choose(isFree, `${seed} ${ledger.next}`) ?? withReason(next(rest), "random");
    };

    return {
      observe(event) {
        const isNews = ledger.observe(event);
        if (!isNews || (event.type !== "lost" && event.type !== "withdrawn")) return;
        design.rewind();
        rest.rewind();
      },
      propose(count, haste = 0) {
        const proposals: Proposal[] = [];
        let thought: Guide | null = null;
        while (proposals.length < count) {
          // One thought serves a whole batch: nothing new settles on the way.
          const choice = chooseNext(() => {
            thought ??= thinker.think(ledger, count, haste);
            return thought;
          });
          if (choice === undefined) break;
          proposals.push(ledger.add(choice));
        }
        return proposals;
      },
      snapshot: () => toSnapshot(method, ledger),
    };
  };
  return method;
}
