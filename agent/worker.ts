import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Client } from "@/client/client";
import { unknownMacros } from "@/core/command";
import { AppError, isAppError } from "@/core/errors";
import { HEARTBEAT_MS, STOP_GRACE_MS } from "@/core/time";
import {
  type AttemptRef,
  ClaimRun,
  type HeartbeatDirective,
  LeaveAgent,
  MarkPreempting,
} from "@/graphql/operations";
import { Alarm } from "./alarm";
import { Failures } from "./failures";
import { Heart } from "./heart";
import type { Heard, Ladder } from "./ladder";
import { Listener } from "./listener";
import type { Device } from "./machine/gpus";
import { Machine } from "./machine/machine";
import { System } from "./machine/system";
import type { Progress } from "./progress";
import { type Registered, register } from "./register";
import { Checkpoints } from "./run/checkpoints";
import { toLocalCommand } from "./run/interpreter";
import { Janitor } from "./run/janitor";
import { type Ended, LiveRun, type Outcome, type RunContext, type SweepFacts } from "./run/live-run";
import { Notes } from "./run/notes";
import type { RunWarning } from "./run/warnings";
import { Slots } from "./slots";
import { Spools } from "./spools/spools";

export interface WorkOptions {
  client: Client;
  sweepId: string;
  /** Called with where the sweep is, before anything is claimed; may throw. */
  onRegistered?: (sweep: SweepFacts) => void;
  slots: number;
  /** Cards to share out among the slots. */
  devices?: readonly Device[];
  /** Runs to start before leaving; absent means as many as there are. */
  count?: number;
  /** After the first signal that ends it, runs get this long to end by themselves; absent means as long as they take. */
  termTimeoutMs?: number;
  /** Leaves when so many runs failed one after another. */
  maxFailures?: number;
  /** Whether what the working tree has beside its commit is written down. */
  withDiff?: boolean;
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  echo: boolean;
  ladder: Ladder;
  progress: Progress;
  version: string;
  graceMs?: number;
  /** Instead of what the server asks for. */
  heartbeatMs?: number;
}

/** Between the grace's end and giving up what the server hasn't taken: a machine that goes away does not wait longer. */
const DELIVERY_GRACE_MS = 10_000;
/** What a claim that is being asked for when we leave gets to be answered, so that its runs can be handed back. */
const LAST_CLAIM_MS = 2_000;
/** What is good to know and not yet told gets so long at the end. */
const LAST_NOTES_MS = 2_000;
/** At once; the next claim follows without a pause, and other agents get their share. */
const MAX_CLAIM = 100;
const DEFAULT_WAIT_MS = 2_000;
/** Even where the server says "soon": an empty answer must not become a flood of questions. */
const MIN_WAIT_MS = 50;

/** Works on a sweep until it is done, the count is reached, or the ladder says to leave. Throws what ended it early. */
export async function work(options: WorkOptions): Promise<ReadonlyMap<Outcome, number>> {
  const failures = new Failures(options.env, { inARow: options.maxFailures });
  const { devices = [] } = options;
  const gpus = devices.map(({ label }) => label.slice(0, 200));
  const registration = { ...options, gpus };
  const registered = await register(registration, 10_000);
  options.onRegistered?.(registered.sweep);
  // Only now: who has no pattern does without the engine for them.
  const { logPattern } = registered.sweep;
  const patterns = logPattern && (await import("./output/patterns")).openPatterns(logPattern);
  const worker = new Worker(options, registered, {
    failures,
    patterns: patterns ?? undefined,
    registerAgain: () => register(registration, Number.POSITIVE_INFINITY),
  });
  return worker.work();
}

interface Parts {
  failures: Failures;
  patterns: RunContext["patterns"];
  registerAgain: () => Promise<Registered>;
}

