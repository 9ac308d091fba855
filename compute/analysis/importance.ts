import type { Importance, ImportanceWarning, ParameterImportance } from "@/core/importance";
import { byForest } from "./forest-importance";
import { type ImportanceInput, readRuns } from "./read-runs";

export type { ImportanceInput } from "./read-runs";

/** Below this many runs no method says anything about anything. */
export const NEEDED_RUNS = 10;
/** From here on a ranking is worth reading. */
const ENOUGH_RUNS = 30;
const MOST_PAIRS = 30;

/** What mattered, from the runs so far. The same runs in the same order give the same answer, to the last digit. */
export function importanceOf(input: ImportanceInput): Importance {
  const { goal, method = "forest" } = input;
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
  const found = byForest(runs, goal);
  return {
    ...{ ...common, ...found },
    parameters: found.parameters.toSorted(byImportance),
    pairs: found.pairs.slice(0, MOST_PAIRS),
    warnings: [...(target.length < ENOUGH_RUNS ? ["FEW_RUNS" as const] : []), ...found.warnings],
  };
}

const byImportance = (a: ParameterImportance, b: ParameterImportance): number =>
  b.importance - a.importance || (a.name < b.name ? -1 : 1);
