import { randomBytes } from "node:crypto";
import { type Domain, openDomain } from "@/compute/search/domain";
import { isSearched } from "@/compute/search/points";
import { AppError } from "@/core/errors";
import { toShortId } from "@/core/ids";
import { renderRunName } from "@/core/run-name";
import { hasScheduler, isOutside, type SweepConfig } from "@/core/sweep-config";
import { sortKeys, stringifyJson, type ValueMap } from "@/core/value";
import type { Database, Tx } from "@/db/client";
import { type LockedState, lockSweep } from "@/db/queries/close-sweeps";
import { countAskedRun, countWaiting, insertAskedRun } from "@/db/queries/enqueue-run";
import { countRepeats } from "@/db/queries/prior-runs";
import {
  ensureSearch,
  insertSuggestions,
  lockSearch,
  reserveForeigners,
  takeSuggestions,
} from "@/db/queries/searches";
import { audit } from "./audit";
import { authorizeProject, requireUser } from "./authorize";
import { checkMutationId, checkParams, checkSweepId, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { sweepFacts } from "./facts";
import { once } from "./once";
import { loadConfig } from "./plan";
import { UNPREDICTED } from "./search/unpredicted";

export interface EnqueueRunInput {
  readonly sweepId: string;
  /** JSON text of an object: exactly these parameters, whether they belong to the sweep's space or not. */
  readonly params: string;
  readonly displayName?: string | undefined;
  readonly clientMutationId?: string | undefined;
}

export interface QueuedRun {
  readonly runId: number;
  readonly name: string;
}

/** Runs that wait in one sweep's queue. Whoever asks for more is far ahead of its agents. */
export const MAX_WAITING = 1_000;

/**
 * Puts a configuration that somebody chose into a sweep's queue, behind those that wait: agents get it before anything that the sweep
 * chooses itself. What it comes to is told to the sweep's search where it belongs to the space. The first one of a sweep whose file
 * names a scheduler hands the choice over to that.
 * @throws AppError BAD_INPUT, INPUT_TOO_LARGE, NOT_FOUND, FORBIDDEN; ILLEGAL_MOVE for a sweep that has ended, has all the runs that its
 *   run_cap allows, or has MAX_WAITING runs in its queue
 */
export async function enqueueRun(context: EngineContext, input: EnqueueRunInput): Promise<QueuedRun> {
  const { db } = context;
  const { userId } = requireUser(context.access);
  const sweepId = checkSweepId(input.sweepId);
  const params = checkParams(input.params);
  const displayName = maybeText("displayName", input.displayName, 500);
  const { projectId } = await sweepFacts(db, sweepId);
  await authorizeProject(context, projectId, "member");
  const mutation = {
    verb: "enqueueRun",
    input: { sweepId, params: stringifyJson(params), displayName },
    clientMutationId: checkMutationId(input.clientMutationId),
  };
  const { answer, repeated } = await once(context, mutation, async (tx) => {
    const sweep = await lockSweep(tx, sweepId);
    if (sweep === undefined)
      throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
    const why = await whyNoMore(tx, sweep);
    if (why !== undefined) throw refuse(sweep, why);
    const queued = await enqueue(db, tx, sweep, { params, displayName, userId });
    await audit(tx, context, "run.enqueue", queued.name, { runId: queued.runId, sweepId }, { projectId });
    return queued;
  });
  if (!repeated) emitChange(projectId, sweepId, null, "run", "sweep");
  return answer;
}

/** A sentence for people; undefined where the sweep takes one more. Its row is locked. */
export async function whyNoMore(tx: Tx, sweep: LockedState): Promise<string | undefined> {
  const { sweepId, state, runCap, runCount, exhausted, outside } = sweep;
  if (state === "canceled")
    return `sweep ${sweepId} is canceled, which is for good: start a new sweep from its file`;
  if (runCap !== null && runCount >= runCap)
    return `sweep ${sweepId} has ${runCount} runs, and its run_cap is ${runCap}: raise it first`;
  // Where all points have been run there is nothing that it could be resumed for.
  if (state === "finished" && exhausted && !outside)
    return `sweep ${sweepId} is finished, and all its points have been run: start a new sweep that begins with its runs (--prior-run)`;
  if (state === "finished") return `sweep ${sweepId} is finished: resume it first`;
  if ((await countWaiting(tx, sweepId)) >= MAX_WAITING)
    return `${MAX_WAITING} runs wait in the queue of sweep ${sweepId}: ask again when agents have taken some`;
  return undefined;
}

const refuse = ({ sweepId, state, runCount, runCap }: LockedState, why: string): AppError =>
  new AppError("ILLEGAL_MOVE", `no run is put into the queue: ${why}`, {
    details: { sweepId, state, runCount, runCap },
  });

/** The sweep's row is locked, and it takes one more. @returns the run, which waits */
export async function enqueue(
  db: Database,
  tx: Tx,
  sweep: LockedState,
  { params, displayName, userId }: { params: ValueMap; displayName: string | null; userId: number },
): Promise<QueuedRun> {
  const { sweepId, projectId, generation } = sweep;
  const config = await loadConfig(db, tx, sweep);
  const outside = sweep.outside || isOutside(config) || hasScheduler(config);
  // Where points have numbers the cursor means the next of those.
  const counted = isSearched(config.method) || config.method === "custom";
  const sorted = sortKeys(params) as ValueMap;
  const point = pointOf(config, sorted);
  const { hash = null } = point ?? {};
  const repeat = hash === null ? 0 : ((await countRepeats(tx, sweepId, [hash])).get(hash) ?? 0);
  const suggestion =
    point && isSearched(config.method) ? await tellSearch(tx, sweep, { ...point, repeat }) : null;
  const run = {
    ...{ projectId, sweepId, generation, repeat, suggestion, pointHash: hash, createdBy: userId },
    params: stringifyJson(sorted),
    displayName: displayName ?? nameIt(sweep, config, sorted, { counted, outside }),
  };
  for (;;) {
    const name = toShortId(randomBytes(32));
    const runId = await insertAskedRun(tx, { ...run, name });
    if (runId === undefined) continue;
    if (suggestion !== null) await takeSuggestions(tx, sweepId, [{ number: suggestion, runId }]);
    await countAskedRun(tx, { sweepId, counted, outside });
    return { runId, name };
  }
}

/** Which point of the space it is, as a search spells it, with the hash in hex; undefined for a configuration that is none of it, or more. */
function pointOf(config: SweepConfig, params: ValueMap): { params: string; hash: string } | undefined {
  if (!Object.keys(params).every((name) => config.parameters.has(name))) return undefined;
  const values = domainOf(config).read(params);
  return values && { params: stringifyJson(values.params), hash: values.hash };
}

/** A configuration is kept while its sweep is at work (loadConfig), and the sweep's row is locked: opening 20,000 values takes 15 ms. */
const domains = new WeakMap<SweepConfig, Domain>();
function domainOf(config: SweepConfig): Domain {
  const domain = domains.get(config) ?? openDomain(config);
  domains.set(config, domain);
  return domain;
}

/** As `NAME-4`, or `NAME-q4` where `NAME-4` is the fourth point of a grid. */
function nameIt(
  sweep: LockedState,
  config: SweepConfig,
  params: ValueMap,
  { counted, outside }: { counted: boolean; outside: boolean },
): string {
  const ordinal = counted ? Number(sweep.cursor) + 1 : sweep.runCount + 1;
  if (config.runName) return renderRunName(config.runName, params, ordinal);
  return `${sweep.name}-${counted || outside ? "" : "q"}${ordinal}`;
}

/** Its result counts like that of a proposal of the search's own. */
async function tellSearch(
  tx: Tx,
  sweep: LockedState,
  point: { params: string; hash: string; repeat: number },
): Promise<number | null> {
  const { sweepId } = sweep;
  if (!sweep.outside) await ensureSearch(tx, sweep);
  const search = await lockSearch(tx, sweepId);
  if (search === undefined) return null;
  const number = await reserveForeigners(tx, sweepId, 1);
  await insertSuggestions(tx, search, [
    {
      ...UNPREDICTED,
      ...point,
      ...{ number, reason: "enqueued", engineVersion: "enqueued/1" },
      ...{ observed: search.results, seen: search.logLength },
    },
  ]);
  return number;
}