class Worker {
  private readonly live = new Map<string, LiveRun>();
  private readonly outcomes = new Map<Outcome, number>();
  private readonly slots: Slots;
  private readonly giveUp = new AbortController();
  private readonly context: RunContext;
  private readonly heart: Heart;
  private readonly listener: Listener;
  private readonly janitor: Janitor;
  private readonly spools: Spools;
  private readonly notes: Notes;
  private readonly checkpoints: Checkpoints;
  private readonly localCommand: readonly string[] | undefined;
  private started = 0;
  private shown = false;
  private trouble: AppError | undefined;
  private termTimer: NodeJS.Timeout | undefined;
  /** Rings for the claiming loop: a slot is free, or it is time to leave. */
  private readonly alarm = new Alarm();

  constructor(
    private readonly options: WorkOptions,
    private registered: Registered,
    private readonly parts: Parts,
  ) {
    const { client, progress, cwd, env, echo, graceMs, ladder, devices = [], withDiff } = options;
    const ids = devices.map(({ id }) => id);
    // Each request that is under way listens.
    setMaxListeners(0, this.giveUp.signal);
    this.slots = new Slots(options.slots, ids);
    this.localCommand = toLocalCommand(registered.sweep.command, env);
    this.janitor = new Janitor((message) => progress.warn(message));
    this.spools = new Spools({
      url: client.url,
      cwd,
      env,
      userAgent: `besom/${options.version}`,
      fallback: this.janitor.folder,
      progress,
    });
    const machine = new Machine(cwd, env, { ...(withDiff !== undefined && { withDiff }) });
    const system = new System({ cwd, env, hasGpus: async () => (await machine.gpus()).length > 0 });
    this.notes = new Notes({ client, machine, system, progress });
    this.checkpoints = new Checkpoints(registered.sweep.id, cwd, env);
    this.context = {
      client,
      sweep: { ...registered.sweep, command: this.localCommand ?? registered.sweep.command },
      janitor: this.janitor,
      progress,
      notes: this.notes,
      checkpoints: this.checkpoints,
      openSpool: (claim) => this.spools.open(claim),
      cwd,
      env,
      patterns: parts.patterns,
      commandWarnings: toCommandWarnings(registered.sweep.command),
      echo,
      giveUp: this.giveUp.signal,
      isEnding: () => this.ending,
      onCommand: (text) => this.showCommand(text),
      ...(graceMs !== undefined && { graceMs }),
    };
    const wishes = {
      client,
      agentId: () => this.registered.agentId,
      attempts: () => [...this.live.values()].map(toRef),
      onCommand: (attempt, command) => this.live.get(toKey(attempt))?.obey(command),
      onDirective: (directive) => this.obey(directive),
    } satisfies Partial<ConstructorParameters<typeof Heart>[0]>;
    this.heart = new Heart({
      ...wishes,
      started: () => [...this.live.values()].flatMap((run) => run.process ?? []),
      onLost: (error) => progress.warn(`${error.message}; runs go on, trying again until it answers`),
      onFound: () => progress.say("the server answers again"),
      onRefused: (error) => void this.refused(error),
      onBeat: () => this.spools.touch(),
      intervalMs: options.heartbeatMs ?? registered.heartbeatMs ?? HEARTBEAT_MS,
    });
    this.listener = new Listener(wishes);
    ladder.onSignal((heard) => this.hear(heard));
    ladder.onClimb((stage) => this.climb(stage));
  }

  async work(): Promise<ReadonlyMap<Outcome, number>> {
    const { progress, ladder } = this.options;
    this.introduce();
    this.heart.start();
    this.listener.start();
    this.spools.recover(this.giveUp.signal);
    if (ladder.stage !== "working") this.climb(ladder.stage);
    try {
      await this.claimAll();
      while (this.live.size > 0) await this.alarm.sleep();
    } finally {
      clearTimeout(this.termTimer);
      this.heart.stop();
      this.listener.stop();
      await Promise.all([this.leave(), this.notes.settle(LAST_NOTES_MS)]);
      this.giveUp.abort();
      await this.spools.close();
      this.janitor.close();
      this.checkpoints.close();
    }
    progress.say(`done: ${progress.counts()}`);
    if (this.trouble) throw this.trouble;
    return this.outcomes;
  }

