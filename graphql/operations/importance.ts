import type { ImportanceWarning, PairImportance, ParameterImportance } from "@/core/importance";
import { toDocument } from "./document";

export interface SweepImportanceAnswer {
  runsUsed: number;
  runsNeeded: number;
  runsLeftOut: number;
  parameters: ParameterImportance[];
  interactions: PairImportance[];
  constant: string[];
  outOfBagR2: number | null;
  warnings: ImportanceWarning[];
}

export const SweepImportance = toDocument<
  { sweep: { importance: SweepImportanceAnswer } | null },
  { id: string; metric: string | null; stat: "last" | "min" | "max" | "mean" | "first" | null }
>(/* GraphQL */ `
  query SweepImportance($id: ID!, $metric: String, $stat: MetricStat) {
    sweep(id: $id) {
      importance(metric: $metric, stat: $stat) {
        runsUsed runsNeeded runsLeftOut constant outOfBagR2 warnings
        parameters {
          name importance low high total totalLow totalHigh impurity permutation
          correlation correlationOf rankCorrelation direction active
          marginal { value mean low high }
        }
        interactions { a b importance }
      }
    }
  }
`);
