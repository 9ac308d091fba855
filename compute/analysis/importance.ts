import {
  GOOD_QUANTILE,
  type Importance,
  type ImportanceMethod,
  type ImportanceWarning,
  type ParameterImportance,
} from "@/core/importance";
import { byForest } from "./forest-importance";
import type { Found } from "./found";
import { byGaussianProcess } from "./gp-sobol";
import { byGoodRuns } from "./ped-anova";
import { type ImportanceInput, type Runs, readRuns } from "./read-runs";

export type { ImportanceInput } from "./read-runs";

/** Below this many runs no method says anything about anything. */
export const NEEDED_RUNS = 10;
/** From here on a ranking is worth reading. */
const ENOUGH_RUNS = 30;
const MOST_PAIRS = 30;

/** What mattered, from the runs so far. The same runs in the same order give the same answer, to the last digit. */
export function importanceOf(input: ImportanceInput): Importance {
  const { method = "forest" } = input;
  const runs = readRuns(input);
  const { columns, target, imputed, leftOut, constant } = runs;
  const common = { method, runs: target.length, good: null, imputed, needed: NEEDED_RUNS, leftOut, constant };
  const nothing = (warning: ImportanceWarning): Importance => ({
    ...common,
    ...{ parameters: [], pairs: [], outOfBagR2: null, warnings: [warning] },
  });
  if (target.length < NEEDED_RUNS) return nothing("TOO_FEW_RUNS");
  if (columns.length === 0) return nothing("NOTHING_VARIES");
  if (target.every((value) => value === target[0])) return nothing("METRIC_CONSTANT");
  const found = find(runs, input);
  return {
    ...{ ...common, ...found },
    parameters: ranked(found.parameters, method),
    pairs: found.pairs.slice(0, MOST_PAIRS),
    warnings: [
      ...new Set([...(target.length < ENOUGH_RUNS ? ["FEW_RUNS" as const] : []), ...found.warnings]),
    ],
  };
}

function find(runs: Runs, { method, goal, quantile = GOOD_QUANTILE }: ImportanceInput): Found {
  switch (method) {
    case "good":
      return byGoodRuns(runs, goal, quantile);
    case "gp":
      return byGaussianProcess(runs, goal);
    default:
      return byForest(runs, goal);
  }
}

/** A Gaussian process is asked for what parameters do together too. */
const ranked = (
  parameters: readonly ParameterImportance[],
  method: ImportanceMethod,
): ParameterImportance[] => {
  const weight = ({ importance, total }: ParameterImportance) =>
    method === "gp" ? (total ?? importance) : importance;
  return parameters.toSorted((a, b) => weight(b) - weight(a) || (a.name < b.name ? -1 : 1));
};
