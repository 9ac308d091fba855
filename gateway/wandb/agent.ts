import { AppError, isAppError } from "@/core/errors";
import { isValueMap, parseJson, stringifyJson, toValueMap } from "@/core/value";
import { getSweep } from "@/db/queries/sweeps";
import {
  countAttemptsOfAgent,
  findWireRun,
  type HeldWireAttempt,
  readHeldWireAttempts,
  settleAgentKind,
  type WireAgentKind,
} from "@/db/queries/wire";
import { retrying } from "@/db/transaction";
import { authorizeProject, systemAccess } from "@/engine/authorize";
import { checkId } from "@/engine/check";
import { agentFacts } from "@/engine/facts";
import { finishRun } from "@/engine/finish-run";
import { heartbeat } from "@/engine/heartbeat";
import { loadConfig } from "@/engine/plan";
import {
  claimWireRun,
  heardOfStop,
  missedWireRuns,
  registerWireAgent,
  seenWireRuns,
  sentWireRun,
} from "@/engine/wire";
import type { GatewayContext } from "./context";
import { parseObject } from "./words";

/** A command's agent waits 5 s before it asks for the first time, a function's asks at once. */
const FUNCTION_WITHIN_MS = 2_500;
/** How long a process may take to hear of a stop by its own stream (15 s, then up to 30 s to flush) before its agent ends it. */
const STOP_BY_STREAM_MS = 45_000;

export interface CreateAgentInput {
  readonly host: string;
  readonly sweep: string;
}

/** W25. @throws AppError NOT_FOUND, SWEEP_NOT_RUNNING */
export async function createAgent({ input }: { input: CreateAgentInput }, context: GatewayContext) {
  const { agentId } = await registerWireAgent(context, {
    sweepId: input.sweep,
    host: input.host.slice(0, 255) || "unknown",
    version: "wandb",
  });
  return {
    agent: {
      id: String(agentId),
      name: String(agentId),
      host: input.host,
      totalRuns: 0,
      createdAt: new Date(),
    },
  };
}

export interface AgentHeartbeatInput {
  readonly id: string;
  /** `{"<run>": true}` for each run in progress. */
  readonly runState?: string | null;
}

/** W26 to W29: one command at most. @throws AppError AGENT_UNKNOWN as NOT_FOUND */
export async function agentHeartbeat({ input }: { input: AgentHeartbeatInput }, context: GatewayContext) {
  const agentId = checkId("id", Number(input.id));
  const running = Object.keys(parseObject("runState", input.runState || "{}"));
  const command = await beat(context, agentId, running);
  return { agent: { id: input.id }, commands: command === undefined ? "[]" : `[${command}]` };
}

async function beat(
  context: GatewayContext,
  agentId: number,
  running: readonly string[],
): Promise<string | undefined> {
  const { db } = context;
  const { sweepId, projectId } = await agentFacts(db, agentId);
  await authorizeProject(context, projectId, "member");
  const kind = await retrying(() =>
    settleAgentKind(db.sql, { agentId, functionWithinMs: FUNCTION_WITHIN_MS }),
  );
  // One of ours holds its runs by fencing tokens: what it has in hand is not to be handed out once more.
  if (kind === undefined)
    throw new AppError("NOT_FOUND", `agent ${agentId} is not one of wandb's`, { details: { agentId } });
  const before = await retrying(() => countAttemptsOfAgent(db.sql, agentId));
  const held = await retrying(() => readHeldWireAttempts(db.sql, agentId));
  const listed = held.filter(({ wireName }) => running.includes(wireName));
  await seenWireRuns(
    context,
    listed.filter(({ seen, missedMs }) => !seen || missedMs !== null),
  );
  const { again, doubtful } = await settleUnlisted(
    context,
    held.filter((one) => !listed.includes(one)),
  );
  const { lapsed, lost } = await lookUp(
    context,
    projectId,
    running.filter((name) => !held.some(({ wireName }) => wireName === name)),
  );
  // Leases first: what follows may take a while.
  const { commands, directive } = await heartbeat(context, {
    agentId,
    attempts: [...listed, ...again, ...lapsed].map(({ runId, attempt }) => ({ runId, attempt })),
  });
  for (const { runId, attempt, command } of commands) {
    const told = listed.find((one) => one.runId === runId && one.attempt === attempt);
    if (told === undefined) continue;
    if (command !== "STOP" || (await mayBeEnded(context, kind, told))) return stop(told.wireName);
  }
  if (lost !== undefined) return stop(lost);
  // `exit` kills what is under way: only a cancelled sweep may do that.
  if (directive === "EXIT") return EXIT;
  if (directive === "STOP" && listed[0]) return stop(listed[0].wireName);
  if (running.length > 0) return undefined;
  if (directive !== "CONTINUE") return EXIT;
  // It may have that one in hand.
  if (doubtful) return undefined;
  const [first] = again;
  if (first) {
    await sentWireRun(context, { ...first, agentId });
    return run(context, sweepId, { ...first, type: "run" });
  }
  const { claim, directive: toDo } = await claimWireRun(context, { sweepId, agentId, before });
  if (claim) return run(context, sweepId, { ...claim, type: claim.resumes ? "resume" : "run" });
  return toDo === "EXIT" ? EXIT : undefined;
}

