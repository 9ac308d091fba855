import { AppError } from "@/core/errors";
import { type FinishState, isActive, type RunState } from "@/core/run";
import type { Database, Tx } from "@/db/client";
import { amendAnswers, insertAnswers, type NewAnswer, readAnswers } from "@/db/queries/idempotency";
import { noteMachines } from "@/db/queries/machines";
import {
  type LockedAttempt,
  lockAttempts,
  type SettledAttempt,
  settleAttempts,
} from "@/db/queries/settle-attempts";
import { inShortTransaction, type LastStep } from "@/db/transaction";
import { tellSettled } from "./after-settling";
import { findFeasible } from "./check-feasible";
import type { Logger } from "./context";
import { type End, toMachineNews } from "./machine-news";
import { refuseOtherInput } from "./once";
import { settle } from "./settle";
import { isLapsed, toFacts } from "./settle-facts";
import { tallyOf } from "./tally";
import { isUniqueViolation } from "./unique";

export interface FinishRunAnswer {
  readonly runId: number;
  /** Of the run, afterwards: pending means it will go out again. */
  state: RunState;
}

export interface FinishCall {
  readonly runId: number;
  readonly attempt: number;
  readonly state: FinishState;
  readonly exitCode: number | null;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly caller: string;
  readonly mutationId: string | undefined;
  readonly inputHash: Buffer;
  readonly log: Logger;
}

type Answer = FinishRunAnswer | AppError;

/** Only a mutation id that two servers write at once starts a group over, and then its answer is there to read. */
const MAX_STARTS = 5;

/** Answers finishes that arrived together, in their order, in one transaction. */
export async function finishGroup(db: Database, calls: readonly FinishCall[]): Promise<Answer[]> {
  for (let start = 1; ; start++) {
    try {
      const { answers, settled } = await inShortTransaction(db, (tx) => finish(db, tx, calls));
      tallyOf(db).finishes += settled.length;
      await tellSettled(db, settled);
      return answers;
    } catch (error) {
      if (!isUniqueViolation(error) || start >= MAX_STARTS) throw error;
    }
  }
}

async function finish(
  db: Database,
  tx: Tx,
  calls: readonly FinishCall[],
): Promise<LastStep<{ answers: Answer[]; settled: LockedAttempt[] }>> {
  const named = calls.flatMap(({ caller, mutationId }) =>
    mutationId === undefined ? [] : [{ caller, mutationId }],
  );
  const [rows, known] = await Promise.all([
    lockAttempts(tx, calls),
    named.length > 0 ? readAnswers(tx, named) : [],
  ]);
  const attempts = new Map(rows.map((row) => [`${row.runId}/${row.attempt}`, row]));
  const remembered = new Map(known.map((answer) => [`${answer.caller}\0${answer.mutationId}`, answer]));
  const settled: SettledAttempt[] = [];
  const changed: LockedAttempt[] = [];
  const ends: End[] = [];
  const given: FinishRunAnswer[] = [];
  const kept: (NewAnswer & { answer: FinishRunAnswer })[] = [];
  const answers: Answer[] = [];
  for (const call of calls) {
    const name = `${call.caller}\0${call.mutationId}`;
    const before = call.mutationId === undefined ? undefined : remembered.get(name);
    try {
      if (before !== undefined && call.mutationId !== undefined) {
        refuseOtherInput(before, "finishRun", call.inputHash, call.mutationId);
        answers.push(before.answer as FinishRunAnswer);
        continue;
      }
      const row = attempts.get(`${call.runId}/${call.attempt}`);
      if (row === undefined) throw unknown(call);
      const ending = await decide(db, tx, call, row);
      if (ending !== undefined) {
        settled.push(ending);
        changed.push(row);
        ends.push({ row, settlement: ending, server: { db, log: call.log } });
        // A second call of this group about the same attempt meets what the first made of it.
        Object.assign(row, {
          ended: true,
          runState: ending.runState,
          attemptState: ending.attemptState,
          attemptReason: ending.attemptReason,
        });
      }
      const answer = { runId: call.runId, state: row.runState };
      answers.push(answer);
      given.push(answer);
      if (call.mutationId === undefined) continue;
      const { caller, mutationId, inputHash } = call;
      kept.push({ caller, mutationId, verb: "finishRun", inputHash: inputHash.toString("hex"), answer });
      remembered.set(name, { caller, mutationId, verb: "finishRun", inputHash, answer });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      answers.push(error);
    }
  }
  const feasible = await findFeasible(
    db,
    tx,
    changed.filter(({ constrained }) => constrained),
  );
  const news = await toMachineNews(tx, ends);
  const ended = settled.map((one) => ({ ...one, feasible: feasible.get(one.runId) ?? null }));
  return {
    answer: { answers, settled: changed },
    write: async () => {
      // A run whose failure turns out to be its machine's fault is back in the queue: known only as this is written, and told at no extra exchange.
      const doubtful = new Set(news.flatMap(({ failed }) => failed));
      const [, returned] = await Promise.all([
        settleAttempts(tx, ended),
        noteMachines(tx, news),
        insertAnswers(tx, kept),
        amendAnswers(
          tx,
          kept.filter(({ answer }) => doubtful.has(answer.runId)),
        ),
      ]);
      for (const answer of given) if (returned.includes(answer.runId)) answer.state = "pending";
    },
  };
}

/** What is to be written, or nothing when the attempt has ended this way before. @throws AppError STALE_ATTEMPT */
async function decide(
  db: Database,
  tx: Tx,
  call: FinishCall,
  row: LockedAttempt,
): Promise<SettledAttempt | undefined> {
  if (row.ended && !isLapsed(row)) {
    const stopped = row.attemptState === "killed" && row.stopRequested !== null;
    if (row.attemptState === call.state || (stopped && row.current === row.attempt)) return undefined;
  }
  if (row.current !== row.attempt) throw stale(call, `attempt ${row.current} has taken over`);
  if (row.ended && !isLapsed(row)) throw stale(call, `it has ended as ${row.attemptState} before`);
  // Canceled while its lease was over: the run stays what it was declared to be.
  if (row.ended && !isActive(row.runState) && row.runState !== "crashed") return undefined;
  const settlement = settle(call.state, await toFacts({ db, log: call.log }, tx, row));
  return {
    runId: row.runId,
    attempt: row.attempt,
    ...settlement,
    attemptReason: call.reason ?? settlement.attemptReason,
    runReason:
      settlement.runReason === settlement.attemptReason
        ? (call.reason ?? settlement.runReason)
        : settlement.runReason,
    detail: call.detail,
    exitCode: call.exitCode,
  };
}

const stale = ({ runId, attempt, state }: FinishCall, why: string) =>
  new AppError("STALE_ATTEMPT", `attempt ${attempt} of run ${runId} can't end as ${state}: ${why}`, {
    details: { runId, attempt },
  });

const unknown = ({ runId, attempt }: FinishCall) =>
  new AppError("NOT_FOUND", `attempt ${attempt} of run ${runId} is unknown`, { details: { runId, attempt } });
