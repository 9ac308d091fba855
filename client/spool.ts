import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";

export interface SpoolOptions {
  /** Made when first needed, removed by `close`. */
  path: string;
  /** What memory holds; more goes to the file. */
  memoryBytes: number;
}

/**
 * First in, first out, with bounded memory: what does not fit goes to a file and comes back in order. For the time
 * that a server is away; nothing here survives the process. File access is synchronous: an item is at most about a
 * megabyte, and order matters more than the millisecond.
 */
export class Spool<T> {
  private head: { item: T; bytes: number }[] = [];
  private headBytes = 0;
  /** Lengths in bytes of what waits in the file, after the head, oldest first. */
  private lengths: number[] = [];
  /** What came after a full disk refused the file: memory has to hold it. */
  private rest: { item: T; bytes: number }[] = [];
  private readAt = 0;
  private writeAt = 0;
  private file: number | undefined;

  constructor(private readonly options: SpoolOptions) {}

  get size(): number {
    return this.head.length + this.lengths.length + this.rest.length;
  }

  push(item: T, bytes: number): void {
    const fits = this.headBytes + bytes <= this.options.memoryBytes;
    if (fits && this.lengths.length === 0) {
      this.head.push({ item, bytes });
      this.headBytes += bytes;
    } else if (this.rest.length > 0 || !this.write(item)) this.rest.push({ item, bytes });
  }

  shift(): T | undefined {
    if (this.head.length === 0 && this.lengths.length === 0) {
      this.head = this.rest.splice(0);
      this.headBytes = this.head.reduce((sum, { bytes }) => sum + bytes, 0);
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
    const line = Buffer.alloc(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.file, line, done, length - done, this.readAt + done);
      if (count === 0) throw new Error(`the spool file ${this.options.path} was cut by another program`);
      done += count;
    }
    this.readAt += length;
    if (this.lengths.length === 0) {
      ftruncateSync(this.file, 0);
      this.readAt = 0;
      this.writeAt = 0;
    }
    return JSON.parse(line.toString()) as T;
  }
}
