import { AppError } from "@/core/errors";
import type { SweepChange } from "@/core/sweep-change";
import type { Diagnostic } from "@/core/sweep-config";
import type { Tx } from "@/db/client";
import { type LockedState, lockSweep, readSweepState } from "@/db/queries/close-sweeps";
import { renameSweep, replaceGeneration } from "@/db/queries/create-sweep";
import { readPriorRunIds } from "@/db/queries/prior-runs";
import { forgetSearch } from "@/db/queries/searches";
import { readSource } from "@/db/queries/sweeps";
import { amend, compareWith, isFresh, nameAfter, refuseChanges } from "./amend-sweep";
import { audit } from "./audit";
import { authorizeProject, requireUser } from "./authorize";
import { checkMutationId, checkSweepId, maybeText } from "./check";
import { closeSweeps } from "./close-sweeps";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { judgeAgain } from "./judge-again";
import { once } from "./once";
import { loadConfig } from "./plan";
import { tellAgain } from "./prior-runs";
import { readSweepFile, type SweepFile, type UnderstoodSweep } from "./read-sweep-file";

export interface UpdateSweepInput extends SweepFile {
  readonly sweepId: string;
  readonly name?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface UpdateSweepAnswer {
  readonly sweepId: string;
  readonly generation: number;
  readonly warnings: readonly Diagnostic[];
  /** What was changed, each with what it means for the runs. */
  readonly changes: readonly SweepChange[];
}

/**
 * Renames a sweep at any time, or puts another file in force. While no run exists that may be any; later one whose changes leave the
 * runs so far what they are (core/sweep-change.ts), each of the others being refused with a reason. A finished sweep stays finished
 * until it is resumed.
 * @throws AppError ILLEGAL_MOVE, and what createSweep throws about the file
 */
export async function updateSweep(
  context: EngineContext,
  input: UpdateSweepInput,
): Promise<UpdateSweepAnswer> {
  const { db } = context;
  const { userId } = requireUser(context.access);
  const { clientMutationId, ...asked } = input;
  const sweepId = checkSweepId(input.sweepId);
  const name = maybeText("name", input.name, 500);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const file = maybeFile(input);
  const mutation = { verb: "updateSweep", input: asked, clientMutationId: checkMutationId(clientMutationId) };
  const { answer, repeated } = await once(context, mutation, async (tx): Promise<Answer> => {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep === undefined) throw unknown(sweepId);
    const done = await change(context, tx, sweep, { file, name, userId });
    const { generation, changes = [] } = done;
    if (generation !== sweep.generation || changes.length > 0) {
      const details = {
        generation,
        changes: changes.map(({ path, before, after }) => ({ path, before, after })),
      };
      await audit(tx, context, "sweep.update", sweepId, details, { projectId });
    }
    return done;
  });
  if (!repeated) {
    emitChange(projectId, sweepId, null, "sweep");
    if (file !== undefined) {
      await judgeAgain(db, sweepId);
      await closeSweeps(db, [sweepId]);
    }
  }
  return {
    sweepId,
    generation: answer.generation,
    warnings: [...(file?.warnings ?? []), ...(answer.leftOut ?? [])],
    changes: answer.changes ?? [],
  };
}

export interface UpdatePreview {
  readonly changes: readonly SweepChange[];
  /** The sweep would take the file. */
  readonly allowed: boolean;
  /** Handed out so far. */
  readonly runCount: number;
  readonly state: LockedState["state"];
  /** Points of its space times repeats, decimal, before and after; null without an end. */
  readonly sizeBefore: string | null;
  readonly sizeAfter: string | null;
  readonly warnings: readonly Diagnostic[];
}

/** What `updateSweep` would do, without doing it. @throws what it would refuse the file with, whatever the sweep */
export async function previewUpdate(context: EngineContext, input: UpdateSweepInput): Promise<UpdatePreview> {
  const { db } = context;
  const sweepId = checkSweepId(input.sweepId);
  const name = maybeText("name", input.name, 500);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const file = maybeFile(input);
  const sweep = await readSweepState(db.sql, sweepId);
  if (sweep === undefined) throw unknown(sweepId);
  const changes = file === undefined ? [] : await compareWith(db, db.sql, sweep, file);
  const over = file !== undefined && sweep.state === "canceled";
  return {
    changes: [...toRename(sweep, name, changes), ...changes],
    allowed: !over && changes.every(({ refusal }) => refusal === null),
    runCount: sweep.runCount,
    state: sweep.state,
    sizeBefore: sweep.size,
    sizeAfter: file === undefined ? sweep.size : file.generation.size,
    warnings: file?.warnings ?? [],
  };
}

const maybeFile = (input: SweepFile): UnderstoodSweep | undefined =>
  input.source == null && input.json == null ? undefined : readSweepFile(input);

/** The caller's own word for the sweep, where no file says another. */
function toRename(
  sweep: { name: string },
  name: string | null,
  others: readonly SweepChange[],
): SweepChange[] {
  if (name === null || name === sweep.name || others.some(({ path }) => path === "name")) return [];
  const effect = "The sweep is called so; runs keep their names.";
  return [{ path: "name", before: sweep.name, after: name, effect, refusal: null }];
}

interface Answer {
  readonly generation: number;
  /** Absent without another file, and in what an earlier version answered. */
  readonly leftOut?: readonly Diagnostic[];
  readonly changes?: readonly SweepChange[];
}

async function change(
  { db }: EngineContext,
  tx: Tx,
  sweep: LockedState,
  { file, name, userId }: { file: UnderstoodSweep | undefined; name: string | null; userId: number },
): Promise<Answer> {
  const { sweepId, projectId, generation } = sweep;
  if (file === undefined) {
    if (name !== null) await renameSweep(tx, { sweepId, name });
    return { generation, changes: toRename(sweep, name, []) };
  }
  if (sweep.state === "canceled") throw canceled(sweep);
  const changes = await compareWith(db, tx, sweep, file);
  const before = await loadConfig(db, tx, sweep);
  const named = { name: nameAfter(sweep, name, before, file.config), userId };
  const all = [...toRename(sweep, name, changes), ...changes];
  if (isFresh(sweep)) {
    const next = await replace(tx, sweep, file, named);
    const prior = await readPriorRunIds(tx, sweepId);
    const leftOut = await tellAgain(tx, { sweepId, projectId, config: file.config }, prior);
    return { generation: next, leftOut, changes: all };
  }
  refuseChanges(sweep, changes);
  if (changes.length === 0 && file.generation.source === (await readSource(tx, sweep))) {
    if (name !== null) await renameSweep(tx, { sweepId, name });
    return { generation, changes: all };
  }
  return { generation: await amend(db, tx, sweep, file, { ...named, changes }), changes: all };
}

async function replace(
  tx: Tx,
  sweep: LockedState,
  file: UnderstoodSweep,
  { name, userId }: { name: string; userId: number },
): Promise<number> {
  const { sweepId } = sweep;
  const generation = sweep.generation + 1;
  await forgetSearch(tx, sweepId);
  await replaceGeneration(tx, { ...file.generation, sweepId, generation, name, createdBy: userId });
  return generation;
}

const unknown = (sweepId: string): AppError =>
  new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });

const canceled = ({ sweepId, state, runCount }: LockedState): AppError =>
  new AppError(
    "ILLEGAL_MOVE",
    `sweep ${sweepId} can't take another file: it is canceled, which is for good; start a new sweep from its file`,
    { details: { sweepId, state, runCount } },
  );
