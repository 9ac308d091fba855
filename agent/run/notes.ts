import type { Client } from "@/client/client";
import type { WarningCode } from "@/core/run";
import {
  type AttemptRef,
  DescribeAttempt,
  HasMetric,
  LogSystem,
  type SystemSample,
  WarnRun,
} from "@/graphql/operations";
import type { Machine } from "../machine/machine";
import type { System } from "../machine/system";
import type { Progress } from "../progress";
import { ERRAND_PATIENCE_MS, Errands } from "./errands";
import type { RunWarning } from "./warnings";

export interface NotesOptions {
  client: Client;
  machine: Machine;
  system: System;
  progress: Progress;
}

export interface StartedRun {
  pid: number;
  device: string | undefined;
  /** As it was started, and as it may be shown. */
  argv: readonly string[];
  shown: readonly string[];
}

/** A program that has just been started needs the processor more than we do. */
const DESCRIBE_AFTER_MS = 1_000;
/** Samples wait for company: each 30 s in the first minutes. The first ones don't, for somebody may be looking. */
const FLUSH_SAMPLES = 6;
const FIRST_SAMPLES = 3;
/** What a server that is away for an hour does not get. */
const MAX_SAMPLES = 600;
const MAX_MESSAGE = 500;
/** In a sweep with a wrong metric every run says the same. */
const MAX_TOLD: Partial<Record<WarningCode, number>> = { METRIC_NEVER_LOGGED: 3 };

/**
 * What is written down about runs beside their own words. All of it is sent while other things happen, and none of it may delay, block
 * or fail a run.
 */
export class Notes {
  private readonly errands = new Errands();
  private readonly told = new Map<string, number>();

  constructor(private readonly options: NotesOptions) {}

  /** Describes the attempt and follows what its processes do. Gives what ends that. */
  started(ref: AttemptRef, { pid, device, argv, shown }: StartedRun): () => void {
    const { system } = this.options;
    this.errands.later(DESCRIBE_AFTER_MS, () => this.describe(ref, argv, shown));
    const samples: SystemSample[] = [];
    let count = 0;
    let sending = false;
    const send = () => {
      // What comes meanwhile, the last one of a run that ends too, goes with the one under way.
      if (sending) return;
      sending = true;
      this.errands.run(async () => {
        try {
          while (samples.length > 0) {
            const some = samples.slice();
            await this.log(ref, some);
            samples.splice(0, some.length);
          }
        } finally {
          sending = false;
        }
      });
    };
    const unwatch = system.watch({
      pid,
      device,
      onSample: (sample) => {
        samples.push(sample);
        if (samples.length > MAX_SAMPLES) samples.shift();
        count++;
        if (count <= FIRST_SAMPLES || samples.length >= FLUSH_SAMPLES) send();
      },
    });
    return () => {
      unwatch();
      send();
    };
  }

  /** With a name the terminal is told as well. */
  warn(ref: AttemptRef, warnings: readonly RunWarning[], name?: string): void {
    this.tell(warnings, name);
    this.errands.run(() => this.send(ref, warnings));
  }

  /** As `warn`, unless the server has the metric all the same: a program may send it there by itself. */
  missing(ref: AttemptRef, warning: RunWarning, metric: string, name: string): void {
    this.errands.run(async () => {
      const found = await this.options.client.query(HasMetric, { id: ref.runId, name: metric }, PATIENCE);
      if (found.run?.metric) return;
      this.tell([warning], name);
      await this.send(ref, [warning]);
    });
  }

  private tell(warnings: readonly RunWarning[], name: string | undefined): void {
    const { progress } = this.options;
    for (const { code, message } of name === undefined ? [] : warnings) {
      const count = (this.told.get(code) ?? 0) + 1;
      this.told.set(code, count);
      if (count <= (MAX_TOLD[code] ?? Number.POSITIVE_INFINITY)) progress.warn(`${name}: ${message}`);
    }
  }

  private async send({ runId, attempt }: AttemptRef, warnings: readonly RunWarning[]): Promise<void> {
    const cut = warnings.map(({ code, message }) => ({ code, message: message.slice(0, MAX_MESSAGE) }));
    await this.options.client.mutate(WarnRun, { input: { runId, attempt, warnings: cut } }, PATIENCE);
  }

  /** To the terminal, once an agent. */
  tellOnce(kind: string, message: string): void {
    if (this.told.has(kind)) return;
    this.told.set(kind, 1);
    this.options.progress.warn(message);
  }

  /** What is under way gets this long. */
  settle(ms: number): Promise<void> {
    return this.errands.settle(ms);
  }

  run(task: () => Promise<unknown>): void {
    this.errands.run(task);
  }

  private async describe(ref: AttemptRef, argv: readonly string[], shown: readonly string[]): Promise<void> {
    const { client, machine } = this.options;
    const { facts, diff } = await machine.describe(argv, shown);
    const input = { ...ref, facts, ...(diff !== undefined && { diff }) };
    await client.mutate(DescribeAttempt, { input }, PATIENCE);
  }

  private async log(ref: AttemptRef, samples: SystemSample[]): Promise<void> {
    await this.options.client.mutate(LogSystem, { input: { ...ref, samples } }, PATIENCE);
  }
}

const PATIENCE = { patienceMs: ERRAND_PATIENCE_MS };
