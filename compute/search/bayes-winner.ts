import { openThinker } from "./bayes-thought";
import { openDomain } from "./domain";
import { readSnapshot } from "./ledger-text";
import type { Problem, Snapshot } from "./method";

/** Which run the model holds for the best, and what it expects of another run of the same configuration on average. */
export interface Winner {
  /** The first observed run of that configuration. */
  readonly number: number;
  /** In the first metric's own unit; sd is how well the model knows the mean, without the noise of single runs. */
  readonly mean: number;
  readonly sd: number;
}

/**
 * The winner by posterior mean. The run with the best value is, under noise, the luckiest of the good ones; the mean asks its
 * neighbours, too. Any method's search can be asked: only its ledger is read. Null before there are two results.
 */
export function bestByModel(problem: Problem, snapshot: Snapshot): Winner | null {
  const domain = openDomain(problem.config);
  const { method: name, version } = snapshot;
  const { ledger } = readSnapshot({ name, version }, problem, snapshot, domain.read);
  const thought = openThinker(problem.config, domain).think(ledger, 0);
  if (thought === null) return null;
  let best: (Winner & { target: number }) | null = null;
  for (const [i, { trials }] of thought.study.configurations.entries()) {
    const observed = trials.find(({ state }) => state === "observed");
    if (observed === undefined) continue;
    const { mean, sd, target } = thought.expectOf(i);
    if (best === null || target > best.target) best = { number: observed.number, mean, sd, target };
  }
  return best && { number: best.number, mean: best.mean, sd: best.sd };
}
