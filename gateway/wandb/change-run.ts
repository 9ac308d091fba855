import { AppError } from "@/core/errors";
import { toValueMap } from "@/core/value";
import { readWireRun } from "@/db/queries/wire";
import { readWireRuns, type WireRunRow } from "@/db/queries/wire-runs";
import { type ALERT_SEVERITIES, alertRun } from "@/engine/alert-run";
import { deleteRun as remove } from "@/engine/delete-run";
import { finishRun } from "@/engine/finish-run";
import { recordRun } from "@/engine/record-run";
import { rewindRun as rewind } from "@/engine/rewind-run";
import { stopRun as stop } from "@/engine/stop-run";
import type { GatewayContext } from "./context";
import { findRun } from "./find-run";
import { showRun } from "./run";
import { toWords } from "./words";

/** What `wandb.Api()` and a running program do to a run beside logging (W95 to W98). */

interface ById {
  readonly id: string;
  readonly clientMutationId?: string | null;
}

/** Its artifacts are ours to keep or to delete with it, whatever is said of them. @throws AppError NOT_FOUND, FORBIDDEN */
export async function deleteRun({ input }: { input: ById }, context: GatewayContext) {
  await remove(context, { runId: toRunId(input.id) });
  return { clientMutationId: input.clientMutationId ?? null };
}

/** @throws AppError NOT_FOUND, FORBIDDEN */
export async function stopRun({ input }: { input: ById }, context: GatewayContext) {
  await stop(context, { runId: toRunId(input.id) });
  return { success: true, clientMutationId: input.clientMutationId ?? null };
}

/**
 * What a run of nobody's is given up as. A sweep's runs are its agents' and its search's, and no queue has the others: those begin again with
 * their program.
 * @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN
 */
export async function updateRunState(
  { input }: { input: { readonly id: string; readonly state: string } },
  context: GatewayContext,
) {
  const run = await getRun(context, toRunId(input.id));
  if (run.sweepId !== null)
    throw new AppError(
      "BAD_INPUT",
      `run ${run.name} is one of sweep ${run.sweepId}: its state is not set by hand, stop it instead`,
    );
  if (input.state !== "failed")
    throw new AppError(
      "BAD_INPUT",
      `state is ${JSON.stringify(input.state).slice(0, 100)}, expected failed: a run outside of a sweep begins again when its program does`,
    );
  if (run.state !== "running" && run.state !== "preempting")
    throw new AppError(
      "BAD_INPUT",
      `run ${run.name} is ${run.state}: only a running one can be given up as failed`,
    );
  await finishRun(context, {
    ...{ runId: run.id, attempt: run.attempt, state: "failed" as const },
    detail: "somebody set its state to failed",
  });
  return { success: true };
}

export interface RewindInput {
  readonly runName: string;
  readonly entityName?: string | null;
  readonly projectName?: string | null;
  readonly metricName: string;
  readonly metricValue: number;
}

/** W98. @throws AppError as the engine's `rewindRun` does */
export async function rewindRun({ input }: { input: RewindInput }, context: GatewayContext) {
  const { runName: name, entityName: entity, projectName: project, metricName, metricValue } = input;
  if (metricName !== "_step")
    throw new AppError(
      "BAD_INPUT",
      `metricName is ${JSON.stringify(metricName).slice(0, 100)}, expected _step: a run is rewound to one of its steps`,
    );
  const run = await findRun(context, { entity, project, name });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${name.slice(0, 200)} is unknown`);
  await rewind(context, { runId: run.runId, step: metricValue });
  // What was said of values behind that step.
  await recordRun(context, { runId: run.runId, summary: toValueMap([]) });
  const now = await readWireRun(context.db.sql, { runId: run.runId });
  return { rewoundRun: await showRun(context, now ?? run, name) };
}

export interface AlertInput {
  readonly entityName: string;
  readonly projectName: string;
  readonly runName: string;
  readonly title: string;
  readonly text: string;
  readonly severity?: (typeof ALERT_SEVERITIES)[number] | null;
  /** Milliseconds. */
  readonly waitDuration?: number | string | null;
}

/** As many as a run's page shows; what is longer is cut. @throws AppError BAD_INPUT, NOT_FOUND, FORBIDDEN */
export async function notifyScriptableRunAlert({ input }: { input: AlertInput }, context: GatewayContext) {
  const { entityName: entity, projectName: project, runName: name } = input;
  const run = await findRun(context, { entity, project, name });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${name} is unknown`);
  const waitMs = Number(input.waitDuration ?? 0);
  await alertRun(context, {
    ...{ runId: run.runId, attempt: run.attempt, severity: input.severity ?? "INFO" },
    title: toWords(input.title, 200)?.trim() || "Alert",
    text: toWords(input.text, MAX_TEXT)?.trim() ?? "",
    waitMs: Number.isFinite(waitMs) ? Math.min(Math.max(0, Math.trunc(waitMs)), MAX_WAIT_MS) : 0,
  });
  return { success: true };
}
const MAX_WAIT_MS = 366 * 86_400_000;

/** More than a warning keeps of it. */
const MAX_TEXT = 10_000;

/** @throws AppError NOT_FOUND */
function toRunId(id: string): number {
  const runId = Number(id);
  if (Number.isSafeInteger(runId) && runId > 0) return runId;
  throw new AppError("NOT_FOUND", `run ${JSON.stringify(id).slice(0, 100)} is unknown`, { details: { id } });
}

async function getRun(context: GatewayContext, runId: number): Promise<WireRunRow> {
  const [row] = await readWireRuns(context.db, context.access, [runId], { records: false });
  if (row === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
  return row;
}
