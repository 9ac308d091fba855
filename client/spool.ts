import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { AppError } from "@/core/errors";

export interface SpoolOptions {
  /** Made when first needed, removed by `close`. */
  path: string;
  /** What memory holds; more goes to the file. */
  memoryBytes: number;
}

interface Held<T> {
  item: T;
  bytes: number;
}

/** A disk that refuses leaves memory; one that takes all must not be filled by one run's output either. */
const FULL_REST_BYTES = 32 * 1024 * 1024;
const FULL_FILE_BYTES = 1024 * 1024 * 1024;

/**
 * First in, first out, with bounded memory: what does not fit goes to a file and comes back in order. For the time
 * that a server is away; nothing here survives the process. File access is synchronous: an item is at most about a
 * megabyte, and order matters more than the millisecond.
 */
export class Spool<T> {
  private head: Held<T>[] = [];
  private headBytes = 0;
  /** Lengths in bytes of what waits in the file, after the head, oldest first. */
  private lengths: number[] = [];
  /** What came after a full disk refused the file: memory has to hold it. */
  private rest: Held<T>[] = [];
  private restBytes = 0;
  private readAt = 0;
  private writeAt = 0;
  private file: number | undefined;

  constructor(private readonly options: SpoolOptions) {}

  get size(): number {
    return this.head.length + this.lengths.length + this.rest.length;
  }

  /** Whoever can wait with pushing more shall. */
  get isFull(): boolean {
    return this.restBytes >= FULL_REST_BYTES || this.writeAt - this.readAt >= FULL_FILE_BYTES;
  }

  push(item: T, bytes: number): void {
    const fits = this.headBytes + bytes <= this.options.memoryBytes;
    if (fits && this.lengths.length === 0 && this.rest.length === 0) {
      this.head.push({ item, bytes });
      this.headBytes += bytes;
    } else if (this.rest.length > 0 || !this.write(item)) {
      this.rest.push({ item, bytes });
      this.restBytes += bytes;
    }
  }

  /** Throws when the file can't be read back; what it held is lost then, and the rest comes next. */
  shift(): T | undefined {
    if (this.head.length === 0 && this.lengths.length === 0) {
      this.head = this.rest.splice(0);
      this.headBytes = this.restBytes;
      this.restBytes = 0;
    }
    const oldest = this.head.shift();
    if (!oldest) return this.read();
    this.headBytes -= oldest.bytes;
    return oldest.item;
  }

  close(): void {
    if (this.file === undefined) return;
    closeSync(this.file);
    rmSync(this.options.path, { force: true });
    this.file = undefined;
  }

  /** False when the disk refuses. */
  private write(item: T): boolean {
    const line = Buffer.from(JSON.stringify(item));
    try {
      this.file ??= openSync(this.options.path, "w+", 0o600);
      for (let done = 0; done < line.length; )
        done += writeSync(this.file, line, done, line.length - done, this.writeAt + done);
    } catch {
      return false;
    }
    this.writeAt += line.length;
    this.lengths.push(line.length);
    return true;
  }

  private read(): T | undefined {
    const length = this.lengths.shift();
    if (length === undefined || this.file === undefined) return undefined;
    try {
      const item = JSON.parse(readWhole(this.file, this.readAt, length)) as T;
      this.readAt += length;
      if (this.lengths.length === 0) this.empty(this.file);
      return item;
    } catch (cause) {
      const lost = this.lengths.length + 1;
      this.empty(this.file);
      throw new AppError("INTERNAL", `${lost} batches in ${this.options.path} can't be read back: ${cause}`, {
        cause,
      });
    }
  }

  private empty(file: number): void {
    this.lengths = [];
    this.readAt = 0;
    this.writeAt = 0;
    ftruncateSync(file, 0);
  }
}

function readWhole(file: number, position: number, length: number): string {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) throw new Error("the file was cut by another program");
    done += count;
  }
  return bytes.toString();
}
