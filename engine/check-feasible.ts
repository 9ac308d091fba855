import { keepsTo, type OpenSoftConstraint, openSoftConstraints } from "@/core/constraint";
import { isAppError } from "@/core/errors";
import { parseJson, type ValueMap } from "@/core/value";
import type { Database, Tx } from "@/db/client";
import { lockEnded, markJudged, readLogged, writeFeasible } from "@/db/queries/feasible";
import { inTransaction } from "@/db/transaction";
import { loadConfig } from "./plan";
import { constrainedMetrics } from "./search/outcome";

/**
 * Whether runs keep to their sweep's constraints on metrics. Asked when an attempt ends, since a constraint is about a run's last
 * values, and kept in the run: what is the best run, reaches a target or comes into a front depends on it. The bound may be
 * computed of parameters, so that it is no question for SQL. Where a sweep has no such constraints nothing is asked.
 */

interface Asked {
  readonly runId: number;
  readonly sweepId: string | null;
  readonly generation: number | null;
}

interface Question {
  readonly constraints: readonly OpenSoftConstraint[];
  readonly names: readonly string[];
}

/**
 * Of runs whose sweeps are constrained, locked, the metrics of their current attempts stored.
 * @returns by run; a run whose sweep can't be read is absent, and so nobody's best
 */
export async function findFeasible(
  db: Database,
  tx: Tx,
  runs: readonly Asked[],
): Promise<ReadonlyMap<number, boolean>> {
  const found = new Map<number, boolean>();
  if (runs.length === 0) return found;
  const questions = new Map<number, Question>();
  for (const run of runs) {
    const question = await questionOf(db, tx, run);
    if (question !== undefined) questions.set(run.runId, question);
  }
  const names = new Set([...questions.values()].flatMap((question) => question.names));
  for (const { runId, params, metrics } of await readLogged(tx, [...questions.keys()], [...names])) {
    const constraints = questions.get(runId)?.constraints ?? [];
    found.set(runId, keepsTo(constraints, { params: parseJson(params) as ValueMap, metrics }));
  }
  return found;
}

/** Nothing where the sweep can't be read: settle-facts.ts has told the log, and its runs end all the same. */
async function questionOf(
  db: Database,
  tx: Tx,
  { sweepId, generation }: Asked,
): Promise<Question | undefined> {
  if (sweepId === null || generation === null) return undefined;
  try {
    const config = await loadConfig(db, tx, { sweepId, generation });
    return { constraints: openSoftConstraints(config), names: constrainedMetrics(config) };
  } catch (error) {
    if (isAppError(error) && (error.code === "CONFIG_INVALID" || error.code === "INTERNAL")) return undefined;
    throw error;
  }
}

/** Runs in one transaction, whose rows are locked meanwhile: 0.25 ms each, most of it their being written (100,000 on two busy cores: 25 s). */
const AT_ONCE = 500;

/**
 * Asks all runs of a sweep that ended before `feasible` was kept. Any number of servers may do so at once, and one that dies
 * leaves the rest to the next look-round.
 */
export async function judgeEnded(db: Database, sweepId: string): Promise<void> {
  for (let after = 0; ; ) {
    const last = await inTransaction(db, async (tx) => {
      const held = await lockEnded(tx, { sweepId, after, limit: AT_ONCE });
      const ended = held.filter((run) => run.ended);
      const found = await findFeasible(db, tx, ended);
      if (ended.length > 0)
        await writeFeasible(
          tx,
          ended.map(({ runId }) => ({ runId, feasible: found.get(runId) ?? null })),
        );
      return held.length < AT_ONCE ? undefined : held.at(-1)?.runId;
    });
    if (last === undefined) break;
    after = last;
  }
  await inTransaction(db, (tx) => markJudged(tx, sweepId));
}
