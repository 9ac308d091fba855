import { fromLogged, toLogged } from "@/compute/search/logged-event";
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
import { lockHeldSearch, type SearchRow, withdrawStale } from "@/db/queries/searches";
import type { LastStep } from "@/db/transaction";
import { imputes, metricsAsked, toOutcome, toReached } from "./outcome";

export interface Telling {
  /** As it is afterwards. */
  readonly search: SearchRow;
  /** Fresh proposals that lie ready. */
  readonly ready: number;
}

/**
 * Writes into the log what has happened since it was written last: fallbacks that were handed out, runs that ended, and
 * proposals that grew too old. The log's order is the search's only time.
 * @returns undefined where another server holds the search, or it is another configuration's
 */
export async function tellNews(
  tx: Tx,
  held: { sweepId: string; holder: string; generation: number },
  config: SweepConfig,
): Promise<LastStep<Telling | undefined>> {
  const { sweepId } = held;
  // One exchange: the news are read after the lock is had.
  const [search, news] = await Promise.all([lockHeldSearch(tx, held), readNews(tx, sweepId)]);
  if (search === undefined) return { answer: undefined };
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
  const logLength = search.logLength + events.length;
  return {
    answer: { search: { ...search, logLength, results: search.results + results }, ready: fresh },
    write: () => Promise.all([markTold(tx, sweepId, told), appendLog(tx, search, events, results)]),
  };
}

/**
 * A crashed run may be revived, or put back into the queue by a resume, and a failure may be its machine's fault: then what it comes to
 * is told as well.
 */
function toldOf({ told, state, doubtful }: NewsRow, end: SearchEvent | undefined): Told {
  if (end === undefined) return told === "lost" ? "ended" : "proposed";
  return (state === "crashed" || doubtful) && end.type === "lost" ? "lost" : "ended";
}

/** How far runs under way have come, where the file wants them imputed by it: when they got better, or wherever they stand now. */
async function tellProgress(tx: Tx, sweepId: string, config: SweepConfig): Promise<LogRow[]> {
  const metrics = objectivesOf(config);
  if (metrics.every(({ imputeWhileRunning }) => imputeWhileRunning === "false")) return [];
  const isLatest = metrics.some(({ imputeWhileRunning }) => imputeWhileRunning === "latest");
  const rows = await readProgress(tx, { sweepId, metrics });
  return rows.flatMap(({ number, count, best, last, known }) => {
    const reached = { best: best.map(orNaN), last: last.map(orNaN) };
    const [value = Number.NaN] = reached.best;
    // The best value of the first metric says all where no rule asks for more.
    const more = metrics.length > 1 || isLatest ? { reached } : {};
    const { kind, details } = toLogged({ type: "intermediate", number, count, value, ...more });
    const before = known === null ? undefined : fromLogged({ kind, number, details: known });
    if (before?.type !== "intermediate") return [{ kind, number, details }];
    const { best: oldBest = [before.value], last: oldLast } = before.reached ?? {};
    const isNews = !areSame(reached.best, oldBest) || (isLatest && !areSame(reached.last, oldLast));
    return isNews ? [{ kind, number, details }] : [];
  });
}

const orNaN = (value: number | null): number => value ?? Number.NaN;
const areSame = (some: readonly number[], others: readonly number[] = []): boolean =>
  some.every((value, i) => Object.is(value, others[i]));

/**
 * How a run ended, in the words of the search; undefined while it goes on, and where it is lost for good after it was told to be lost. A run that is there keeps its point, whatever became
 * of it, as in a grid; one that was deleted gives it back.
 */
function endOf(row: NewsRow, metrics: readonly RunMetric[], config: SweepConfig): SearchEvent | undefined {
  const { number } = row;
  // A claim found that a run has its point. Proposed again, it would be found taken again, for ever.
  if (row.withdrawn) return { type: "withdrawn", number, keepsPoint: true };
  switch (row.state) {
    case null:
      return { type: "lost", number };
    case "finished": {
      const outcome = outcomeOf(row, metrics, config);
      const isResult = outcome.objectives.every(Number.isFinite);
      return { type: "observed", number, ...outcome, ...(!isResult && toReached(config, metrics)) };
    }
    case "failed":
      return row.doubtful
        ? { type: "lost", number, keepsPoint: true }
        : { type: "failed", number, ...toReached(config, metrics) };
    case "crashed":
      // A process that died by a signal (out of memory, a fault) died of its configuration as likely as not.
      return row.stateReason === "signal"
        ? { type: "failed", number, ...toReached(config, metrics) }
        : { type: "lost", number, keepsPoint: true };
    case "killed": {
      const outcome = outcomeOf(row, metrics, config);
      if (!outcome.objectives.every(Number.isFinite))
        return row.told === "lost" ? undefined : { type: "lost", number, keepsPoint: true };
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
  const reached = imputes(config);
  const asked = news.filter(
    ({ state }) =>
      state === "killed" ||
      (state === "finished" && several) ||
      ((state === "failed" || state === "crashed") && reached),
  );
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
