import type { Client } from "@/client/client";
import { Delivery } from "@/client/delivery";
import { expandCommand } from "@/core/command";
import { AppError, isAppError } from "@/core/errors";
import type { Goal } from "@/core/sweep";
import { isValueMap, parseJson, type ValueMap } from "@/core/value";
import { type AttemptCommand, type Claim, FinishRun, type StartedProcess } from "@/graphql/operations";
import { Intake } from "../output/intake";
import type { ReadPatterns } from "../output/patterns";
import { type Progress, toDuration } from "../progress";
import { toShellText } from "../quote";
import type { Slot } from "../slots";
import type { AttemptSpool } from "../spools/home";
import type { CheckpointFolder, Checkpoints } from "./checkpoints";
import { toChildEnv } from "./environment";
import type { Janitor } from "./janitor";
import type { Notes } from "./notes";
import { type RunFiles, writeRunFiles } from "./run-files";
import { type Child, type Exit, startChild } from "./supervise";
import { type StopCause, toVerdict, type Verdict } from "./verdict";
import { type RunWarning, toMissingMetric } from "./warnings";

export interface SweepFacts {
  id: string;
  project: string;
  entity: string;
  program: string | null;
  command: readonly string[] | null;
  metric: { name: string; goal: Goal } | null;
  logPattern: readonly string[] | null;
}

export interface RunContext {
  client: Client;
  sweep: SweepFacts;
  janitor: Janitor;
  progress: Progress;
  /** What is said beside the work: what a run was, what its machine did, warnings. */
  notes: Notes;
  /** Where an attempt's data lies until the server has it. */
  openSpool: (claim: Claim) => AttemptSpool;
  checkpoints: Checkpoints;
  /** Where the agent runs: `program` is relative to it. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** What the sweep reads from lines that are no JSON. */
  patterns?: ReadPatterns | undefined;
  /** About the sweep's command; each run carries them. */
  commandWarnings: readonly RunWarning[];
  /** Fires when what isn't delivered by now is left in the spool. */
  giveUp: AbortSignal;
  /** Whether this agent is on its way out. */
  isEnding: () => boolean;
  /** Called with the command before it is started. */
  onCommand: (text: string) => void;
  /** Shows what the programs print. */
  echo: boolean;
  graceMs?: number;
}

/** What became of it. stale: somebody else's in the end. undelivered: the server was away when we had to give up. */
export type Outcome = Verdict["state"] | "stale" | "undelivered";

export interface Ended {
  outcome: Outcome;
  /** Of the process, when it ended by itself and not by a signal. */
  exitCode: number | null;
}

const WISHES: Readonly<Record<AttemptCommand, { cause: StopCause; words: string }>> = {
  STALE: { cause: "stale", words: "another attempt has taken its place; ending this one" },
  STOP: { cause: "stopped", words: "told to stop" },
  CANCEL: { cause: "canceled", words: "the sweep was canceled; ending it" },
};

/** For a command that the server keeps: the values of environment variables, which may be secrets, stay on this machine. */
const NAMES_ONLY = new Proxy<Record<string, string>>({}, { get: (_, name) => `$${String(name)}` });
/** Signals that ask a program to end. */
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]);

/** One attempt on this machine, from the claim to the server's word that it is over. */
export class LiveRun {
  /** Rejects with COMMAND_NOT_STARTED when this machine can't run the command; the run is handed back before. */
  readonly done: Promise<Ended>;
  private child: Child | undefined;
  private started: StartedProcess | undefined;
  private cause: StopCause | undefined;
  private ended = false;
  private isForwarded = false;
  private readonly warned = new Set<string>();
  private readonly heard = new Set<AttemptCommand>();
  private readonly startedAtMs = performance.now();

  constructor(
    readonly claim: Claim,
    readonly slot: Slot,
    private readonly context: RunContext,
  ) {
    this.done = this.run();
  }

  /** What it became on this machine, once it has. */
  get process(): StartedProcess | undefined {
    return this.started;
  }

  /** What the server wants, told by a heartbeat and by each batch of metrics until it is done. */
  obey(command: AttemptCommand): void {
    if (this.ended && command !== "STALE") return;
    const { cause, words } = WISHES[command];
    if (!this.heard.has(command)) this.context.progress.say(`${this.claim.displayName}: ${words}`);
    this.heard.add(command);
    this.stop(cause);
  }