  private introduce(): void {
    const { progress, cwd, devices = [] } = this.options;
    const { sweep, agentId } = this.registered;
    progress.say(
      `agent ${agentId} works on ${sweep.entity}/${sweep.project}/${sweep.id} (${sweep.name})  ${sweep.url}`,
    );
    for (const { message } of this.context.commandWarnings) progress.warn(message);
    if (this.localCommand) progress.say(`there is no python on the PATH; \${interpreter} is python3`);
    const { count } = this.slots;
    const gpus = devices.length === 0 ? "" : `, GPUs ${devices.map(({ label }) => label).join("; ")}`;
    progress.say(`${count === 1 ? "1 slot" : `${count} slots`}${gpus}, in ${cwd}`);
  }

  private get ending(): boolean {
    return this.options.ladder.isAtLeast("finishing");
  }

  private async claimAll(): Promise<void> {
    const { count = Number.POSITIVE_INFINITY } = this.options;
    while (!this.ending && this.started < count) {
      const free = Math.min(this.slots.size, count - this.started, MAX_CLAIM);
      if (free <= 0) {
        await this.alarm.sleep();
        continue;
      }
      const waitMs = await this.claim(free);
      if (waitMs === undefined) return;
      if (waitMs > 0 && !this.ending) await this.alarm.sleep(waitMs * (0.75 + Math.random() / 2));
    }
  }

  /** Asks for runs and starts them. Gives how long to wait before asking again; undefined when there is no more. */
  private async claim(count: number): Promise<number | undefined> {
    const { client, progress } = this.options;
    const { agentId, sweep } = this.registered;
    const patience = new AbortController();
    const stop = this.options.ladder.onClimb(() => setTimeout(() => patience.abort(), LAST_CLAIM_MS).unref());
    try {
      const answer = await client.mutate(
        ClaimRun,
        // The same number until it is answered: an answer that got lost is given again, not a second run.
        { input: { sweepId: sweep.id, agentId, count, clientMutationId: randomUUID() } },
        { patienceMs: Number.POSITIVE_INFINITY, signal: patience.signal },
      );
      for (const claim of answer.claims) this.start(new LiveRun(claim, this.slots.take(), this.context));
      if (answer.quarantined) return this.fail(toQuarantine(answer.reason));
      if (answer.directive === "EXIT") {
        progress.say(answer.reason ?? "the sweep has no more runs");
        return undefined;
      }
      this.sayWaiting(answer.directive, answer.reason);
      if (answer.directive === "RUN" && answer.claims.length > 0) return 0;
      return Math.max(MIN_WAIT_MS, answer.retryAfterMs ?? DEFAULT_WAIT_MS);
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (patience.signal.aborted) return undefined;
      if (error.code !== "AGENT_UNKNOWN") return this.fail(error);
      await this.registerAgain();
      return 0;
    } finally {
      stop();
    }
  }

  private start(run: LiveRun): void {
    const key = toKey(run.claim);
    this.started++;
    this.live.set(key, run);
    // A claim that was answered when we were already leaving.
    if (this.ending) run.stop("leaving");
    run.done
      .then((ended) => this.count(ended))
      .catch((error: unknown) => this.fail(isAppError(error) ? error : toInternal(error)))
      .finally(() => {
        this.live.delete(key);
        this.slots.give(run.slot);
        this.alarm.ring();
      });
  }

  private count(ended: Ended): void {
    this.outcomes.set(ended.outcome, (this.outcomes.get(ended.outcome) ?? 0) + 1);
    const verdict = this.parts.failures.add(ended);
    if (verdict) this.fail(verdict);
  }

  /** No more runs; those under way may end. The first trouble is what the agent ends with. */
  private fail(error: AppError): undefined {
    if (!this.trouble) this.options.progress.warn(`${error.message}; no new runs are started`);
    this.trouble ??= error;
    this.options.ladder.climbTo("finishing");
    this.alarm.ring();
  }

  /** What the server wants of the agent as a whole. */
  private obey(directive: Exclude<HeartbeatDirective, "CONTINUE">): void {
    const { ladder, progress } = this.options;
    const stage = directive === "STOP" ? "stopping" : "finishing";
    if (ladder.isAtLeast(stage)) return;
    if (directive !== "EXIT")
      progress.say(`somebody asked this agent to ${directive === "STOP" ? "stop" : "take no more runs"}`);
    ladder.climbTo(stage);
  }

