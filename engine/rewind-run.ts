import { AppError } from "@/core/errors";
import { readWireRun, type WireRun } from "@/db/queries/wire";
import { authorizeProject } from "./authorize";
import { checkId, checkInteger } from "./check";
import type { EngineContext } from "./context";
import { runFacts, unknownRun } from "./facts";
import { reopenRun } from "./reopen-run";
import { logMetrics } from "./report-metrics";

/**
 * Begins another attempt that goes on from a step of the one before: the run's history is what was logged up to there, then what comes.
 * What lay behind it stays under the attempt that logged it. Asked again before anything was logged it is the same attempt.
 * @throws AppError ILLEGAL_MOVE for a run that is under way, waits in a sweep's queue, or was rewound elsewhere by another call meanwhile; BAD_INPUT for a step it never came to; NOT_FOUND, FORBIDDEN
 */
export async function rewindRun(
  context: EngineContext,
  input: { readonly runId: number; readonly step: number },
): Promise<{ runId: number; attempt: number }> {
  const { db } = context;
  const { runId, projectId } = await runFacts(db, checkId("runId", input.runId));
  const step = checkInteger("step", input.step, 0, Number.MAX_SAFE_INTEGER);
  await authorizeProject(context, projectId, "member", () => unknownRun(runId));
  const run = await read(context, runId);
  const begun = !run.ended && run.byHand && run.attempt > 1 && run.lastStep === null;
  if (begun && run.resumedFromStep === step) return run;
  // Begun by an earlier call that got no further, nothing is under way yet.
  if (!(begun && run.resumedFromStep === null)) {
    if (!run.ended)
      throw new AppError(
        "ILLEGAL_MOVE",
        `run ${run.name} is under way: stop it first, or wait until it is given up for its silence; then it can be rewound`,
        { details: { runId, state: run.state } },
      );
    const last = run.lastStep ?? run.resumedFromStep;
    if (last === null || step > last)
      throw new AppError(
        "BAD_INPUT",
        `run ${run.name} ${last === null ? "has logged no step" : `has logged up to step ${last}`}: it can't be rewound to step ${step}`,
        { details: { runId, step, last } },
      );
    await reopenRun(context, { runId });
  }
  // The line that says it is taken once: of two calls that both found nothing said, the slower one's counts for nothing.
  const { attempt, historyLines, ...before } = await read(context, runId);
  if (before.resumedFromStep === null)
    await logMetrics(context, {
      runId,
      metrics: { attempt, batch: 1, steps: [], series: [], resumedFromStep: step },
      lines: { from: historyLines, to: historyLines + 1 },
    });
  const { resumedFromStep } = await read(context, runId);
  if (resumedFromStep === step) return { runId, attempt };
  throw new AppError(
    "ILLEGAL_MOVE",
    `run ${run.name} ${resumedFromStep === null ? "was begun again" : `was rewound to step ${resumedFromStep}`} by another call at the same moment: stop it first, then it can be rewound to step ${step}`,
    { details: { runId, step, resumedFromStep } },
  );
}

async function read({ db }: EngineContext, runId: number): Promise<WireRun> {
  const run = await readWireRun(db.sql, { runId });
  if (run === undefined) throw unknownRun(runId);
  return run;
}
