import { AppError, isAppError } from "@/core/errors";
import { TRANSIENT } from "./client";
import { Spool } from "./spool";

export interface LaneOptions<T> {
  /** What was collected since the last batch; undefined when there is nothing. */
  take: () => { item: T; bytes: number } | undefined;
  /** Delivers one batch under its number. Rejects only when the server refused it, or the lane is being closed. */
  send: (item: T, batch: number) => Promise<void>;
  /** Two halves of a batch that is too large for the server; undefined when it can't be divided. */
  split: (item: T) => [T, T] | undefined;
  /** Puts `next` to `first`, which it changes; false when they are too much for one batch. */
  join?: (first: T, next: T) => boolean;
  /** A batch that no repetition will get through. */
  onRefused: (error: AppError) => void;
  /** Something left: `isFull` may have changed. */
  onRoom?: (() => void) | undefined;
  /** Where what is not delivered stands, and what its files are called. */
  spoolDir: string;
  name: string;
  /** Goes on with what another process left there. */
  resume?: boolean;
  /** Fires when what isn't delivered is left in the spool. */
  signal?: AbortSignal | undefined;
  memoryBytes?: number;
  flushMs?: number;
}

export const FLUSH_MS = 250;
const MEMORY_BYTES = 2 * 1024 * 1024;

/**
 * Delivers one stream of an attempt in order: numbered batches, one under way at a time. The number goes up when the
 * server took (or had already taken) the batch, so a repeated try can neither double nor skip anything. It stays when
 * the server refused one; when it is not known whether a batch that was given up arrived, it goes up too, since the
 * server would take another batch under a number that it has for a repetition. If it has not, it says which it expects.
 */
export class Lane<T> {
  private readonly queue: Spool<T>;
  private batch: number;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly options: LaneOptions<T>) {
    const { spoolDir, name, resume, memoryBytes = MEMORY_BYTES } = options;
    this.queue = new Spool({ dir: spoolDir, name, memoryBytes, ...(resume && { resume }) });
    this.batch = this.queue.batch;
  }

  /** Something was collected: it leaves within `flushMs`. */
  touch(): void {
    this.timer ??= setTimeout(() => this.flush(), this.options.flushMs ?? FLUSH_MS);
  }

  /** What was collected is a batch: it leaves now, or with others as soon as the one under way is answered. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const taken = this.options.take();
    if (taken) this.queue.push(taken.item, taken.bytes);
    if (this.queue.size === 0) return;
    this.start();
  }

  private start(): void {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      // Pushed in the very moment in which the loop ended.
      if (this.queue.size > 0 && !this.gaveUp) this.start();
    });
  }

  /** Too much waits already: whoever can hold back shall. */
  get isFull(): boolean {
    return this.queue.isFull;
  }

  /** Something waits that was not delivered. */
  get hasRest(): boolean {
    return this.queue.size > 0 || this.gaveUp;
  }

  /** Resolves when everything collected so far, and until then, is with the server (or was refused, or is given up). */
  async drain(): Promise<void> {
    do {
      this.flush();
      await this.running;
    } while (this.timer || (this.queue.size > 0 && !this.gaveUp));
  }

  close({ keep = false } = {}): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queue.close({ keep });
  }

  /** The last group's fate is not known, and nothing more is tried. */
  private gaveUp = false;

  private async run(): Promise<void> {
    // Whoever asks twice in one turn gets one run.
    await Promise.resolve();
    while (!this.gaveUp) {
      try {
        const group = this.queue.shift(this.options.join);
        if (group === undefined) return;
        this.batch = group.batch ?? this.batch;
        this.queue.try(group, this.batch);
        await this.deliver(group.item);
      } catch (error) {
        this.gaveUp = this.options.signal?.aborted === true;
        this.options.onRefused(toAppError(error));
      }
      if (!this.gaveUp) this.queue.settle(this.batch);
      this.options.onRoom?.();
    }
  }

  /** Rejects when a part of the item, or all of it, is given up; the others are with the server. */
  private async deliver(item: T): Promise<void> {
    try {
      await this.options.send(item, this.batch);
      this.batch++;
    } catch (error) {
      const expected = toExpected(error);
      if (expected !== undefined && expected < this.batch) {
        this.batch = expected;
        return this.deliver(item);
      }
      const halves = isAppError(error) && error.code === "INPUT_TOO_LARGE" && this.options.split(item);
      if (halves) return this.deliverEach(halves);
      if (!isAppError(error) || TRANSIENT.has(error.code)) this.batch++;
      throw error;
    }
  }

  private async deliverEach(items: readonly T[]): Promise<void> {
    const troubles: unknown[] = [];
    for (const item of items) await this.deliver(item).catch((error: unknown) => troubles.push(error));
    if (troubles.length > 0) throw troubles[0];
  }
}

/** The number that the server waits for, when it refused a batch for its number. */
function toExpected(error: unknown): number | undefined {
  if (!isAppError(error) || error.code !== "BATCH_OUT_OF_ORDER") return undefined;
  const { expected } = error.details;
  return typeof expected === "number" ? expected : undefined;
}

const toAppError = (cause: unknown): AppError =>
  isAppError(cause)
    ? cause
    : new AppError("INTERNAL", cause instanceof Error ? cause.message : String(cause), { cause });
