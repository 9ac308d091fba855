import type { Client } from "@/client/client";
import { Delivery } from "@/client/delivery";
import { expandCommand } from "@/core/command";
import { type AppError, isAppError } from "@/core/errors";
import type { Goal } from "@/core/sweep";
import { isValueMap, parseJson, type ValueMap } from "@/core/value";
import { type AttemptCommand, type Claim, FinishRun, type StartedProcess } from "@/graphql/operations";
import { Intake } from "../output/intake";
import type { ReadPatterns } from "../output/patterns";
import { type Progress, toDuration } from "../progress";
import { toShellText } from "../quote";
import { toChildEnv } from "./environment";
import type { Janitor } from "./janitor";
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
}

export interface RunContext {
  client: Client;
  sweep: SweepFacts;
  janitor: Janitor;
  progress: Progress;
  /** Where the agent runs: `program` is relative to it. */
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** What the sweep reads from lines that are no JSON. */
  patterns?: ReadPatterns | undefined;
  /** Fires when what isn't delivered by now is given up. */
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

const WISHES: Readonly<Record<AttemptCommand, { cause: StopCause; words: string }>> = {
  STALE: { cause: "stale", words: "another attempt has taken its place; ending this one" },
  STOP: { cause: "stopped", words: "told to stop" },
  CANCEL: { cause: "canceled", words: "the sweep was canceled; ending it" },
};

/** For a command that the server keeps: the values of environment variables, which may be secrets, stay on this machine. */
const NAMES_ONLY = new Proxy<Record<string, string>>({}, { get: (_, name) => `$${String(name)}` });

/** One attempt on this machine, from the claim to the server's word that it is over. */
export class LiveRun {
  /** Rejects with COMMAND_NOT_STARTED when this machine can't run the command; the run is handed back before. */
  readonly done: Promise<Outcome>;
  private child: Child | undefined;
  private started: StartedProcess | undefined;
  private cause: StopCause | undefined;
  private ended = false;
  private readonly warned = new Set<string>();
  private readonly heard = new Set<AttemptCommand>();
  private readonly startedAtMs = performance.now();

  constructor(
    readonly claim: Claim,
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

  private async run(): Promise<Outcome> {
    const { claim, context } = this;
    const { client, giveUp, progress, sweep } = context;
    const params = readParams(claim.params);
    const files = writeRunFiles(context.janitor.folder, claim.params, params);
    const delivery = new Delivery({
      client,
      runId: claim.runId,
      attempt: claim.attempt,
      spoolDir: files.dir,
      signal: giveUp,
      // An outage is the heart's to tell; a server that answers and yet can't take it is worth a word of its own.
      onTrouble: (error) => {
        if (error.code === "INTERNAL")
          this.warn(`the server has a problem, trying again: ${error.message}`, "INTERNAL");
      },
      onCommand: (command) => this.obey(command),
      // A training process waits rather than that its output fills memory and disk.
      onRoom: () => this.child?.holdOutput(delivery.isFull),
      onRefused: (what, error) =>
        this.warn(`its ${what} can't be delivered: ${error.message}`, what + error.code),
    });
    const intake = new Intake({
      delivery,
      metric: sweep.metric ?? undefined,
      patterns: context.patterns,
      onWarning: (code, message) => this.warnRun({ code, message }),
      echo: context.echo ? (line) => progress.write(`${claim.displayName} | ${line}`) : undefined,
    });
    try {
      const exit = await this.supervise(params, files, intake, delivery);
      await delivery.drain();
      return await this.report(exit, intake);
    } catch (error) {
      if (!isAppError(error) || error.code !== "COMMAND_NOT_STARTED") throw error;
      await this.handBack(error, intake);
      throw error;
    } finally {
      delivery.close();
      files.remove();
    }
  }

  private async supervise(
    params: ValueMap,
    files: RunFiles,
    intake: Intake,
    delivery: Delivery,
  ): Promise<Exit> {
    const { claim, context } = this;
    const { sweep, janitor, cwd, progress, graceMs } = context;
    const env = toChildEnv(context.env, {
      ...files,
      url: context.client.url,
      claim,
      sweep,
      mark: janitor.mark,
    });
    const facts = {
      program: sweep.program ?? undefined,
      params,
      paramsFile: files.paramsFile,
      platform: process.platform,
    };
    const argv = expandCommand(sweep.command ?? undefined, { ...facts, env });
    context.onCommand(toShellText(argv));
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
    const { runId, attempt } = claim;
    const command = expandCommand(sweep.command ?? undefined, { ...facts, env: NAMES_ONLY });
    this.started = { runId, attempt, pid: this.child.pid, command };
    // Told to stop while it was being started.
    if (this.cause) this.child.stop();
    const exit = await this.child.exited;
    this.ended = true;
    intake.end();
    return exit;
  }

  /** Tells the server how it ended, as often as needed, and the terminal what became of it. */
  private async report(exit: Exit, intake: Intake): Promise<Outcome> {
    // Ctrl-C in the very moment of a start reaches the child too: it is in our process group until it has its own.
    if (exit.signal === "SIGINT" && this.context.isEnding()) this.cause ??= "leaving";
    const verdict = toVerdict(exit, this.cause, intake.lastWords);
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
    if (missing) this.warnRun(missing);
    if (outcome === "failed" && !context.echo)
      for (const line of intake.lastLines) context.progress.write(`    ${line}`);
    return outcome;
  }

  private async handBack(error: AppError, intake: Intake): Promise<void> {
    const outcome = await this.finish({ state: "preempted", reason: "agent_gone", detail: error.message });
    this.context.progress.finished(this.claim.displayName, outcome, "handed back");
    intake.end();
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

  private warnRun(warning: RunWarning): void {
    this.warn(warning.message, warning.code);
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
