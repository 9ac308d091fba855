import { bestByModel } from "@/compute/search/bayes-winner";
import type { Problem, Search, SearchEvent } from "@/compute/search/method";
import { simulate } from "@/compute/search/simulate";
import type { ValueMap } from "@/core/value";
import type { Engine } from "./engines";
import type { Suite } from "./suites";
import type { Task } from "./task";

/** How a search went: regrets after so many runs had ended, as steps. */
export interface Play {
  /** Of the configuration with the best reported value so far. */
  readonly byValue: Curve;
  /** Of the one that the model holds for the best, asked at LOOKS; of our own model, where runs are noisy. */
  readonly byModel: Curve;
  /** Of all proposals, the share that was no repeat of an earlier one. */
  readonly unique: number;
  /** Of processor time, for each proposal and what the search was told of it. */
  readonly seconds: number;
}

/** From the run that ended as the `at`-th on, the regret is `regret`. */
export type Curve = readonly { readonly at: number; readonly regret: number }[];

/** A fit each: the model is not asked after every run. */
const LOOKS = [10, 20, 25, 30, 45, 60];

export function play(engine: Engine, suite: Suite, task: Task, agents: number, seed: number): Play {
  const problem: Problem = { config: task.config, seed: `search ${seed}` };
  const { evaluations, failing, losing } = suite;
  const paramsOf = new Map<number, ValueMap>();
  const byValue: { at: number; regret: number }[] = [];
  const byModel: { at: number; regret: number }[] = [];
  let ended = 0;
  let best = Number.POSITIVE_INFINITY;
  const regretOf = (number: number): number => task.regret(paramsOf.get(number) as ValueMap);

  const before = engine.cpu();
  const search = engine.open(problem, { seed, evaluations, agents });
  const note = (event: SearchEvent): void => {
    if (event.type === "started") return;
    ended++;
    if (event.type === "observed" && (event.objectives[0] as number) < best) {
      best = event.objectives[0] as number;
      byValue.push({ at: ended, regret: regretOf(event.number) });
    }
    if (!engine.hasModel || !suite.noisy || !LOOKS.includes(ended)) return;
    const winner = bestByModel(problem, search.snapshot());
    if (winner !== null) byModel.push({ at: ended, regret: regretOf(winner.number) });
  };
  const watched: Search = {
    propose(count) {
      const proposals = search.propose(count);
      for (const { number, params } of proposals) paramsOf.set(number, params);
      return proposals;
    },
    observe(event) {
      search.observe(event);
      note(event);
    },
    snapshot: search.snapshot,
  };
  const { proposals } = simulate(watched, (params, draw) => ({ objectives: [task.measure(params, draw)] }), {
    agents,
    runs: evaluations,
    seed: `${task.name} ${seed}`,
    failing,
    losing,
  });
  return {
    byValue,
    byModel,
    unique: new Set(proposals.map(({ hash }) => hash)).size / proposals.length,
    seconds: (engine.cpu() - before) / proposals.length,
  };
}
