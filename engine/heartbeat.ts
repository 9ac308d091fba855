import { AppError, isAppError } from "@/core/errors";
import { HEARTBEAT_MS, LEASE_MS } from "@/core/time";
import type { Database } from "@/db/client";
import type { AgentNews, HeldNews } from "@/db/queries/agent-news";
import { isProjectDeleted } from "@/db/queries/edit-project";
import {
  type BeatenAttempt,
  beatAgent,
  beatAttempts,
  type StartedAttempt,
  writeStarted,
} from "@/db/queries/heartbeat";
import { retrying } from "@/db/transaction";
import { authorizeProject } from "./authorize";
import { awaitNews, type Waiting } from "./await-news";
import { badInput, checkId, checkInteger, isStorable, maybeText } from "./check";
import type { EngineContext } from "./context";
import { emitChange } from "./events";
import { agentFacts } from "./facts";
import { authorizeEach, checkAttempts, MAX_ATTEMPTS, type NamedAttempt } from "./named-attempts";
import { perDatabase, Recent } from "./recent";
import { reviveLapsed } from "./revive";

type StartedInput = Omit<StartedAttempt, "slot" | "device"> & {
  readonly slot?: number | null | undefined;
  readonly device?: string | null | undefined;
};

export interface HeartbeatInput {
  /** Absent for a training process that speaks for itself. */
  readonly agentId?: number | undefined;
  /** What the agent has in hand. */
  readonly attempts: readonly { readonly runId: number; readonly attempt: number }[];
  /** Of an agent: the processes it has started since it was last answered. */
  readonly started?: readonly StartedInput[] | undefined;
  /** Of an agent: how long the answer may wait for something to say. */
  readonly waitMs?: number | undefined;
}

/** STALE: another attempt has the run, end the process. STOP: end it in peace. CANCEL: end it now. */
export type Command = "STALE" | "STOP" | "CANCEL";

export interface HeartbeatAnswer {
  readonly commands: readonly {
    readonly runId: number;
    readonly attempt: number;
    readonly command: Command;
  }[];
  /** DRAIN: take no more, and leave when all have ended. STOP: hand back what is under way, and leave. EXIT: end everything and leave. */
  readonly directive: "CONTINUE" | "DRAIN" | "STOP" | "EXIT";
  /** From now on, by the database's clock. */
  readonly leaseMs: number;
}

const MAX_WORDS = 10_000;
export const MAX_WAIT_MS = 20_000;
const MAX_SLOT = 9_999;
/** Characters of a command that are kept: parameters may have a megabyte, and are kept elsewhere. */
const MAX_COMMAND = 16_384;

/**
 * "I am alive, and so are these." Extends leases; an attempt whose lease had run out and whose run nobody has
 * taken over gets it back. An attempt that is not the agent's own is STALE to it, whatever it is to others. Needs no clientMutationId: a beat repeated is a beat.
 *
 * An agent may wait (`waitMs`) for something to be said, after its leases were extended: a stop then arrives within a second, at whichever
 * server it was asked for. What it was told before is no news: with that it is answered at the pace of ordinary beats.
 * @throws AppError AGENT_UNKNOWN, FORBIDDEN, NOT_FOUND, BAD_INPUT, UNAVAILABLE
 */
export async function heartbeat(context: EngineContext, input: HeartbeatInput): Promise<HeartbeatAnswer> {
  const { db } = context;
  const attempts = checkAttempts(input.attempts);
  const agentId = input.agentId == null ? null : checkId("agentId", input.agentId);
  const waitMs = checkInteger("waitMs", input.waitMs ?? 0, 0, MAX_WAIT_MS);
  if (agentId === null) {
    await authorizeEach(context, attempts);
    return beat(context, { ...input, attempts, agentId });
  }
  const { projectId, sweepId } = await agentFacts(db, agentId);
  if (await isProjectGone(context, projectId)) return cancelAll(attempts);
  if (waitMs === 0) return beat(context, { ...input, attempts, agentId });
  const waiting = awaitNews(db, { sweepId, agentId, attempts });
  try {
    const answer = await beat(context, { ...input, attempts, agentId });
    return await outlast(context, waiting, { agentId, answer, waitMs });
  } finally {
    waiting.leave();
  }
}

interface Beat extends HeartbeatInput {
  readonly attempts: readonly NamedAttempt[];
}

async function beat(
  { db }: EngineContext,
  { attempts, agentId, ...input }: Omit<Beat, "agentId"> & { agentId: number | null },
): Promise<HeartbeatAnswer> {
  const [beaten, agent] = await Promise.all([
    attempts.length === 0
      ? []
      : retrying(() => beatAttempts(db.sql, { attempts, agentId, leaseMs: LEASE_MS })),
    agentId === null ? null : retrying(() => beatAgent(db.sql, agentId)),
  ]);
  if (agent === undefined)
    throw new AppError("AGENT_UNKNOWN", `agent ${agentId} is unknown: register it again`);
  if (agentId !== null && agent?.back) await tellAgentBack(db, agentId);
  // Not `row.reason`: a beat that waited for the reaper's lock reads it as it was before. Who may live again is
  // decided under the run's lock.
  const started = checkStarted(input.started ?? []);
  if (agentId !== null && started.length > 0)
    await retrying(() => writeStarted(db.sql, { agentId, started }));
  const lapsed = beaten.filter((row) => !row.live && row.current === row.attempt);
  const revived = lapsed.length === 0 ? new Map() : await reviveLapsed(db, lapsed, agentId);
  const named = new Set(attempts.map(({ runId, attempt }) => `${runId}/${attempt}`));
  // Whoever waits would be told of these the next moment; an agent that doesn't asks for what it names.
  const unnamed = (input.waitMs ? agent?.commands : null) ?? [];
  return {
    commands: [
      // The same beat may name an earlier attempt of a run that a later one has just got back.
      ...toCommands(beaten, (row) => (row.attempt === row.current && revived.get(row.runId)) || row),
      ...toCommands(unnamed.filter(({ runId, attempt }) => !named.has(`${runId}/${attempt}`))),
    ],
    directive: agent === null ? "CONTINUE" : toDirective(agent),
    leaseMs: LEASE_MS,
  };
}

