import { AppError } from "@/core/errors";
import type { Filter } from "@/core/filter/tree";
import type { RunState } from "@/core/run";
import { readRunFilter } from "@/core/run-filter";
import type { Tx } from "@/db/client";
import { type LockedState, lockSweep, moveSweep } from "@/db/queries/close-sweeps";
import type { RunFacts } from "@/db/queries/facts";
import { listRuns } from "@/db/queries/filter-runs";
import { lockRuns } from "@/db/queries/many-runs";
import { readEndedSuggestions, requeueRuns } from "@/db/queries/retry-runs";
import { insertSuggestions, lockSearch, reserveForeigners, takeSuggestions } from "@/db/queries/searches";
import { audit } from "./audit";
import { authorizeProject } from "./authorize";
import { badInput, checkMutationId, checkSweepId } from "./check";
import type { EngineContext } from "./context";
import { refuseWhenEnough } from "./control-sweep";
import { emitChange } from "./events";
import { manyRunFacts, sweepFacts } from "./facts";
import { authorizeRuns, checkRunIds, groupBy, MAX_RUNS, refuseMissing } from "./many-runs";
import { once } from "./once";
import { UNPREDICTED } from "./search/unpredicted";

export interface RetryRunsInput {
  /** These runs: all of them or none. */
  readonly runIds?: readonly number[] | undefined;
  /** Or those of this sweep that did not end well. */
  readonly sweepId?: string | undefined;
  /** Beside `sweepId`, a `RunFilter`; the failed and the crashed ones when absent. */
  readonly filter?: unknown;
  readonly clientMutationId?: string | undefined;
}

export interface RetryRunsAnswer {
  /** Those that are in the queue now. */
  readonly runIds: readonly number[];
  /** Runs of the sweep that were meant as well, and are beyond what one call takes: ask again. */
  readonly left: number;
  /** Sweeps that had finished and hand out runs again. */
  readonly resumed: readonly string[];
}

const RETRIABLE: ReadonlySet<RunState> = new Set(["failed", "crashed", "killed"]);

/**
 * Puts runs that failed, crashed or were killed back into their sweeps' queues, as what they were: same number, same parameters, another
 * attempt, and before anything new. A sweep that had finished hands out runs again. Runs that wait or are under way stay as they are.
 * @throws AppError ILLEGAL_MOVE for a run that finished or belongs to no sweep, and where its sweep can't go on; NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function retryRuns(context: EngineContext, input: RetryRunsInput): Promise<RetryRunsAnswer> {
  const { runs, left } = await findMeant(context, input);
  const clientMutationId = checkMutationId(input.clientMutationId);
  // Which runs a sweep means changes with the first call: the same question is the same input.
  const asked = input.sweepId
    ? { sweepId: input.sweepId, filter: input.filter ?? null }
    : { runIds: runs.map(({ runId }) => runId) };
  const { answer, repeated } = await once(
    context,
    { verb: "retryRuns", input: asked, clientMutationId },
    async (tx): Promise<RetryRunsAnswer> => {
      const done = await retry(tx, runs);
      for (const [projectId, ofProject] of groupBy(runs, (run) => run.projectId)) {
        const named = ofProject
          .filter(({ runId }) => done.runIds.includes(runId))
          .map(({ runId, name, sweepId }) => ({ runId, name, sweepId }));
        if (named.length > 0)
          await audit(tx, context, "run.retry", `${named.length} runs`, { runs: named }, { projectId });
      }
      return { ...done, left };
    },
  );
  if (!repeated)
    for (const [sweepId, [first]] of groupBy(runs, (run) => run.sweepId))
      if (first) emitChange(first.projectId, sweepId, null, "run", "sweep");
  return answer;
}

/** The runs that are meant, all of which the caller may act on. */
async function findMeant(
  context: EngineContext,
  { runIds, sweepId: path, filter }: RetryRunsInput,
): Promise<{ runs: readonly RunFacts[]; left: number }> {
  if (path === undefined) {
    if (filter != null) throw badInput("filter", filter, "a filter beside sweepId only");
    return { runs: await authorizeRuns(context, checkRunIds(runIds)), left: 0 };
  }
  if (runIds !== undefined) throw badInput("runIds", runIds, "either runIds or sweepId");
  const { db, access } = context;
  const sweepId = checkSweepId(path);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const page = (
    await listRuns<string>(
      db,
      access,
      { sweepIds: [sweepId] },
      {
        filter: toFilter(filter),
        asOf: Date.now(),
        length: MAX_RUNS,
        counted: true,
      },
    )
  ).get(sweepId);
  const found = page?.rows.map(({ id }) => id) ?? [];
  const facts = await manyRunFacts(db, found);
  return {
    runs: found.flatMap((id) => facts.get(id) ?? []),
    left: Math.max(0, (page?.total ?? 0) - found.length),
  };
}

