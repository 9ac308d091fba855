import * as functions from "./functions";
import { tablesFolder } from "./python";
import * as tables from "./tables";
import type { Task } from "./task";
import * as training from "./training";

export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly evaluations: number;
  /** As many seeds are made unless told otherwise. */
  readonly seeds: number;
  readonly agents: readonly number[];
  /** Chances that a run's program fails, and that its machine goes away. */
  readonly failing: number;
  readonly losing: number;
  /** Whether what a run reports is not exactly what is asked for: then the winner by the model is looked at, too. */
  readonly noisy: boolean;
  /**
   * What a regret is: a distance from a known optimum, over orders of magnitude; a share of the way from the best to the median
   * configuration; or the loss itself where nobody knows the best, and the report measures from the best that was found.
   */
  readonly regret: "distance" | "share" | "loss";
  open(say: (message: string) => void): Task[];
}

const onTables = {
  evaluations: tables.EVALUATIONS,
  agents: [1, 8],
  noisy: true,
  regret: "share" as const,
  open: (say: (message: string) => void) => tables.openTables(tablesFolder(say)),
};

export const SUITES: readonly Suite[] = [
  {
    name: "A",
    title: "functions without noise",
    evaluations: functions.EVALUATIONS,
    seeds: 20,
    agents: [1, 8],
    failing: 0,
    losing: 0,
    noisy: false,
    regret: "distance",
    open: functions.openFunctions,
  },
  { name: "B", title: "tables of real training", seeds: 20, failing: 0, losing: 0, ...onTables },
  {
    name: "C",
    title: "the tables, with runs that fail and are lost",
    seeds: 5,
    failing: 0.1,
    losing: 0.1,
    ...onTables,
  },
  {
    name: "E",
    title: "training of scikit-learn models and the digits example",
    evaluations: training.EVALUATIONS,
    seeds: 5,
    agents: [1, 8],
    failing: 0,
    losing: 0,
    noisy: false,
    regret: "loss",
    open: training.openTraining,
  },
];

export function suiteOf(name: string): Suite {
  const suite = SUITES.find((each) => each.name === name);
  if (suite === undefined)
    throw new RangeError(`no suite is called ${name}: ${SUITES.map((each) => each.name).join(", ")}`);
  return suite;
}