function toCommands<Row extends HeldNews | BeatenAttempt>(
  rows: readonly Row[],
  toFacts: (row: Row) => Pick<BeatenAttempt, "live" | "stopRequested"> = (row) => row,
): HeartbeatAnswer["commands"] {
  return rows.flatMap((row) => {
    const command = toCommand(toFacts(row));
    return command === undefined ? [] : [{ runId: row.runId, attempt: row.attempt, command }];
  });
}

/** What each agent was told last, so that it is not told it again and again while it does it. Another server may do so once. */
const lastTold = perDatabase(() => new Recent<number, string>(20_000, 10 * HEARTBEAT_MS));
/** The leases were extended when the beat came, and have to last until the next one. */
const LONGEST_WAIT_MS = LEASE_MS - HEARTBEAT_MS;

/** Waits with the answer until it is news. */
async function outlast(
  { db, line }: EngineContext,
  waiting: Waiting,
  { agentId, answer, waitMs }: { agentId: number; answer: HeartbeatAnswer; waitMs: number },
): Promise<HeartbeatAnswer> {
  const told = lastTold(db);
  const before = spell(answer);
  if (before !== NOTHING && before !== told.get(agentId)) {
    told.set(agentId, before);
    return answer;
  }
  const startedAt = performance.now();
  const news = await waiting.news({
    waitMs: Math.min(waitMs, before === NOTHING ? LONGEST_WAIT_MS : HEARTBEAT_MS),
    isNew: (heard) => spell(toAnswer(heard)) !== before,
    line,
  });
  const said = news === undefined ? answer : toAnswer(news);
  told.set(agentId, spell(said));
  return { ...said, leaseMs: Math.max(0, Math.round(LEASE_MS - (performance.now() - startedAt))) };
}

const toAnswer = (news: AgentNews): HeartbeatAnswer => ({
  commands: toCommands(news.commands),
  directive: toDirective(news),
  leaseMs: LEASE_MS,
});

const spell = ({ commands, directive }: HeartbeatAnswer): string =>
  [
    directive,
    ...commands.map(({ runId, attempt, command }) => `${runId}/${attempt} ${command}`).sort(),
  ].join();
const NOTHING = spell({ commands: [], directive: "CONTINUE", leaseMs: 0 });

/** May the agent's caller speak in its project? A project that was deleted is no mistake of the agent. */
async function isProjectGone(context: EngineContext, projectId: number): Promise<boolean> {
  try {
    await authorizeProject(context, projectId, "member");
    return false;
  } catch (error) {
    const unknown = isAppError(error) && error.code === "NOT_FOUND";
    if (!unknown || !(await retrying(() => isProjectDeleted(context.db.sql, projectId)))) throw error;
    return true;
  }
}

const cancelAll = (attempts: readonly { runId: number; attempt: number }[]): HeartbeatAnswer => ({
  commands: attempts.map((one) => ({ ...one, command: "CANCEL" })),
  directive: "EXIT",
  leaseMs: LEASE_MS,
});

export function toDirective({
  sweepState,
  agentState,
  wish,
}: Pick<AgentNews, "sweepState" | "agentState" | "wish">): HeartbeatAnswer["directive"] {
  if (sweepState === "canceled" || agentState === "exited") return "EXIT";
  return wish === null ? "CONTINUE" : wish === "stop" ? "STOP" : "DRAIN";
}

/** What the holder of an attempt is told; `live`: it holds its run. */
export function toCommand({
  live,
  stopRequested,
}: Pick<BeatenAttempt, "live" | "stopRequested">): Command | undefined {
  if (stopRequested === "cancel") return "CANCEL";
  if (!live) return "STALE";
  return stopRequested === null ? undefined : "STOP";
}

function checkStarted(started: readonly StartedInput[]): StartedAttempt[] {
  if (started.length > MAX_ATTEMPTS)
    throw badInput("started", started.length, `a list of at most ${MAX_ATTEMPTS}`);
  return started.map(({ runId, attempt, pid, command, slot, device }) => ({
    runId: checkId("started.runId", runId),
    attempt: checkInteger("started.attempt", attempt, 1, 1_000_000),
    pid: checkInteger("started.pid", pid, 1, 2 ** 31 - 1),
    command: shorten(command),
    slot: slot == null ? null : checkInteger("started.slot", slot, 0, MAX_SLOT),
    device: maybeText("started.device", device === "" ? null : device, 1_000),
  }));
}

function shorten(command: readonly string[]): string[] {
  if (command.length > MAX_WORDS || !command.every(isStorable))
    throw badInput("started.command", command.length, `at most ${MAX_WORDS} words without NUL`);
  let room = MAX_COMMAND;
  const kept: string[] = [];
  for (const word of command) {
    room -= word.length;
    if (room < 0) return [...kept, "…"];
    kept.push(word);
  }
  return kept;
}

async function tellAgentBack(db: Database, agentId: number): Promise<void> {
  const { projectId, sweepId } = await agentFacts(db, agentId);
  emitChange(projectId, sweepId, null, "agent");
}
