import { toLogged } from "@/compute/search/logged-event";
import type { Outcome, SearchEvent } from "@/compute/search/method";
import { objectivesOf, type SweepConfig } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import {
  appendLog,
  type LogRow,
  markTold,
  type NewsRow,
  type RunMetric,
  readNews,
  readProgress,
  readRunMetrics,
  type Told,
} from "@/db/queries/search-log";
import { type SearchRow, withdrawStale } from "@/db/queries/searches";
import { metricsAsked, toOutcome } from "./outcome";

/**
 * Writes into the log what has happened since it was written last: fallbacks that were handed out, runs that ended, and
 * proposals that grew too old. The log's order is the search's only time. The search's row is locked by its holder.
 * @returns the search as it is afterwards, and how many fresh proposals lie ready
 */
export async function tellNews(
  tx: Tx,
  search: SearchRow,
  config: SweepConfig,
): Promise<{ search: SearchRow; ready: number }> {
  const { sweepId } = search;
  const news = await readNews(tx, sweepId);
  const metrics = await readMetrics(tx, news, config);
  const events: LogRow[] = [];
  const told: { number: number; told: Told }[] = [];
  let results = 0;
  for (const row of news) {
    if (row.told === "nothing") events.push({ kind: "proposed", number: row.number, details: null });
    const end = endOf(row, metrics.get(row.runId) ?? [], config);
    if (end !== undefined) {
      const { kind, number, details } = toLogged(end);
      events.push({ kind, number, details });
      if (end.type !== "lost" && end.type !== "withdrawn") results++;
    }
    told.push({ number: row.number, told: toldOf(row, end) });
  }
  events.push(...(await tellProgress(tx, sweepId, config)));
  const { withdrawn, fresh } = await withdrawStale(tx, { ...search, results: search.results + results });
  for (const number of withdrawn) events.push({ kind: "withdrawn", number, details: null });
  await markTold(tx, sweepId, told);
  await appendLog(tx, search, events, results);
  const logLength = search.logLength + events.length;
  return {
    search: { ...search, logLength, results: search.results + results },
    ready: fresh,
  };
}

/** A crashed run may be revived, or put back into the queue by a resume: then its result is told as well. */
function toldOf({ state }: NewsRow, end: SearchEvent | undefined): Told {
  if (end === undefined) return "proposed";
  return state === "crashed" && end.type === "lost" ? "lost" : "ended";
}

/** The best value so far of runs under way, where the file wants them imputed by it. */
async function tellProgress(tx: Tx, sweepId: string, { metric }: SweepConfig): Promise<LogRow[]> {
  if (metric === undefined || metric.imputeWhileRunning === "false") return [];
  const rows = await readProgress(tx, { sweepId, metric: metric.name });
  return rows.map(({ number, count, value }) => {
    const { kind, details } = toLogged({ type: "intermediate", number, count, value });
    return { kind, number, details };
  });
}

/**
 * How a run ended, in the words of the search; undefined while it goes on. A run that is there keeps its point, whatever became
 * of it, as in a grid; one that was deleted gives it back.
 */
function endOf(row: NewsRow, metrics: readonly RunMetric[], config: SweepConfig): SearchEvent | undefined {
  const { number } = row;
  // A claim found that a run has its point. Proposed again, it would be found taken again, for ever.
  if (row.withdrawn) return { type: "withdrawn", number, keepsPoint: true };
  switch (row.state) {
    case null:
      return { type: "lost", number };
    case "finished":
      return { type: "observed", number, ...outcomeOf(row, metrics, config) };
    case "failed":
      return { type: "failed", number };
    case "crashed":
      // A process that died by a signal (out of memory, a fault) died of its configuration as likely as not.
      return row.stateReason === "signal"
        ? { type: "failed", number }
        : { type: "lost", number, keepsPoint: true };
    case "killed": {
      const outcome = outcomeOf(row, metrics, config);
      if (!outcome.objectives.every(Number.isFinite)) return { type: "lost", number, keepsPoint: true };
      const count = metrics.find(({ name }) => name === objectivesOf(config)[0]?.name)?.count ?? 0;
      return { type: "pruned", number, count, ...outcome };
    }
    default:
      return undefined;
  }
}

/** The objective of a single metric stands in the run itself. */
const outcomeOf = ({ objective }: NewsRow, metrics: readonly RunMetric[], config: SweepConfig): Outcome =>
  toOutcome(config, metrics, config.metrics === undefined ? (objective ?? Number.NaN) : undefined);

/** Only what the outcome of some run needs. */
async function readMetrics(
  tx: Tx,
  news: readonly NewsRow[],
  config: SweepConfig,
): Promise<Map<number, RunMetric[]>> {
  const several = config.metrics !== undefined || (config.softConstraints ?? []).length > 0;
  const asked = news.filter(({ state }) => state === "killed" || (state === "finished" && several));
  const rows = await readRunMetrics(
    tx,
    asked.map(({ runId, attempt }) => ({ runId, attempt: attempt ?? 0 })),
    metricsAsked(config),
  );
  const byRun = new Map<number, RunMetric[]>();
  for (const row of rows) {
    const known = byRun.get(row.runId);
    if (known) known.push(row);
    else byRun.set(row.runId, [row]);
  }
  return byRun;
}
