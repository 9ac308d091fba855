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
  /** A batch that no repetition will get through. */
  onRefused: (error: AppError) => void;
  /** Something left: `isFull` may have changed. */
  onRoom?: (() => void) | undefined;
  spoolPath: string;
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
  private batch = 1;
  private timer: NodeJS.Timeout | undefined;
  /** What is being collected shall leave, however little it is. */
  private due = false;
  private running: Promise<void> | undefined;

  constructor(private readonly options: LaneOptions<T>) {
    this.queue = new Spool({
      path: options.spoolPath,
      memoryBytes: options.memoryBytes ?? MEMORY_BYTES,
    });
  }

  /** Something was collected: it leaves within `flushMs`. */
  touch(): void {
    this.timer ??= setTimeout(() => this.flush(), this.options.flushMs ?? FLUSH_MS);
  }

  /** Enough for a batch was collected: it leaves now, or as soon as the one under way is answered. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.due = true;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Closes the batch being collected, so that memory stays bounded while an answer is awaited. */
  seal(): void {
    const taken = this.options.take();
    if (!taken) return;
    this.queue.push(taken.item, taken.bytes);
    this.flush();
  }

  /** Too much waits already: whoever can hold back shall. */
  get isFull(): boolean {
    return this.queue.isFull;
  }

  /** Resolves when everything collected so far, and until then, is with the server (or was refused). */
  async drain(): Promise<void> {
    do {
      this.flush();
      await this.running;
    } while (this.timer || this.due);
  }

  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queue.close();
  }

  private async run(): Promise<void> {
    // Whoever asks twice in one turn gets one run.
    await Promise.resolve();
    for (;;) {
      try {
        const item = this.queue.shift() ?? this.takeDue();
        if (item === undefined) return;
        await this.deliver(item);
      } catch (error) {
        this.options.onRefused(toAppError(error));
      }
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

  /** After an answer the next batch waits for its own time: a fast server must not mean a request a line. */
  private takeDue(): T | undefined {
    if (!this.due) return undefined;
    this.due = false;
    return this.options.take()?.item;
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
