import { createHash } from "node:crypto";
import { METRIC_STATS, type MetricStat } from "@/core/filter/operand";
import type { Filter } from "@/core/filter/tree";
import {
  ASKED_METHODS,
  type AskedMethod,
  GOOD_QUANTILE,
  IMPORTANCE_SCOPES,
  type ImportanceScope,
  UNFINISHED_CHOICES,
  type UnfinishedChoice,
} from "@/core/importance";
import { readRunFilter } from "@/core/run-filter";
import { badInput, checkOneOf, checkSweepId, checkText } from "./check";

/** What somebody asks about a sweep. */
export interface ImportanceQuery {
  readonly sweepId: string;
  /** The sweep's own when absent. */
  readonly metric?: string | undefined;
  /** Beside metric: `last` when absent. */
  readonly stat?: MetricStat | undefined;
  readonly method?: AskedMethod | undefined;
  /** Beside the method `good`. */
  readonly quantile?: number | undefined;
  readonly unfinished?: UnfinishedChoice | undefined;
  /** A `RunFilter`. */
  readonly filter?: unknown;
  readonly scope?: ImportanceScope | undefined;
}

/** The same, checked, with all that was left open. */
export interface Question {
  readonly sweepId: string;
  readonly metric: { readonly name: string; readonly stat: MetricStat } | undefined;
  readonly method: AskedMethod;
  readonly quantile: number | undefined;
  readonly unfinished: UnfinishedChoice;
  readonly filter: Filter | undefined;
  readonly wholeProject: boolean;
  /** Hex: the same for everybody who asks the same. */
  readonly hash: string;
}

/** Below it a thousand runs have ten good ones; beyond it the good ones are most. */
const QUANTILES = { least: 0.01, most: 0.5 } as const;
/** Of a metric. */
const MAX_NAME = 1_000;

/** @throws AppError BAD_INPUT that names the argument, its value and what was expected */
export function toQuestion(query: ImportanceQuery): Question {
  const sweepId = checkSweepId(query.sweepId);
  const method = checkOneOf("method", query.method ?? "auto", ASKED_METHODS);
  const unfinished = checkOneOf("unfinished", query.unfinished ?? "leave_out", UNFINISHED_CHOICES);
  const scope = checkOneOf("scope", query.scope ?? "sweep", IMPORTANCE_SCOPES);
  const metric = toMetric(query);
  const quantile = toQuantile(method, query.quantile);
  const filter = query.filter == null ? undefined : readRunFilter(query.filter);
  // A filter that was read is plain data with its keys in one order.
  const asked = JSON.stringify([
    sweepId,
    metric ?? null,
    method,
    quantile ?? null,
    unfinished,
    scope,
    filter ?? null,
  ]);
  return {
    ...{ sweepId, metric, method, quantile, unfinished, filter },
    wholeProject: scope === "project",
    hash: createHash("sha256").update(asked).digest("hex"),
  };
}

function toMetric({ metric, stat }: ImportanceQuery): Question["metric"] {
  if (metric !== undefined)
    return {
      name: checkText("metric", metric, MAX_NAME),
      stat: checkOneOf("stat", stat ?? "last", METRIC_STATS),
    };
  if (stat === undefined) return undefined;
  throw badInput(
    "stat",
    stat,
    "nothing where metric is not given: the sweep's own metric counts by its goal",
  );
}

function toQuantile(method: AskedMethod, quantile: number | undefined): number | undefined {
  if (method !== "good") {
    if (quantile === undefined) return undefined;
    throw badInput(
      "quantile",
      quantile,
      `nothing beside the method ${method}: only good tells the best runs from the others`,
    );
  }
  const wanted = quantile ?? GOOD_QUANTILE;
  if (wanted >= QUANTILES.least && wanted <= QUANTILES.most) return wanted;
  throw badInput("quantile", wanted, `a number from ${QUANTILES.least} to ${QUANTILES.most}`);
}