  /** Ends the process with SIGTERM, grace, SIGKILL. The first cause counts; a lost lease beats them all. */
  stop(cause: StopCause): void {
    // What has ended by itself is not undone by us while its data is on the way.
    if (this.ended && cause !== "stale") return;
    if (this.cause === undefined || cause === "stale") this.cause = cause;
    this.child?.stop();
  }

  kill(): void {
    if (!this.ended) this.cause ??= "leaving";
    this.child?.kill();
  }

  /** A signal that the agent got, passed on to the program itself. */
  forward(signal: NodeJS.Signals): void {
    if (this.ended) return;
    if (ENDING.has(signal)) this.isForwarded = true;
    this.child?.signal(signal);
  }

  private async run(): Promise<Ended> {
    const { claim, context } = this;
    const { client, giveUp, progress, sweep } = context;
    const params = readParams(claim.params);
    const files = await this.writeFiles(params);
    const spool = context.openSpool(claim);
    const delivery = new Delivery({
      client,
      runId: claim.runId,
      attempt: claim.attempt,
      spoolDir: spool.dir,
      signal: giveUp,
      // An outage is the heart's to tell; a server that answers and yet can't take it is worth a word of its own.
      onTrouble: (error) => {
        if (error.code === "INTERNAL")
          this.warn(`the server has a problem, trying again: ${error.message}`, "INTERNAL");
      },
      onCommand: (command) => this.obey(command),
      // A training process waits rather than that its output fills memory and disk.
      onRoom: () => this.child?.holdOutput(delivery.isFull),
      onRefused: (what, error) => this.tellRefused(what, error),
    });
    const intake = new Intake({
      delivery,
      metric: sweep.metric ?? undefined,
      patterns: context.patterns,
      onWarning: (code, message) => this.warnRun({ code, message }),
      echo: context.echo ? (line) => progress.write(`${claim.displayName} | ${line}`) : undefined,
    });
    const checkpoints = this.openCheckpoints();
    // Until all is told: what the server does not have outlives a mistake of ours, too.
    let isKept = true;
    try {
      const exit = await this.supervise(params, { ...files, checkpoints }, intake, delivery);
      // Before anybody can begin the next attempt, whose folder it is as well.
      if (this.cause !== "stale") await checkpoints?.close();
      const verdict = this.judge(exit, intake);
      if (this.cause !== "stale") spool.ended(verdict);
      await delivery.drain();
      const outcome = await this.report(verdict, intake);
      isKept = outcome === "undelivered" || delivery.hasRest;
      await this.child?.cleared;
      return { outcome, exitCode: exit.code };
    } catch (error) {
      this.child?.kill();
      if (!isAppError(error) || error.code !== "COMMAND_NOT_STARTED") throw error;
      await checkpoints?.close();
      await this.handBack(error);
      intake.end();
      isKept = false;
      throw error;
    } finally {
      delivery.close({ keep: isKept });
      if (!isKept) spool.remove();
      void files.remove().catch(() => {});
    }
  }

  private async supervise(
    params: ValueMap,
    files: RunFiles & { checkpoints: CheckpointFolder | undefined },
    intake: Intake,
    delivery: Delivery,
  ): Promise<Exit> {
    const { claim, context, slot } = this;
    const { sweep, janitor, cwd, progress, notes, graceMs } = context;
    const env = toChildEnv(context.env, {
      ...files,
      url: context.client.url,
      claim,
      sweep,
      mark: janitor.mark,
      metric: sweep.metric?.name,
      checkpointDir: files.checkpoints?.dir,
      slot,
    });
    const facts = {
      program: sweep.program ?? undefined,
      params,
      paramsFile: files.paramsFile,
      platform: process.platform,
    };
    const argv = expandCommand(sweep.command ?? undefined, { ...facts, env });
    const command = expandCommand(sweep.command ?? undefined, { ...facts, env: NAMES_ONLY });
    context.onCommand(toShellText(command));
    progress.started(
      claim.displayName,
      claim.attempt > 1 ? `${claim.params}  (attempt ${claim.attempt})` : claim.params,
    );
    this.child = await startChild({
      argv,
      cwd,
      env,
      janitor,
      onOutput: (stream, text) => {
        intake.push(stream, text);
        if (delivery.isFull) this.child?.holdOutput(true);
      },
      ...(graceMs !== undefined && { graceMs }),
    });
    const ref = { runId: claim.runId, attempt: claim.attempt };
    const { pid } = this.child;
    const { index, device } = slot;
    this.started = { ...ref, pid, command, slot: index, ...(device !== undefined && { device }) };
    const unwatch = notes.started(ref, { pid, device, argv, shown: command });
    if (context.commandWarnings.length > 0) notes.warn(ref, context.commandWarnings);
    // Told to stop while it was being started.
    if (this.cause) this.child.stop();
    const exit = await this.child.exited;
    this.ended = true;
    unwatch();
    intake.end();
    return exit;
  }

