import { openPool, type Pool } from "@/compute/threads/pool";
import { AppError, isAppError } from "@/core/errors";
import { guessGoal } from "@/core/guess-sweep";
import type { Importance } from "@/core/importance";
import type { Goal } from "@/core/sweep";
import { deserializeConfig, objectivesOf } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import { type ResultsQuery, type ResultsState, readResults, readResultsState } from "@/db/queries/results";
import { systemAccess } from "./authorize";
import { maybeText } from "./check";
import type { EngineContext } from "./context";
import { perDatabase, Recent } from "./recent";

/** A thread of its own: a page that looks at importance must not make a proposal wait. */
interface Memory {
  readonly pool: Pool;
  /** By what was asked and the version of the results. The one under way is among them, so that ten pages ask once. */
  readonly answers: Recent<string, Promise<Importance>>;
  /** By what was asked: those whose turn has not come. They read the results then, so whoever asks meanwhile waits for the same. */
  readonly waiting: Map<string, Promise<Importance>>;
  /** Ends when the last of them has. */
  turns: Promise<unknown>;
}

const memory = perDatabase<Memory>(() => ({
  pool: openPool(),
  answers: new Recent(50),
  waiting: new Map(),
  turns: Promise.resolve(),
}));

/** 50,000 runs of 50 parameters take about 10 s. */
const COMPUTE_MS = 60_000;
/** More pages than the one thread could answer before they give up. */
const MOST_WAITING = 30;

/**
 * How much each parameter of a sweep matters to a metric, from its finished runs. One answer is computed at a time, and its runs are
 * read then: at a sweep whose runs end each second there is one answer under way and one that waits, however many pages look.
 * @throws AppError NOT_FOUND, BAD_INPUT for a metric that can be none, QUERY_TOO_LARGE for too many runs, UNAVAILABLE when too many ask
 */
export async function readImportance(
  { db, access }: Pick<EngineContext, "db" | "access">,
  query: ResultsQuery,
): Promise<Importance> {
  if (query.metric) maybeText("metric", query.metric.name, 1_000);
  const state = await readResultsState(db, access, query.sweepId);
  if (state === undefined) throw unknown(query);
  const { answers, waiting } = memory(db);
  const name = JSON.stringify(query);
  const known = answers.get(nameOf(query, state)) ?? waiting.get(name);
  if (known !== undefined) return known;
  if (waiting.size >= MOST_WAITING)
    throw new AppError(
      "UNAVAILABLE",
      `the importance of ${waiting.size} other sweeps or metrics is to be computed first: try again in some seconds`,
    );
  const mine = memory(db);
  const answer = mine.turns.then(() => {
    waiting.delete(name);
    return answerNow(toLasting(db), query);
  });
  waiting.set(name, answer);
  mine.turns = answer.catch(() => {});
  return answer;
}

const nameOf = (query: ResultsQuery, { version }: ResultsState): string => JSON.stringify([query, version]);

/** What one caller reads with ends when that one goes away, and others may wait for the same. */
const toLasting = ({ root, ...db }: Database): Database => {
  const whole = root ?? db;
  return { ...whole, sql: whole.readers, root: whole };
};

/** Who asked may look at the sweep: that was checked. */
async function answerNow(db: Database, query: ResultsQuery): Promise<Importance> {
  const { pool, answers } = memory(db);
  const state = await readResultsState(db, systemAccess(), query.sweepId);
  if (state === undefined) throw unknown(query);
  const name = nameOf(query, state);
  const known = answers.get(name);
  if (known !== undefined) return known;
  const asked = compute(db, pool, query, state);
  answers.set(name, asked);
  // What failed is asked again by the next one, but for what would fail again.
  asked.catch((error: unknown) => {
    if (!isAppError(error)) answers.delete(name);
  });
  return asked;
}

async function compute(
  db: Database,
  pool: Pool,
  query: ResultsQuery,
  { goal, config }: ResultsState,
): Promise<Importance> {
  const { params, values } = await readResults(db, query);
  const own = values.flatMap((value, i) =>
    value !== null && Number.isFinite(value) ? [{ value, params: params[i] ?? "{}" }] : [],
  );
  const time = AbortSignal.timeout(COMPUTE_MS);
  const request = {
    ...{ config, goal: goalOf(query, config) ?? goal ?? "minimize", without: values.length - own.length },
    params: own.map((run) => run.params),
    values: own.map((run) => run.value),
  };
  try {
    return await pool.run("importance", request, time);
  } catch (error) {
    if (!time.aborted) throw error;
    throw new AppError(
      "QUERY_TOO_LARGE",
      `${own.length} runs are too many: their importance takes longer than ${COMPUTE_MS / 1_000} s`,
      { cause: error, details: { runs: own.length } },
    );
  }
}

/** Which way is better: as the sweep's file says of one of its metrics, else as the name of the metric mostly means. */
function goalOf({ metric }: ResultsQuery, config: string): Goal | undefined {
  if (metric === undefined) return undefined;
  const objective = objectivesOf(deserializeConfig(config)).find(({ name }) => name === metric.name);
  return objective?.goal ?? guessGoal(metric.name);
}

const unknown = ({ sweepId }: ResultsQuery): AppError =>
  new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });

/** Ends the thread. */
export const closeImportance = (db: Database): Promise<void> => memory(db).pool.close();