  private hear({ signal, isForwarded, isTerminating }: Heard): void {
    const { client, ladder, termTimeoutMs, progress } = this.options;
    const attempts = [...this.live.values()].map(toRef);
    if (isTerminating && attempts.length > 0)
      this.notes.run(() =>
        client.mutate(MarkPreempting, { input: { attempts } }, { patienceMs: LAST_CLAIM_MS }),
      );
    if (isForwarded) for (const run of this.live.values()) run.forward(signal);
    if (termTimeoutMs === undefined || this.termTimer || (!isTerminating && signal !== "SIGINT")) return;
    this.termTimer = setTimeout(() => {
      if (this.live.size > 0)
        progress.say(`${this.live.size} under way did not end within ${termTimeoutMs / 1_000} s: SIGKILL`);
      ladder.climbTo("killing");
    }, termTimeoutMs);
  }

  private climb(stage: string): void {
    const { progress, graceMs = STOP_GRACE_MS } = this.options;
    const { size } = this.live;
    if (stage === "finishing" && size > 0)
      progress.say(
        `no new runs; ${size} under way may finish (Ctrl-C again stops them, and they go back to the queue)`,
      );
    if (stage === "stopping") {
      if (size > 0)
        progress.say(
          `stopping ${size} under way: SIGTERM now, SIGKILL in ${graceMs / 1_000} s; they go back to the queue`,
        );
      for (const run of this.live.values()) run.stop("leaving");
      setTimeout(() => this.giveUp.abort(), graceMs + DELIVERY_GRACE_MS).unref();
    }
    if (stage === "killing") {
      for (const run of this.live.values()) run.kill();
      setTimeout(() => this.giveUp.abort(), DELIVERY_GRACE_MS / 2).unref();
    }
    this.alarm.ring();
  }

  private async refused(error: AppError): Promise<void> {
    if (error.code === "AGENT_UNKNOWN") await this.registerAgain();
    else this.fail(error);
  }

  /** The server gave this agent up (it was away for long): a new number, the same runs. */
  private async registerAgain(): Promise<void> {
    try {
      this.registered = await this.parts.registerAgain();
      this.options.progress.say(`registered again, as agent ${this.registered.agentId}`);
    } catch (error) {
      this.fail(isAppError(error) ? error : toInternal(error));
    }
  }

  private async leave(): Promise<void> {
    const { agentId } = this.registered;
    await this.options.client
      .mutate(LeaveAgent, { input: { agentId } }, { patienceMs: LAST_CLAIM_MS })
      .catch(() => undefined);
  }

  private showCommand(text: string): void {
    if (this.shown) return;
    this.shown = true;
    this.options.progress.say(`first command: ${text}`);
  }

  private waitingFor: string | undefined;
  private sayWaiting(directive: string | null, reason: string | null): void {
    const waitingFor =
      directive === "WAIT" || directive === "PAUSED" ? (reason ?? `told to wait (${directive})`) : undefined;
    if (waitingFor && waitingFor !== this.waitingFor) this.options.progress.say(waitingFor);
    this.waitingFor = waitingFor;
  }
}

const EFFECTS = { dropped: "is left out", verbatim: "is passed on as it stands" } as const;

const toCommandWarnings = (command: readonly string[] | null): RunWarning[] =>
  unknownMacros(command ?? []).map(({ macro, effect, suggestion }) => ({
    code: "UNKNOWN_MACRO",
    message: `the command's ${macro} is no macro and ${EFFECTS[effect]}${suggestion ? `; did you mean ${suggestion}?` : ""}`,
  }));

const toQuarantine = (reason: string | null): AppError =>
  new AppError("FAILING_AT_ONCE", reason ?? "this machine is in quarantine for this sweep");

const toRef = ({ claim: { runId, attempt } }: LiveRun): AttemptRef => ({ runId, attempt });
const toKey = ({ runId, attempt }: AttemptRef): string => `${runId}/${attempt}`;
const toInternal = (cause: unknown): AppError =>
  new AppError("INTERNAL", cause instanceof Error ? cause.message : String(cause), { cause });
