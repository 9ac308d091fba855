import { type AppError, isAppError } from "@/core/errors";
import { Spool } from "./spool";

export interface LaneOptions<T> {
  /** What was collected since the last batch; undefined when there is nothing. */
  take: () => { item: T; bytes: number } | undefined;
  /** Delivers one batch under its number. Rejects only when the server refused it, or the lane is being closed. */
  send: (item: T, batch: number) => Promise<void>;
  /** A batch that no repetition will get through; the next one gets its number. */
  onRefused: (error: AppError) => void;
  spoolPath: string;
  memoryBytes?: number;
  flushMs?: number;
}

export const FLUSH_MS = 250;
const MEMORY_BYTES = 2 * 1024 * 1024;

/**
 * Delivers one stream of an attempt in order: numbered batches, one under way at a time. The number goes up only when
 * the server took (or had already taken) the batch, so a repeated try can neither double nor skip anything.
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
      const item = this.queue.shift() ?? this.takeDue();
      if (item === undefined) return;
      try {
        await this.options.send(item, this.batch);
        this.batch++;
      } catch (error) {
        if (!isAppError(error)) throw error;
        this.options.onRefused(error);
      }
    }
  }

  /** After an answer the next batch waits for its own time: a fast server must not mean a request a line. */
  private takeDue(): T | undefined {
    if (!this.due) return undefined;
    this.due = false;
    return this.options.take()?.item;
  }
}
