import { createHash, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { ImportanceInput } from "@/compute/analysis/importance";
import type { Pool } from "@/compute/threads/pool";
import { AppError, type ErrorCode, isAppError } from "@/core/errors";
import { guessGoal } from "@/core/guess-sweep";
import { IMPORTANCE_ENGINE, type Importance } from "@/core/importance";
import { listLeaves } from "@/core/leaves";
import type { Goal } from "@/core/sweep";
import { deserializeConfig, objectivesOf, type SweepConfig } from "@/core/sweep-config";
import type { Database } from "@/db/client";
import {
  type ClaimedAnswer,
  claimAnswer,
  readKnownAnswer,
  releaseClaim,
  renewClaim,
  storeAnswer,
} from "@/db/queries/importance-answers";
import { type ResultsState, readResults, readResultsState } from "@/db/queries/results";
import { retrying } from "@/db/transaction";
import { systemAccess } from "./authorize";
import type { Question } from "./importance-question";

/*
 * One answer, by whichever server comes first. The results have a version; an answer of the same version that any server has
 * stored is taken, one that another server computes is waited for, and else this one claims the question, reads the runs and
 * computes. Results that come all the time are a new version each time: an answer rests before the next is computed.
 */

export interface Answered {
  readonly importance: Importance;
  readonly version: string;
  /** When its results were about to be read, by `performance.now()`. */
  readonly readAt: number;
}

export interface Means {
  readonly pool: Pool;
  /** The thread has one task at a time. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
  /** From here on it is the answer of this version: whoever has seen another one asks anew. */
  readonly onVersion: (version: string | undefined) => void;
}

/** People read it; and a thread that computes for 10 s after each second of results does nothing else. */
const REST_MS = 2_000;
/** A server that dies with a claim keeps the others waiting so long. */
const LEASE_MS = 10_000;
const RENEW_MS = 2_500;
/** How soon it is seen that another server has answered. */
const POLL_MS = 250;
/** 50,000 runs of 50 parameters take about 10 s. */
const COMPUTE_MS = 60_000;
/** Of 50 parameters each: 50 MB that a thread reads in a second. */
const MOST_RUNS = 100_000;
/** Of a sweep. A page asks one question at a time, its readers some. */
const MOST_ANSWERS = 20;
/** Twenty curves of 254 points have 300 kB. What is longer stays in this server's memory alone. */
const MOST_BYTES = 2_000_000;

/** @throws AppError NOT_FOUND, QUERY_TOO_LARGE; whatever the signal was aborted with */
export async function workOut(db: Database, question: Question, means: Means): Promise<Answered> {
  for (;;) {
    means.signal.throwIfAborted();
    const { answered, waitMs } = await look(db, question, means);
    if (answered !== undefined) return answered;
    means.onVersion(undefined);
    if (waitMs > 0) await pause(waitMs, undefined, { signal: means.signal });
    else {
      const computed = await means.inTurn(() => computeNow(db, question, means));
      if (computed !== undefined) return computed;
    }
  }
}

/** What is known already; else how long to wait before asking again, 0 when nobody is at it. */
async function look(
  db: Database,
  question: Question,
  { onVersion }: Means,
): Promise<{ answered?: Answered; waitMs: number }> {
  const { state, readAt } = await readState(db, question);
  onVersion(state.version);
  const of = { version: state.version, engine: IMPORTANCE_ENGINE, restMs: REST_MS };
  const { answer, busyMs, restMs } = await retrying(() => readKnownAnswer(db.sql, keyOf(question), of));
  if (answer !== null)
    return { answered: { importance: toImportance(answer), version: state.version, readAt }, waitMs: 0 };
  if (busyMs > 0) return { waitMs: Math.min(busyMs + 1, POLL_MS) };
  return { waitMs: restMs > 0 ? restMs + 1 : 0 };
}

/** @returns undefined when another server was quicker */
async function computeNow(db: Database, question: Question, means: Means): Promise<Answered | undefined> {
  const { root = db } = db;
  const { state, readAt } = await readState(db, question);
  const { version } = state;
  const key = keyOf(question);
  const holder = randomUUID();
  const claimed = await claim(root, question, version, holder);
  if (claimed === undefined) return undefined;
  means.onVersion(version);
  const renewing = setInterval(() => {
    // A failure is no news: what is stored in the end asks for the claim.
    renewClaim(root.sql, key, { holder, leaseMs: LEASE_MS }).catch(() => {});
  }, RENEW_MS);
  try {
    const input = await readInput(db, question, state);
    const digest = digestOf(input);
    const answer = await (claimed.digest === digest && claimed.answer !== null
      ? claimed.answer
      : compute(input, means));
    const stored = answer.length <= MOST_BYTES ? answer : null;
    await store(root, question, { holder, version, digest, answer: stored });
    return { importance: toImportance(answer), version, readAt };
  } catch (error) {
    await releaseClaim(root.sql, key, holder).catch(() => {});
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** Where nothing can be written, it is computed all the same. */
async function claim(
  { sql }: Database,
  question: Question,
  version: string,
  holder: string,
): Promise<ClaimedAnswer | undefined> {
  const of = { version, engine: IMPORTANCE_ENGINE, restMs: REST_MS };
  try {
    return await retrying(() => claimAnswer(sql, keyOf(question), of, { holder, leaseMs: LEASE_MS }));
  } catch (error) {
    if (isAppError(error) && error.code === "DISK_FULL") return { digest: null, answer: null };
    throw error;
  }
}

/** Whoever asked has an answer, also where it can't be kept. */
async function store(
  { sql }: Database,
  question: Question,
  answer: { holder: string; version: string; digest: string; answer: string | null },
): Promise<void> {
  const stored = { ...answer, engine: IMPORTANCE_ENGINE };
  await retrying(() => storeAnswer(sql, keyOf(question), stored, MOST_ANSWERS)).catch(() => {});
}

const keyOf = ({ sweepId, hash }: Question) => ({ sweepId, question: hash });

async function readState(db: Database, question: Question): Promise<{ state: ResultsState; readAt: number }> {
  const readAt = performance.now();
  // Who asked may look at the sweep: that was checked.
  const state = await retrying(() => readResultsState(db, systemAccess(), question));
  if (state === undefined) throw unknownSweep(question);
  return { state, readAt };
}

export const unknownSweep = ({ sweepId }: { sweepId: string }): AppError =>
  new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });

async function readInput(db: Database, question: Question, state: ResultsState): Promise<ImportanceInput> {
  const { unfinished, method, quantile, wholeProject } = question;
  const config = deserializeConfig(state.config);
  const goal = goalOf(question, config) ?? state.goal;
  const { params, values } = await readResults(db, systemAccess(), {
    ...question,
    projectId: state.projectId,
    metric: question.metric ?? {
      name: state.metricName,
      // Runs of other sweeps have objectives of their own.
      stat: wholeProject ? (state.goal === "minimize" ? "min" : "max") : undefined,
    },
    having: wholeProject ? placesOf(config) : [],
    most: MOST_RUNS,
  });
  if (params.length > MOST_RUNS) throw tooLarge(`there are more than ${MOST_RUNS} runs`, { max: MOST_RUNS });
  return {
    ...{ config: state.config, goal, method, unfinished, params, values },
    ...(quantile !== undefined && { quantile }),
    without: 0,
  };
}

/** Which way is better: as the sweep's file says of one of its metrics, else as the name of the metric mostly means. */
function goalOf({ metric }: Question, config: SweepConfig): Goal | undefined {
  if (metric === undefined) return undefined;
  const objective = objectivesOf(config).find(({ name }) => name === metric.name);
  return objective?.goal ?? guessGoal(metric.name);
}

/** Where every configuration of the space has something; a run of another program has not. */
const placesOf = ({ parameters }: SweepConfig): (readonly string[])[] =>
  listLeaves(parameters).flatMap(({ path, conditions }) => (conditions.length === 0 ? [path] : []));

function digestOf({ params, values, ...rest }: ImportanceInput): string {
  const hash = createHash("sha256").update(JSON.stringify([IMPORTANCE_ENGINE, rest, values]));
  for (const text of params) hash.update("\n").update(text);
  return hash.digest("hex");
}

/** @returns what `toImportance` reads: the answer, or why the same runs will never have one */
async function compute(input: ImportanceInput, { pool, signal }: Means): Promise<string> {
  const time = AbortSignal.timeout(COMPUTE_MS);
  try {
    return JSON.stringify(await pool.run("importance", input, AbortSignal.any([time, signal])));
  } catch (error) {
    if (!time.aborted || signal.aborted) throw error;
    const { length } = input.params;
    const { code, message, details } = tooLarge(
      `the importance of ${length} runs takes longer than ${COMPUTE_MS / 1_000} s`,
      { runs: length },
    );
    return JSON.stringify({ error: { code, message, details } });
  }
}

const tooLarge = (what: string, details: Readonly<Record<string, unknown>>): AppError =>
  new AppError("QUERY_TOO_LARGE", `${what}: filter them, or ask for the sweep alone`, { details });

type Stored = Importance | { readonly error: Pick<AppError, "message" | "details"> & { code: ErrorCode } };

/** @throws AppError what the answer says */
function toImportance(text: string): Importance {
  const stored = JSON.parse(text) as Stored;
  if (!("error" in stored)) return stored;
  const { code, message, details } = stored.error;
  throw new AppError(code, message, { details });
}
