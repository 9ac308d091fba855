import { randomUUID } from "node:crypto";
import type { Client } from "@/client/client";
import { AppError, isAppError } from "@/core/errors";
import { CreateRun, DateRun, DescribeAttempt, FinishRun, RunAttempt } from "@/graphql/operations";
import type { FoundRun, RunHead } from "./found-run";
import { sendFiles } from "./send-files";
import { sendLines } from "./send-lines";
import { standingOf } from "./standing";
import { toRecord } from "./to-record";
import { PATIENCE_MS, type RunPath, type RunThere, type WandbDoor } from "./wandb-door";

export interface ImportOptions {
  readonly entity: string | undefined;
  /** Instead of the one that the run says. */
  readonly project: string | undefined;
  readonly client: Client;
  readonly door: WandbDoor;
  /** Told with each request how many lines of the history have been sent. */
  readonly onLines: (run: RunHead, sent: number) => void;
}

export interface Imported {
  readonly head: RunHead;
  readonly path: RunPath;
  /** Unchanged: all of it was there. */
  readonly outcome: "imported" | "unchanged";
  /** A sentence for each file that the server did not take. */
  readonly leftOut: readonly string[];
}

/** What W&B calls a project that nobody named. */
const NO_PROJECT = "uncategorized";
const PATIENCE = { patienceMs: PATIENCE_MS };

/**
 * Moves one run in: it is made, described, its lines are sent, it is ended and dated, and only then marked as done. Broken off anywhere it is gone
 * on with when it is asked for again, since the run holds the digest of what it comes from; done, it is left alone.
 * @throws AppError NAME_TAKEN for a run of that name with other data; BAD_INPUT for files that can't be read, naming the place
 */
export async function importRun(found: FoundRun, options: ImportOptions): Promise<Imported> {
  const { client, door } = options;
  const head = found.readHead();
  const path = placeOf(head, options);
  const before = await door.find(path);
  const isNew = before === undefined && (await create(client, path));
  const there = isNew ? undefined : (before ?? (await findTaken(door, path)));
  const standing = there && standingOf(there, found, head, path);
  if (standing === "all")
    return { head, path: { ...path, entity: there?.entity }, outcome: "unchanged", leftOut: [] };
  const machine = { host: head.host, jobProgram: head.program };
  // With its machine a run that is over begins another attempt: one that has grown goes on where it was.
  const run = await door.record(path, {
    ...toRecord(head, { done: false }),
    ...(standing === "grown" && machine),
  });
  if (run.state === "running") await door.record(path, machine);
  const { startedMs } = head;
  if (startedMs !== undefined)
    await client.mutate(DateRun, { input: { runId: run.id, startedAt: toIso(startedMs) } }, PATIENCE);
  const { entity } = run;
  await sendLines(found.readLines(), run.lines, async (stream, from, lines) => {
    await door.send({ ...path, entity }, stream, from, lines);
    if (stream === "history") options.onLines(head, from + lines.length);
  });
  const leftOut = await sendFiles(found.listFiles(), { ...path, entity }, door);
  await finish(client, run, head);
  await door.record(path, toRecord(head, { done: true }));
  return { head, path: { ...path, entity }, outcome: "imported", leftOut };
}

/** Where a run would go. */
export const placeOf = (
  head: RunHead,
  { entity, project }: Pick<ImportOptions, "entity" | "project">,
): RunPath => ({ entity, project: project ?? head.project ?? NO_PROJECT, name: head.id });

/** @returns false where somebody else, an import of the same run for one, was faster */
async function create(client: Client, { entity, project, name }: RunPath): Promise<boolean> {
  try {
    const input = { ...(entity !== undefined && { entity }), project, name, clientMutationId: randomUUID() };
    await client.mutate(CreateRun, { input }, PATIENCE);
    return true;
  } catch (error) {
    if (isAppError(error) && error.code === "NAME_TAKEN") return false;
    throw error;
  }
}

async function findTaken(door: WandbDoor, path: RunPath): Promise<RunThere> {
  const there = await door.find(path);
  if (there !== undefined) return there;
  throw new AppError(
    "NAME_TAKEN",
    `a run ${path.name} of project ${path.project} was deleted, and a deleted run keeps its name: take the deletion back within ten minutes, or choose another project with --project`,
    { details: { ...path } },
  );
}

async function finish(client: Client, { id: runId }: RunThere, head: RunHead): Promise<void> {
  const { startedMs, finishedMs, end, facts } = head;
  const { run } = await client.query(RunAttempt, { id: runId }, PATIENCE);
  const attempt = run?.attempt ?? 1;
  const ended = { runId, attempt, ...end, clientMutationId: randomUUID() };
  await client.mutate(FinishRun, { input: ended }, PATIENCE);
  if (startedMs !== undefined && finishedMs !== undefined) {
    const dates = { startedAt: toIso(startedMs), finishedAt: toIso(Math.max(startedMs, finishedMs)) };
    await client.mutate(DateRun, { input: { runId, ...dates } }, PATIENCE);
  }
  await client.mutate(DescribeAttempt, { input: { runId, attempt, facts } }, PATIENCE);
}

const toIso = (timeMs: number): string => new Date(timeMs).toISOString();
