import { AppError } from "@/core/errors";
import type { RunFacts } from "@/db/queries/facts";
import { authorizeProject, authorizeRun } from "./authorize";
import { badInput, checkId } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { manyRunFacts } from "./facts";

/** More would keep their rows, and a sweep's, locked for seconds. */
export const MAX_RUNS = 1_000;

/** Numbers of runs, each once, in order: equal sets are one input for `once`. */
export function checkRunIds(value: unknown): number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_RUNS) {
    const found = Array.isArray(value) ? `${value.length} runs` : value;
    throw badInput("runIds", found, `a list of 1 to ${MAX_RUNS} runs`);
  }
  return [...new Set(value.map((id, i) => checkId(`runIds[${i}]`, id)))].sort((a, b) => a - b);
}

/**
 * The runs, all of which the caller may act on.
 * @param ownToo a run's own key may act on its run
 * @throws AppError NOT_FOUND when one is unknown, FORBIDDEN
 */
export async function authorizeRuns(
  context: EngineContext,
  runIds: readonly number[],
  { ownToo = false }: { ownToo?: boolean } = {},
): Promise<RunFacts[]> {
  const found = await manyRunFacts(context.db, runIds);
  const runs = runIds.map((runId) => {
    const run = found.get(runId);
    if (run === undefined) throw unknown(runId);
    return run;
  });
  if (context.access.kind === "run" && ownToo) {
    for (const run of runs) await authorizeRun(context, run, "member");
    return runs;
  }
  for (const [projectId, [first]] of groupBy(runs, (run) => run.projectId))
    await authorizeProject(context, projectId, "member", () => unknown(first?.runId ?? 0));
  return runs;
}

/** By what `toKey` gives, in the order of first appearance. */
export function groupBy<Row, Key>(rows: readonly Row[], toKey: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>();
  for (const row of rows) {
    const key = toKey(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

export const unknown = (runId: number): AppError =>
  new AppError("NOT_FOUND", `run ${runId} is unknown: nothing was done`, { details: { runId } });

/** @throws AppError NOT_FOUND when one of them was deleted meanwhile */
export function refuseMissing(runIds: readonly number[], locked: readonly { runId: number }[]): void {
  const there = new Set(locked.map(({ runId }) => runId));
  const missing = runIds.find((runId) => !there.has(runId));
  if (missing !== undefined) throw unknown(missing);
}

/** One event a sweep, or a project's runs outside of sweeps: watchers look up what has changed. */
export function emitRuns(runs: readonly RunFacts[]): void {
  const places = new Map(runs.map((run) => [`${run.projectId}/${run.sweepId}`, run]));
  const [only] = runs;
  const runId = runs.length === 1 && only ? only.runId : null;
  for (const { projectId, sweepId } of places.values()) emitChange(projectId, sweepId, runId, "run");
}