/**
 * Names that the agent still lists and that it holds no longer: one whose lease ran out may live again, one whose run another has, or
 * that is deleted, is to end. A process that has said how it ended may still have something to do.
 */
async function lookUp({ db }: GatewayContext, projectId: number, names: readonly string[]) {
  const lapsed: { runId: number; attempt: number }[] = [];
  let lost: string | undefined;
  for (const name of names.slice(0, MOST_NAMES)) {
    const run = await retrying(() => findWireRun(db.sql, { projectId, name }));
    if (run === undefined || run.current !== run.attempt) lost ??= name;
    else if (run.lapsed) lapsed.push(run);
  }
  return { lapsed, lost };
}
/** W&B's agents hold one run each. */
const MOST_NAMES = 100;

/**
 * Attempts that the agent does not name. One that had begun is over without a word: its process died. One that never began is sent once
 * more, in case the answer was lost, and is lost itself after that: a program that ends within a beat and never calls wandb must not be
 * started for ever. A single beat ends nothing: beats have no numbers, and one that was held up on its way and is taken after a later
 * one says what is no longer so.
 */
async function settleUnlisted(
  context: GatewayContext,
  unlisted: readonly HeldWireAttempt[],
): Promise<{ again: HeldWireAttempt[]; doubtful: boolean }> {
  const isUnsent = ({ seen, sent, stopRequested }: HeldWireAttempt) =>
    !seen && sent < 2 && stopRequested === null;
  const again = unlisted.filter(isUnsent);
  const missed = unlisted.filter((one) => !isUnsent(one));
  const [over, doubtful] = [missed.filter(isLongMissed), missed.filter((one) => !isLongMissed(one))];
  await missedWireRuns(context, doubtful);
  for (const { runId, attempt, seen } of over)
    await endLost(context, {
      ...{ runId, attempt, state: "crashed" as const },
      detail: seen
        ? "its process ended without a word: wandb never said how"
        : "its agent was told of it twice, and its process never called wandb.init",
    });
  return { again, doubtful: doubtful.length > 0 };
}

/** An agent that has it in hand names it each 5 s, and its process speaks each 15 s: either of them would have come in between. */
const MISSED_MS = 8_000;
const isLongMissed = ({ missedMs }: HeldWireAttempt): boolean => missedMs !== null && missedMs >= MISSED_MS;

/** It may have ended in this very moment, with a word of its own. */
async function endLost(context: GatewayContext, ending: Parameters<typeof finishRun>[1]): Promise<void> {
  try {
    await finishRun(context, ending);
  } catch (error) {
    if (!isAppError(error) || error.code !== "STALE_ATTEMPT") throw error;
  }
}

/**
 * An agent's `stop` ends a command's process at once, with up to 15 s of its history unsent; by its own stream it hears the same, and sends all.
 * A function's agent raises an exception in the run's thread, which loses nothing, and nothing else reaches it.
 */
async function mayBeEnded(
  context: GatewayContext,
  kind: WireAgentKind,
  told: HeldWireAttempt,
): Promise<boolean> {
  if (kind !== "command") return true;
  if (told.stopHeardMs === null) await heardOfStop(context, told);
  return (told.stopHeardMs ?? 0) >= STOP_BY_STREAM_MS;
}

const EXIT = '{"type":"exit"}';
const stop = (wireName: string): string => JSON.stringify({ type: "stop", run_id: wireName });

/** Numbers keep how they were written: 1.0 is no 1 to the training program. */
async function run(
  context: GatewayContext,
  sweepId: string,
  { type, wireName, params }: { type: "run" | "resume"; wireName: string; params: string },
): Promise<string> {
  const parsed = parseJson(params);
  const args = Object.entries(isValueMap(parsed) ? parsed : {}).map(
    ([name, value]) => [name, toValueMap([["value", value]])] as const,
  );
  const { program = "" } = await readConfig(context, sweepId);
  return stringifyJson(
    toValueMap([
      ["type", type],
      ["run_id", wireName],
      ["program", program],
      ["args", toValueMap(args)],
    ]),
  );
}

async function readConfig({ db }: GatewayContext, sweepId: string) {
  const sweep = await getSweep(db, systemAccess(), sweepId);
  if (sweep === undefined)
    throw new AppError("NOT_FOUND", `sweep ${sweepId} is unknown`, { details: { sweepId } });
  return loadConfig(db, db.sql, { sweepId, generation: sweep.generation });
}