  private judge(exit: Exit, intake: Intake): Verdict {
    // Ctrl-C in the very moment of a start reaches the child too: it is in our process group until it has its own.
    const interrupted = exit.signal === "SIGINT" && this.context.isEnding();
    if (interrupted || (this.isForwarded && exit.code !== 0)) this.cause ??= "leaving";
    return toVerdict(exit, this.cause, intake.lastWords);
  }

  /** Tells the server how it ended, as often as needed, and the terminal what became of it. */
  private async report(verdict: Verdict, intake: Intake): Promise<Outcome> {
    const outcome = this.cause === "stale" ? "stale" : await this.finish(verdict);
    const { claim, context } = this;
    const { metric } = context.sweep;
    const facts = [
      metric && intake.best !== undefined ? `${metric.name} ${intake.best}` : undefined,
      toDuration(performance.now() - this.startedAtMs),
      outcome === "stale" ? "another attempt has taken its place" : verdict.detail,
    ];
    context.progress.finished(claim.displayName, outcome, facts.filter(Boolean).join(", "));
    const missing = outcome === "finished" && metric ? toMissingMetric(metric.name, intake.names) : undefined;
    const { runId, attempt, displayName } = claim;
    if (missing && metric) context.notes.missing({ runId, attempt }, missing, metric.name, displayName);
    if (outcome === "failed" && !context.echo)
      for (const line of intake.lastLines) context.progress.write(`    ${line}`);
    return outcome;
  }

  private async handBack(error: AppError): Promise<void> {
    const outcome = await this.finish({ state: "preempted", reason: "agent_gone", detail: error.message });
    this.context.progress.finished(this.claim.displayName, outcome, "handed back");
  }

  /** A machine without room for a kilobyte can't do this run: somebody else shall. */
  private async writeFiles(params: ValueMap): Promise<RunFiles> {
    const { claim, context } = this;
    const { folder } = context.janitor;
    try {
      return writeRunFiles(folder, claim.params, params);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : cause;
      const error = new AppError(
        "COMMAND_NOT_STARTED",
        `the files of a run can't be written to ${folder}: ${why}; make room there, or set TMPDIR to another disk`,
        { cause },
      );
      context.progress.started(claim.displayName, claim.params);
      await this.handBack(error);
      throw error;
    }
  }

  private async finish({ state, ...facts }: Verdict): Promise<Outcome> {
    const { runId, attempt } = this.claim;
    const { client, giveUp } = this.context;
    const input = { runId, attempt, state, ...facts, clientMutationId: `finish ${runId}/${attempt}` };
    try {
      await client.mutate(FinishRun, { input }, { patienceMs: Number.POSITIVE_INFINITY, signal: giveUp });
      return state;
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (error.code === "STALE_ATTEMPT") return "stale";
      this.warn(`its end can't be reported: ${error.message}`);
      return "undelivered";
    }
  }

  /** A folder that can't be made is worth a word, and no reason not to train. */
  private openCheckpoints(): CheckpointFolder | undefined {
    try {
      return this.context.checkpoints.open(this.claim.name);
    } catch (error) {
      this.context.notes.tellOnce(
        "checkpoints",
        `no folder for checkpoints (${error instanceof Error ? error.message : error}): set BESOM_CHECKPOINT_ROOT to one that can be written to`,
      );
      return undefined;
    }
  }

  private tellRefused(what: "metrics" | "output", error: AppError): void {
    if (this.context.giveUp.aborted) return;
    const message = `its ${what} can't be delivered: ${error.message}`;
    if (what === "metrics") this.warnRun({ code: "METRICS_REFUSED", message }, what + error.code);
    else this.warn(message, what + error.code);
  }

  private warnRun(warning: RunWarning, kind: string = warning.code): void {
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    const { runId, attempt, displayName } = this.claim;
    this.context.notes.warn({ runId, attempt }, [warning], displayName);
  }

  private warn(message: string, kind = message): void {
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    this.context.progress.warn(`${this.claim.displayName}: ${message}`);
  }
}

function readParams(text: string): ValueMap {
  const params = parseJson(text);
  return isValueMap(params) ? params : {};
}
