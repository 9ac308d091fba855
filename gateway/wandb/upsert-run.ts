import { AppError, isAppError } from "@/core/errors";
import { isRunName } from "@/core/ids";
import { toValueMap, type ValueMap } from "@/core/value";
import { readWireRun, type WireRun } from "@/db/queries/wire";
import { getWireRuns } from "@/db/queries/wire-runs";
import { createRun } from "@/engine/create-run";
import { heartbeat } from "@/engine/heartbeat";
import { noteRun } from "@/engine/note-run";
import { recordRun } from "@/engine/record-run";
import { reopenRun } from "@/engine/reopen-run";
import { MAX_CHANGES, MAX_TAGS, tagRuns } from "@/engine/tag-runs";
import { seenWireRuns } from "@/engine/wire";
import type { GatewayContext } from "./context";
import { DEFAULT_PROJECT, findRun } from "./find-run";
import { showRun } from "./run";
import { parseObject, toWords } from "./words";

export interface UpsertBucketInput {
  readonly id?: string | null;
  readonly name?: string | null;
  readonly modelName?: string | null;
  readonly entityName?: string | null;
  readonly groupName?: string | null;
  readonly jobType?: string | null;
  readonly displayName?: string | null;
  readonly description?: string | null;
  readonly notes?: string | null;
  readonly tags?: readonly string[] | null;
  readonly config?: string | null;
  readonly summaryMetrics?: string | null;
  readonly commit?: string | null;
  readonly host?: string | null;
  readonly jobProgram?: string | null;
  readonly jobRepo?: string | null;
  readonly state?: string | null;
  readonly sweep?: string | null;
}

/**
 * A run begins, is gone on with, or is told more of (W32 to W36). What is null stays as it was.
 * @throws AppError NOT_FOUND, FORBIDDEN, BAD_INPUT
 */
export async function upsertBucket({ input }: { input: UpsertBucketInput }, context: GatewayContext) {
  const known = await find(context, input);
  const { run, inserted } =
    known === undefined
      ? await begin(context, input)
      : { run: await goOn(context, known, input), inserted: false };
  await record(context, run.runId, input);
  // After the record, which asks whether the caller may do more than look.
  await seenWireRuns(context, [run]);
  const bucket = await showRun(context, run, inserted ? undefined : (input.name ?? undefined));
  return { bucket, inserted, serverSettings: { serverMessages: [] } };
}

async function find(context: GatewayContext, { id, name, entityName, modelName }: UpsertBucketInput) {
  if (context.access.kind !== "run" && id) {
    const runId = Number(id);
    // The id is the storage's; a name stands beside it where an attempt is meant.
    const [visible] = Number.isSafeInteger(runId)
      ? await getWireRuns(context.db, context.access, [runId])
      : [];
    if (visible === undefined) throw new AppError("NOT_FOUND", `run ${id} is unknown`, { details: { id } });
    return readWireRun(context.db.sql, { runId });
  }
  if (!name && context.access.kind !== "run") return undefined;
  return findRun(context, { entity: entityName, project: modelName, name: name ?? "" });
}

async function begin(
  context: GatewayContext,
  input: UpsertBucketInput,
): Promise<{ run: WireRun; inserted: boolean }> {
  const { name } = input;
  if (name && !isRunName(name))
    throw new AppError(
      "BAD_INPUT",
      `run id ${JSON.stringify(name).slice(0, 200)} is not 1 to 128 letters, digits or _.@:=+-`,
    );
  try {
    const { runId } = await createRun(context, {
      ...(input.entityName && { entity: input.entityName }),
      project: input.modelName || DEFAULT_PROJECT,
      ...(name && { name }),
      displayName: toWords(input.displayName, 500),
    });
    return { run: await read(context, runId), inserted: true };
  } catch (error) {
    // Asked twice at once, or again after a lost answer.
    const taken = isAppError(error) && error.code === "NAME_TAKEN" ? await find(context, input) : undefined;
    if (taken === undefined) throw error;
    return { run: taken, inserted: false };
  }
}

/**
 * A run that fell silent lives again. One that is over begins another attempt, unless it is only written about: whether that one goes on
 * from what was logged is told by its first step (filestream.ts). Only a process that begins says where it runs: what is sent later, config
 * alone, may come from one whose run somebody else has ended, and begins nothing.
 */
async function goOn(
  context: GatewayContext,
  run: WireRun,
  { host, jobProgram }: UpsertBucketInput,
): Promise<WireRun> {
  if (!run.ended || run.current !== run.attempt || context.publicClient) return run;
  if (run.lapsed) {
    await heartbeat(context, { attempts: [run] });
    const now = await read(context, run.runId);
    if (!now.ended) return now;
  }
  // A run's own key speaks for its attempt alone, and a run that waits is its agent's to begin.
  if (context.access.kind === "run" || run.state === "pending" || !(host || jobProgram)) return run;
  await reopenRun(context, { runId: run.runId });
  return read(context, run.runId);
}

async function read({ db }: GatewayContext, runId: number): Promise<WireRun> {
  const run = await readWireRun(db.sql, { runId });
  if (run === undefined) throw new AppError("NOT_FOUND", `run ${runId} is unknown`, { details: { runId } });
  return run;
}

async function record(context: GatewayContext, runId: number, input: UpsertBucketInput): Promise<void> {
  const config = input.config ? parseObject("config", input.config) : undefined;
  await recordRun(context, {
    runId,
    ...(config && { config: await withOwnPart(context, runId, config) }),
    ...(input.summaryMetrics && { summary: parseObject("summaryMetrics", input.summaryMetrics) }),
    displayName: toWords(input.displayName, 500),
    group: toWords(input.groupName, 1_000),
    jobType: toWords(input.jobType, 1_000),
    program: toWords(input.jobProgram, 1_000),
    host: toWords(input.host, 1_000),
    commit: toWords(input.commit, 1_000),
    repo: toWords(input.jobRepo, 1_000),
  });
  const notes = input.notes ?? input.description;
  if (notes != null) await noteRun(context, { runId, text: toWords(notes, 20_000) ?? "" });
  if (input.tags) await setTags(context, runId, input.tags);
}

/** `Api.run().update()` sends the user's part alone; what the client keeps for itself is not lost by that. */
async function withOwnPart(context: GatewayContext, runId: number, config: ValueMap): Promise<ValueMap> {
  if (config._wandb !== undefined || !context.publicClient) return config;
  const [row] = await getWireRuns(context.db, context.access, [runId]);
  const own = row?.config ? parseObject("config", row.config)._wandb : undefined;
  return own === undefined ? config : toValueMap([...Object.entries(config), ["_wandb", own]]);
}

/** All of them, as they shall be; of too many the first. */
async function setTags(context: GatewayContext, runId: number, tags: readonly string[]): Promise<void> {
  const [row] = await getWireRuns(context.db, context.access, [runId]);
  const wanted = new Set(tags.flatMap((tag) => toWords(tag, 128) ?? []).slice(0, MAX_TAGS));
  const there = new Set(row?.tags ?? []);
  const add = [...wanted].filter((tag) => !there.has(tag));
  const remove = [...there].filter((tag) => !wanted.has(tag));
  for (let at = 0; at < remove.length; at += MAX_CHANGES)
    await tagRuns(context, { runIds: [runId], add: [], remove: remove.slice(at, at + MAX_CHANGES) });
  for (let at = 0; at < add.length; at += MAX_CHANGES)
    await tagRuns(context, { runIds: [runId], add: add.slice(at, at + MAX_CHANGES), remove: [] });
}
