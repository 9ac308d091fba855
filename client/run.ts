import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@/core/errors";
import type { FinishState } from "@/core/run";
import { CreateRun, FinishRun, Heartbeat } from "@/graphql/operations";
import { openClient } from "./client";
import { findCredentials } from "./credentials";
import { Delivery } from "./delivery";
import { toWireKey, toWireValue } from "./wire";

/** What a training program written in TypeScript or JavaScript holds while it trains. */
export interface TrainingRun {
  /** The parameters: those of the sweep win over the defaults given to `init`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Never waits. Steps go forward; without one, it is the step after the last. The same step merges. */
  log(metrics: Readonly<Record<string, unknown>>, step?: number): void;
  /** A folder to save in that every attempt of this run gets again; absent without an agent. */
  readonly checkpointDir: string | undefined;
  /** Says, before anything is logged, that the program goes on behind this step of an earlier attempt. */
  resumedFrom(step: number): void;
  /** Resolves when everything is with the server. Under an agent the exit code decides, and this only returns. */
  finish(state?: FinishState): Promise<void>;
}

export interface InitOptions {
  /** Parameters that the program uses when no sweep sets them. */
  config?: Readonly<Record<string, unknown>>;
  /** For a run outside a sweep. */
  project?: string;
  entity?: string;
  name?: string;
}

/** Well within the 5 minutes of silence after which a run without an agent counts as crashed. */
const BEAT_MS = 30_000;
/** What an absent server gets at the end to take the rest. */
const LAST_WORDS_MS = 300_000;

/**
 * The run that this process is. Started by an agent it reports through the agent (as lines of JSON on stdout, so that
 * there is one writer, one order and one buffer); started by hand it is a run of its own on the server.
 */
export async function init(options: InitOptions = {}): Promise<TrainingRun> {
  const { BESOM_RUN_ID: runId, BESOM_REPORT: report, BESOM_PARAMS_FILE: file } = process.env;
  const { BESOM_CHECKPOINT_DIR: checkpointDir } = process.env;
  if (!runId || report !== "stdout") return createLooseRun(options);
  const params: unknown = file ? JSON.parse(readFileSync(file, "utf8")) : {};
  return {
    config: { ...options.config, ...(params as Record<string, unknown>) },
    log: (metrics, step) => {
      const values = toWireValue(metrics) as Record<string, unknown>;
      printLine({ ...(step !== undefined && { step: checkStep(step) }), ...values });
    },
    checkpointDir,
    resumedFrom: (step) => printLine({ resumed_from_step: checkStep(step) }),
    finish: async () => {},
  };
}

const printLine = (line: Record<string, unknown>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

function checkStep(step: number): number {
  if (Number.isSafeInteger(step) && step >= 0) return step;
  throw new AppError("BAD_INPUT", `step ${step} is none: expected a whole number from 0`);
}

async function createLooseRun({ config = {}, project, entity, name }: InitOptions): Promise<TrainingRun> {
  const { url, key } = findCredentials();
  const owner = openClient({ url, ...(key && { key }) });
  const { run, attempt, apiKey } = await owner
    .mutate(CreateRun, {
      input: {
        params: JSON.stringify(config),
        clientMutationId: randomUUID(),
        ...(project && { project }),
        ...(entity && { entity }),
        ...(name && { name }),
      },
    })
    .finally(() => owner.close());
  if (!run || !attempt || !apiKey)
    throw new AppError("INTERNAL", `the server at ${url} created a run without telling its key`);
  process.stderr.write(`besom: this run is ${run.url}\n`);
  return new LooseRun(config, openClient({ url, key: apiKey }), { runId: run.id, attempt });
}

class LooseRun implements TrainingRun {
  private readonly giveUp = new AbortController();
  private readonly spoolDir = mkdtempSync(join(tmpdir(), "besom-run-"));
  private readonly delivery: Delivery;
  private readonly beats: NodeJS.Timeout;
  private lastStep = -1;
  private finished: Promise<void> | undefined;

  constructor(
    readonly config: Readonly<Record<string, unknown>>,
    private readonly client: ReturnType<typeof openClient>,
    private readonly ref: { runId: string; attempt: number },
  ) {
    this.delivery = new Delivery({
      client,
      ...ref,
      spoolDir: this.spoolDir,
      signal: this.giveUp.signal,
      onRefused: (_what, error) => process.stderr.write(`besom: metrics were not taken: ${error.message}\n`),
    });
    this.beats = setInterval(() => void this.beat(), BEAT_MS);
    this.beats.unref();
    process.once("beforeExit", this.finishAtExit);
  }

  log(metrics: Readonly<Record<string, unknown>>, step = this.lastStep + 1): void {
    if (checkStep(step) < this.lastStep)
      throw new AppError(
        "STEP_BACKWARDS",
        `step ${step} came after step ${this.lastStep}: steps must go forward`,
      );
    this.lastStep = step;
    const entries = Object.entries(metrics)
      .filter(([key, value]) => key !== "" && value !== null && value !== undefined)
      .map(([key, value]) => [toWireKey(key), toWireValue(value)] as const);
    if (entries.length > 0) this.delivery.log({ step, timeMs: Date.now(), entries });
  }

  readonly checkpointDir = undefined;

  resumedFrom(step: number): void {
    if (this.lastStep >= 0)
      throw new AppError(
        "STEP_BACKWARDS",
        `step ${this.lastStep} is logged: resumedFrom(${step}) must come first`,
      );
    this.lastStep = checkStep(step);
    this.delivery.resume(step);
  }

  finish(state: FinishState = "finished"): Promise<void> {
    this.finished ??= this.end(state);
    return this.finished;
  }

  /** A program that simply ends has finished; one that throws never comes here, and its silence tells. */
  private readonly finishAtExit = (code: number) => void this.finish(code === 0 ? "finished" : "failed");

  private async end(state: FinishState): Promise<void> {
    process.off("beforeExit", this.finishAtExit);
    const timer = setTimeout(() => this.giveUp.abort(), LAST_WORDS_MS);
    try {
      await this.delivery.drain();
      const input = { ...this.ref, state, clientMutationId: `finish ${this.ref.runId}` };
      await this.client.mutate(
        FinishRun,
        { input },
        { patienceMs: LAST_WORDS_MS, signal: this.giveUp.signal },
      );
    } finally {
      clearTimeout(timer);
      clearInterval(this.beats);
      this.delivery.close();
      rmSync(this.spoolDir, { recursive: true, force: true });
      await this.client.close();
    }
  }

  private async beat(): Promise<void> {
    await this.client.mutate(Heartbeat, { input: { attempts: [this.ref] } }).catch(() => undefined);
  }
}
