import { keepsTo, openSoftConstraints } from "@/core/constraint";
import { isBetter } from "@/core/sweep";
import { openBayesThinker, type Thought } from "./bayes-thought";
import { openDomain } from "./domain";
import type { Trial } from "./ledger";
import { readSnapshot } from "./ledger-text";
import type { Problem, Snapshot } from "./method";

/** What the model expects of another run of a run's configuration, on average. */
export interface Expected {
  readonly number: number;
  /** In the metric's own unit; sd is how well the model knows the mean, without the noise of single runs. */
  readonly mean: number;
  readonly sd: number;
}

/** The run that the model holds for the best (of its configuration the first one), beside the one with the best value. */
export interface Winner extends Expected {
  readonly luckiest: Expected & { readonly value: number };
}

/**
 * Of so many configurations, those with the best results, the model is asked: each costs the square of the results (at 1,000
 * of them 1 ms). What is not among them has neighbours at least as good that are.
 */
const CANDIDATES = 128;

/**
 * The winner by posterior mean. The run with the best value is, under noise, the luckiest of the good ones; the mean asks its
 * neighbours, too. Runs that broke a constraint on a metric, or did not log it, win nothing. Any method's search can be asked:
 * only its ledger is read. Null before there are two results, for several metrics (a front has no single best), and where every
 * run broke one.
 */
export function bestByModel(problem: Problem, snapshot: Snapshot): Winner | null {
  const { config } = problem;
  const { metric, metrics } = config;
  if (metric === undefined || metrics !== undefined) return null;
  const domain = openDomain(config);
  const { method: name, version } = snapshot;
  const { ledger } = readSnapshot({ name, version }, problem, snapshot, domain.read);
  const thought = openBayesThinker(config, domain).think(ledger, 0, 0);
  if (thought === null) return null;
  const soft = openSoftConstraints(config);
  const isValid = ({ state, outcome, params }: Trial): boolean =>
    state === "observed" && keepsTo(soft, { params, metrics: outcome?.metrics });
  const valid = listConfigurations(thought, isValid);
  const [first, ...others] = valid
    .slice(0, CANDIDATES)
    .map(({ i, runs }) => ({ number: runs[0].number, ...thought.expectOf(i) }));
  const [run, ...runs] = valid.flatMap(({ i, runs }) => runs.map((trial) => ({ i, ...toResult(trial) })));
  if (first === undefined || run === undefined) return null;
  const winner = others.reduce((best, each) => (each.target > best.target ? each : best), first);
  const luckiest = runs.reduce(
    (best, each) => (isBetter(metric.goal, each.value, best.value) ? each : best),
    run,
  );
  const { number, value } = luckiest;
  return {
    ...toExpected(winner),
    luckiest: { ...toExpected({ number, ...thought.expectOf(luckiest.i) }), value },
  };
}

const toExpected = ({ number, mean, sd }: Expected): Expected => ({ number, mean, sd });
const toResult = ({ number, outcome }: Trial) => ({ number, value: outcome?.objectives[0] ?? Number.NaN });

/** Configurations of the study that have valid runs, with those, by their mean result, the best first. */
function listConfigurations({ study }: Thought, isValid: (trial: Trial) => boolean) {
  const rows = study.samples[0]?.rows ?? [];
  return study.configurations
    .flatMap(({ trials }, i) => {
      const [first, ...others] = trials.filter(isValid);
      return first
        ? [{ i, y: rows[i]?.y ?? Number.NEGATIVE_INFINITY, runs: [first, ...others] as const }]
        : [];
    })
    .sort((a, b) => b.y - a.y || a.i - b.i);
}