const toFilter = (given: unknown): Filter =>
  readRunFilter({
    and: [
      { field: "state", op: "in", value: [...RETRIABLE] },
      given ?? { field: "state", op: "in", value: ["failed", "crashed"] },
    ],
  });

/** Sweeps first, then runs, as everywhere. */
async function retry(
  tx: Tx,
  runs: readonly RunFacts[],
): Promise<Pick<RetryRunsAnswer, "runIds" | "resumed">> {
  const sweepIds = [...new Set(runs.map(({ sweepId }) => sweepId))].filter((id) => id !== null).sort();
  const sweeps = new Map<string, LockedState>();
  for (const sweepId of sweepIds) {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep) sweeps.set(sweepId, sweep);
  }
  const runIds = runs.map(({ runId }) => runId).sort((a, b) => a - b);
  const locked = runIds.length === 0 ? [] : await lockRuns(tx, runIds);
  refuseMissing(runIds, locked);
  for (const { runId, runState, sweepId } of locked) {
    if (runState === "finished")
      throw refuse(runId, "it has finished well; a new sweep can run its parameters once more");
    if (sweepId === null)
      throw refuse(runId, "it belongs to no sweep, so no agent would take it up: start it again");
  }
  const again = locked.filter(({ runState }) => RETRIABLE.has(runState));
  const resumed: string[] = [];
  for (const [sweepId, ofSweep] of groupBy(again, (run) => run.sweepId)) {
    const sweep = sweepId === null ? undefined : sweeps.get(sweepId);
    if (sweep === undefined) continue;
    if (await reopen(tx, sweep, ofSweep[0]?.runId ?? 0)) resumed.push(sweep.sweepId);
    await tellSearch(
      tx,
      sweep,
      ofSweep.map(({ runId }) => runId),
    );
  }
  const ids = again.map(({ runId }) => runId);
  if (ids.length > 0) await requeueRuns(tx, ids);
  return { runIds: ids, resumed };
}

/** @returns whether it had finished */
async function reopen(tx: Tx, sweep: LockedState, runId: number): Promise<boolean> {
  const { sweepId, state } = sweep;
  if (state === "canceled")
    throw refuse(
      runId,
      `its sweep ${sweepId} is canceled, which is for good; start a new sweep from its file`,
    );
  if (state !== "finished") return false;
  await refuseWhenEnough(tx, sweep);
  await moveSweep(tx, { sweepId, state: "running", reason: null });
  return true;
}

/** What they come to now is told under numbers of their own: an end that the search was told stays told. */
async function tellSearch(tx: Tx, { sweepId }: LockedState, runIds: readonly number[]): Promise<void> {
  const search = await lockSearch(tx, sweepId);
  if (search === undefined) return;
  const ended = await readEndedSuggestions(tx, { sweepId, runIds });
  if (ended.length === 0) return;
  const first = await reserveForeigners(tx, sweepId, ended.length);
  const numbered = ended.map((one, i) => ({ ...one, number: first - i }));
  await insertSuggestions(
    tx,
    search,
    numbered.map(({ runId: _runId, ...point }) => ({
      ...UNPREDICTED,
      reason: "replicate" as const,
      engineVersion: "retry/1",
      ...point,
      observed: search.results,
      seen: search.logLength,
    })),
  );
  await takeSuggestions(tx, sweepId, numbered);
}

const refuse = (runId: number, why: string): AppError =>
  new AppError("ILLEGAL_MOVE", `run ${runId} can't be run again: ${why}. Nothing was done`, {
    details: { runId },
  });
