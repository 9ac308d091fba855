import type { MetricStat } from "@/core/filter/operand";
import type { AskedMethod, Importance, ImportanceScope, UnfinishedChoice } from "@/core/importance";
import type { RunFilter } from "@/core/run-filter";
import type { Goal } from "@/core/sweep";
import { toDocument } from "./document";

/** What the API's field and its subscription are asked; null is as if it were not there. */
export type AskedImportance = {
  metric: string | null;
  stat: MetricStat | null;
  method: AskedMethod | null;
  quantile: number | null;
  unfinished: UnfinishedChoice | null;
  filter: RunFilter | null;
  scope: ImportanceScope | null;
};

/** Under the names that computing and drawing have for them. */
const ANSWER = /* GraphQL */ `
  method runs: runsUsed good: runsGood imputed: runsImputed needed: runsNeeded leftOut: runsLeftOut
  constant outOfBagR2 warnings
  parameters {
    name importance low high total totalLow totalHigh impurity permutation
    correlation correlationOf rankCorrelation direction active
    marginal { value mean low high }
  }
  pairs: interactions { a b importance }`;

export const ImportanceChanged = toDocument<
  { importanceChanged: Importance },
  AskedImportance & { id: string }
>(/* GraphQL */ `
  subscription ImportanceChanged(
    $id: ID!, $metric: String, $stat: MetricStat, $method: ImportanceMethod, $quantile: Float,
    $unfinished: UnfinishedRuns, $filter: RunFilter, $scope: ImportanceScope
  ) {
    importanceChanged(
      sweepId: $id, metric: $metric, stat: $stat, method: $method, quantile: $quantile,
      unfinished: $unfinished, filter: $filter, scope: $scope
    ) {${ANSWER}
    }
  }
`);

/** The same once, for the command line. */
export const ReadImportance = toDocument<
  {
    sweep: {
      id: string;
      path: string;
      metric: { name: string; goal: Goal } | null;
      importance: Importance;
    } | null;
  },
  AskedImportance & { id: string }
>(/* GraphQL */ `
  query ReadImportance(
    $id: ID!, $metric: String, $stat: MetricStat, $method: ImportanceMethod, $quantile: Float,
    $unfinished: UnfinishedRuns, $filter: RunFilter, $scope: ImportanceScope
  ) {
    sweep(id: $id) {
      id path metric { name goal }
      importance(
        metric: $metric, stat: $stat, method: $method, quantile: $quantile,
        unfinished: $unfinished, filter: $filter, scope: $scope
      ) {${ANSWER}
      }
    }
  }
`);
