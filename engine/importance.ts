import { openPool, type Pool } from "@/compute/threads/pool";
import { AppError, isAppError } from "@/core/errors";
import type { Importance } from "@/core/importance";
import type { Database } from "@/db/client";
import { readResultsState } from "@/db/queries/results";
import { retrying } from "@/db/transaction";
import type { EngineContext } from "./context";
import { type Answered, unknownSweep, workOut } from "./importance-answer";
import { type ImportanceQuery, type Question, toQuestion } from "./importance-question";
import { perDatabase, Recent } from "./recent";

export type { Answered } from "./importance-answer";
export { type ImportanceQuery, toQuestion as checkImportance } from "./importance-question";

/** A thread of its own: a page that looks at importance must not make a proposal wait. */
interface Memory {
  readonly pool: Pool;
  /** By what was asked and the version of the results. */
  readonly answers: Recent<string, Answered>;
  /** By what was asked: the last one that was begun. */
  readonly jobs: Map<string, Job>;
  /** All that are under way. */
  readonly running: Set<Job>;
  /** Ends when the last one that waits for the thread has had it. */
  turns: Promise<unknown>;
}

/** One answer on its way, for all of this server who asked the same. */
interface Job {
  readonly answer: Promise<Answered>;
  /** Fires when nobody waits for it any more. */
  readonly stop: AbortController;
  waiting: number;
  /** Of the results that it is about; undefined while it has not looked, and whoever asks may wait for it. */
  version: string | undefined;
}

const memory = perDatabase<Memory>(() => ({
  pool: openPool(),
  answers: new Recent(50),
  jobs: new Map(),
  running: new Set(),
  turns: Promise.resolve(),
}));

/** More pages than the one thread could answer before they give up. */
const MOST_RUNNING = 30;
/** Who reloads a page, or has waited no longer than its client does, is back by then, and the work of these seconds is not lost. */
const GRACE_MS = 2_000;

/**
 * How much each parameter of a sweep matters to a metric, from the runs that have ended. One answer is computed at a time, and its
 * runs are read then: at a sweep whose runs end each second there is one answer under way and one that waits, however many pages
 * look, at however many servers. It is given up when all who asked have gone away.
 * @throws AppError NOT_FOUND, BAD_INPUT, QUERY_TOO_LARGE for too many runs, UNAVAILABLE when too many ask
 */
export const readImportance = async (
  context: Pick<EngineContext, "db" | "access">,
  query: ImportanceQuery,
): Promise<Importance> => (await answerImportance(context, query)).importance;

/** The same with the version of the results: who has that one has heard it all. */
export async function answerImportance(
  { db, access }: Pick<EngineContext, "db" | "access">,
  query: ImportanceQuery,
): Promise<Answered> {
  const question = toQuestion(query);
  const { answers, jobs } = memory(db);
  for (;;) {
    const askedAt = performance.now();
    const state = await retrying(() => readResultsState(db, access, question));
    if (state === undefined) throw unknownSweep(question);
    const known = answers.get(nameOf(question, state.version));
    if (known !== undefined) return known;
    const found = jobs.get(question.hash);
    const joins = found !== undefined && (found.version === undefined || found.version === state.version);
    const answered = await waitFor(db, question, joins ? found : begin(db, question));
    // The job that we joined may have looked at the results just before we did.
    if (answered.version === state.version || answered.readAt >= askedAt) return answered;
  }
}

const nameOf = ({ hash }: Question, version: string): string => `${hash} ${version}`;

function begin(db: Database, question: Question): Job {
  const mine = memory(db);
  if (mine.running.size >= MOST_RUNNING)
    throw new AppError(
      "UNAVAILABLE",
      `the importance of ${mine.running.size} other sweeps or metrics is to be computed first: try again in some seconds`,
    );
  const stop = new AbortController();
  const { signal } = stop;
  const work = workOut(toLasting(db), question, {
    ...{ pool: mine.pool, signal },
    onVersion: (version) => {
      job.version = version;
    },
    inTurn: (task) => {
      const turn = mine.turns.then(() => {
        signal.throwIfAborted();
        return task();
      });
      mine.turns = turn.catch(() => {});
      return turn;
    },
  });
  const answer = work.finally(() => forget(mine, question, job));
  const job: Job = { answer, stop, waiting: 0, version: undefined };
  mine.running.add(job);
  mine.jobs.set(question.hash, job);
  answer.then(
    (answered) => mine.answers.set(nameOf(question, answered.version), answered),
    () => {}, // told to whoever waits
  );
  return job;
}

function forget({ jobs, running }: Memory, { hash }: Question, job: Job): void {
  running.delete(job);
  if (jobs.get(hash) === job) jobs.delete(hash);
}

/** Until it is there, or the caller has gone away: the last one to go stops it. */
async function waitFor(db: Database, question: Question, job: Job): Promise<Answered> {
  const { ended } = db;
  job.waiting++;
  let leave = () => {};
  try {
    return await new Promise<Answered>((resolve, reject) => {
      leave = () => reject(ended?.reason);
      if (ended?.aborted) leave();
      else ended?.addEventListener("abort", leave);
      job.answer.then(resolve, reject);
    });
  } finally {
    ended?.removeEventListener("abort", leave);
    job.waiting--;
    // Whose time was over asks again, and finds it.
    if (job.waiting === 0 && !isTimedOut(ended?.reason))
      setTimeout(() => giveUp(db, question, job), GRACE_MS).unref();
  }
}

function giveUp(db: Database, question: Question, job: Job): void {
  const mine = memory(db);
  if (job.waiting > 0 || !mine.running.has(job)) return;
  forget(mine, question, job);
  job.stop.abort();
}

const isTimedOut = (reason: unknown): boolean => isAppError(reason) && reason.code === "TIMED_OUT";

/** What one caller reads with ends when that one goes away, and others may wait for the same. */
const toLasting = ({ root, ended: _, ...db }: Database): Database => {
  const whole = root ?? db;
  return { ...whole, sql: whole.readers, root: whole };
};

/** Ends the thread, and whatever was to be computed. */
export async function closeImportance(db: Database): Promise<void> {
  const { pool, running } = memory(db);
  for (const { stop } of running) stop.abort();
  await pool.close();
}
