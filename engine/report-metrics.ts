import { isAppError } from "@/core/errors";
import { parseMetricBatch } from "@/core/history/batch";
import type { Database } from "@/db/client";
import { appendGroup, packBatch } from "./append-group";
import type { Append, Appended, LineRange } from "./append-progress";
import { authorizeAttempt } from "./authorize";
import { checkId } from "./check";
import { closeSweeps } from "./close-sweeps";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { runFacts } from "./facts";
import { type Command, toCommand } from "./heartbeat";
import { judgeAgain } from "./judge-again";
import { Lane } from "./lane";
import { metricIds } from "./metric-facts";
import { perDatabase } from "./recent";
import { reviveLapsed } from "./revive";
import { tallyOf } from "./tally";

export interface LogMetricsInput {
  readonly runId: number;
  /** A `MetricBatch` as it came from JSON; checked here. Its number makes it safe to repeat, so no mutation id is needed. */
  readonly metrics: unknown;
  /** Its number counts for nothing: the batch is these lines, and lines that were taken are known by theirs. */
  readonly lines?: LineRange | undefined;
}

export interface LogMetricsResult {
  readonly runId: number;
  readonly attempt: number;
  /** The number of the batch that was sent, taken now or before. */
  readonly batch: number;
  readonly repeated: boolean;
  /** The run has another attempt by now: the data is kept under this one; stop logging, and stop the process. */
  readonly stale: boolean;
  /** What shall become of the process, as a heartbeat would say it: a run that is stopped early hears it with the value that showed it. */
  readonly command: Command | null;
  /**
   * Points left out because their steps lie below `lastStep`. A training program that counts backwards would be
   * stopped by a refusal in mid-training; W&B warns, and so does our answer.
   */
  readonly droppedPoints: number;
  readonly lastStep: number | null;
}

/** Bytes of blocks in one transaction: large enough to share a flush, small enough that no commit takes long. */
const GROUP_BYTES = 2_000_000;
/** What a batch costs apart from its bytes. */
const BATCH_WEIGHT = 8_000;
/** While one transaction flushes, the other one works. Batches of a run keep to one lane. */
const LANES = 2;

const lanesOf = perDatabase(() => ({ lanes: undefined as Lane<Append, Appended>[] | undefined }));

/**
 * Stores one batch of metrics of one attempt.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN; BATCH_OUT_OF_ORDER with the number (or line) expected next
 */
export async function logMetrics(context: EngineContext, input: LogMetricsInput): Promise<LogMetricsResult> {
  const { db } = context;
  const facts = await runFacts(db, checkId("runId", input.runId));
  const batch = parseMetricBatch(input.metrics, Date.now());
  await authorizeAttempt(context, facts, batch.attempt, "member");
  const ids = await metricIds(
    db,
    facts.projectId,
    batch.series.map(({ key }) => key),
  );
  const lane = laneOf(db, facts.runId);
  const done = await lane.push({
    ...{ facts, batch, metricIds: ids, packed: packBatch(batch, ids) },
    ...(input.lines && { lines: input.lines }),
  });
  count(db, batch.points, done);
  tell(facts, done);
  await follow(context, facts, done);
  const { runId, attempt, repeated, stale, stopRequested, droppedPoints, lastStep } = done;
  const command = toCommand({ live: !stale, stopRequested }) ?? null;
  return { runId, attempt, batch: done.batch, repeated, stale, command, droppedPoints, lastStep };
}

function laneOf(db: Database, runId: number): Lane<Append, Appended> {
  const memory = lanesOf(db);
  memory.lanes ??= Array.from(
    { length: LANES },
    () =>
      new Lane<Append, Appended>(
        (items) => appendEach(db, items),
        GROUP_BYTES,
        ({ packed }) => BATCH_WEIGHT + packed.block.length,
      ),
  );
  return memory.lanes[runId % LANES] as Lane<Append, Appended>;
}

/** A batch that breaks its group (a bug of ours) must not take the others with it. */
async function appendEach(db: Database, items: readonly Append[]): Promise<(Appended | Error)[]> {
  try {
    return await appendGroup(db, items);
  } catch (error) {
    if (isAppError(error) || items.length === 1) throw error;
    const answers: (Appended | Error)[] = [];
    for (const item of items) {
      const [answer] = await appendGroup(db, [item]).catch((own: unknown) => [toError(own)]);
      answers.push(answer ?? toError(error));
    }
    return answers;
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function count(db: Database, points: number, { repeated, droppedPoints }: Appended): void {
  if (repeated) return;
  const tally = tallyOf(db);
  tally.batches++;
  tally.points += points - droppedPoints;
}

function tell(facts: Append["facts"], { repeated, objectiveChanged, stopped }: Appended): void {
  if (repeated) return;
  const { projectId, sweepId, runId } = facts;
  for (const stoppedId of stopped) emitChange(projectId, sweepId, stoppedId, "run");
  emitChange(
    projectId,
    sweepId,
    runId,
    ...(objectiveChanged ? (["metrics", "run"] as const) : (["metrics"] as const)),
  );
}

/** What the batch set off beyond itself. It is stored already: if this fails, the background or the next batch does it. */
async function follow(
  { db, log }: EngineContext,
  { sweepId }: Append["facts"],
  done: Appended,
): Promise<void> {
  try {
    if (done.silent) await reviveLapsed(db, [done], null);
    if (done.missed && sweepId !== null) await judgeAgain(db, sweepId);
    if (done.targetReached && sweepId !== null) await closeSweeps(db, [sweepId]);
  } catch (error) {
    log.warn(
      { err: error, runId: done.runId, sweepId },
      "metrics are stored, what follows from them comes later",
    );
  }
}
