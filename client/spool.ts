import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { AppError } from "@/core/errors";
import {
  type Mark,
  readItem,
  readSegments,
  type Spot,
  toItemLine,
  toMarkLine,
  toSegmentPath,
} from "./segments";

export interface SpoolOptions {
  /** A folder of the attempt's own. */
  dir: string;
  /** What its files are called. */
  name: string;
  /** What memory holds beside the file; the rest is read back when its turn comes. */
  memoryBytes: number;
  /** Goes on with what another process left in the folder. */
  resume?: boolean;
  segmentBytes?: number;
}

/** What is delivered under one number: an item that others may have been joined to. */
export interface Group<T> {
  item: T;
  /** Place of the first, counted from the attempt's first item, and how many they are. */
  place: number;
  count: number;
  /** The number under which a process before us tried it. */
  batch: number | undefined;
}

interface Held<T> {
  place: number;
  item: T | undefined;
  /** What it takes of memory; 0 when it stands in the file alone. */
  bytes: number;
  /** Absent when the disk refused it. */
  spot: Spot | undefined;
}

/** A disk that refuses leaves memory; one that takes all must not be filled by one run's output either. */
const FULL_REST_BYTES = 32 * 1024 * 1024;
const FULL_FILE_BYTES = 1024 * 1024 * 1024;
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** The segment being written goes once it has so much that is settled: to empty it after each batch would double the cost. */
const TIDY_BYTES = 256 * 1024;
/** What goes under one number together. */
const MAX_JOINED = 5_000;
const MAX_JOINED_BYTES = 512 * 1024;

/**
 * First in, first out, and safe from the death of its process: what is pushed stands in a file until it is settled, and
 * what memory has no room for is read back from there. The number that a group is tried under is written before it is tried, since
 * the server tells repetitions by it: whoever takes over repeats the last one and goes on from there.
 *
 * Nothing is flushed to the platter: that is for the death of a machine, and would cost 64 slots their speed. File access is
 * synchronous: a push of some kilobytes takes 20 µs, and order matters more.
 */
export class Spool<T> {
  private held: Held<T>[] = [];
  /** Of those: they are taken, and not settled. */
  private taken = 0;
  private next = 0;
  private memoryBytes = 0;
  private fileBytes = 0;
  private restBytes = 0;
  private mark: Mark = { place: 0, count: 0, batch: 1 };
  /** What a process before us had under way. */
  private inherited: Mark | undefined;
  /** The first place of each segment that is there. */
  private segments = new Map<number, number>();
  private segment = 0;
  private file: number | undefined;
  private writeAt = 0;
  /** The disk took a part of a line. */
  private torn = false;

  constructor(private readonly options: SpoolOptions) {
    if (options.resume) this.inherit();
  }

  get size(): number {
    return this.held.length - this.taken;
  }

  /** The number that the next group gets, as far as this spool knows. */
  get batch(): number {
    return this.mark.batch;
  }

  /** Whoever can wait with pushing more shall. */
  get isFull(): boolean {
    return this.restBytes >= FULL_REST_BYTES || this.fileBytes >= FULL_FILE_BYTES;
  }

  push(item: T, bytes: number): void {
    const place = this.next++;
    const spot = this.write(place, item);
    const inMemory = spot === undefined || this.memoryBytes + bytes <= this.options.memoryBytes;
    this.held.push({ place, spot, bytes: inMemory ? bytes : 0, item: inMemory ? item : undefined });
    if (inMemory) this.memoryBytes += bytes;
    if (spot) this.fileBytes += spot.length;
    else this.restBytes += bytes;
  }

  /**
   * Takes the oldest item, and those after it that `join` puts to it.
   * Throws when the file can't be read back: what it held is lost then, and what memory holds comes next.
   */
  shift(join: (first: T, next: T) => boolean = () => false): Group<T> | undefined {
    const [oldest] = this.held.slice(this.taken, this.taken + 1);
    if (!oldest) return undefined;
    const item = this.load(oldest);
    this.taken++;
    const before = this.inherited;
    this.inherited = undefined;
    const limit = before ? before.count : MAX_JOINED;
    let count = 1;
    let weight = weightOf(oldest);
    for (let next = this.held[this.taken]; next && count < limit; next = this.held[this.taken]) {
      weight += weightOf(next);
      if (!before && weight > MAX_JOINED_BYTES) break;
      const more = this.read(next);
      if (more === undefined || !join(item, more)) break;
      this.taken++;
      count++;
    }
    return { item, place: oldest.place, count, batch: before?.batch };
  }

  /** Says, before it is tried, under which number a group goes. */
  try({ place, count }: Group<T>, batch: number): void {
    this.mark = { place, count, batch };
    this.append(toMarkLine(this.mark));
  }

  /** What was taken is with the server, or was refused: it needs to be kept no longer. `batch` is the next number. */
  settle(batch: number): void {
    for (const { spot, bytes } of this.held.splice(0, this.taken)) {
      this.memoryBytes -= bytes;
      if (spot) this.fileBytes -= spot.length;
      else this.restBytes -= bytes;
    }
    this.taken = 0;
    this.mark = { place: this.held[0]?.place ?? this.next, count: 0, batch };
    this.tidy();
  }

  /** The files go, or stay for whoever takes over. */
  close({ keep = false } = {}): void {
    this.closeFile();
    if (keep) return;
    for (const segment of this.segments.keys()) this.remove(segment);
  }

  private inherit(): void {
    const { dir, name } = this.options;
    const { mark, items, segments } = readSegments(dir, name);
    this.mark = mark;
    if (mark.count > 0) this.inherited = mark;
    this.segments = segments;
    this.segment = Math.max(0, ...segments.keys());
    for (const { place, spot } of items) {
      this.held.push({ place, spot, bytes: 0, item: undefined });
      this.fileBytes += spot.length;
    }
    this.next = Math.max(mark.place + mark.count, (items.at(-1)?.place ?? -1) + 1);
  }

  /** Undefined when it can't be read back. */
  private read({ item, spot }: Held<T>): T | undefined {
    const { dir, name } = this.options;
    try {
      return item ?? (spot && readItem<T>(dir, name, spot));
    } catch {
      return undefined;
    }
  }

  private load({ item, spot }: Held<T>): T {
    if (item !== undefined || !spot) return item as T;
    const { dir, name } = this.options;
    try {
      return readItem<T>(dir, name, spot);
    } catch (cause) {
      const waiting = this.held.splice(this.taken);
      const kept = waiting.filter((one) => one.item !== undefined);
      for (const one of waiting) if (one.item === undefined && one.spot) this.fileBytes -= one.spot.length;
      this.held.push(...kept);
      throw new AppError(
        "INTERNAL",
        `${waiting.length - kept.length} batches in ${toSegmentPath(dir, name, spot.segment)} can't be read back: ${cause}`,
        { cause },
      );
    }
  }

  /** Undefined when the disk refuses. */
  private write(place: number, item: T): Spot | undefined {
    const { segmentBytes = SEGMENT_BYTES } = this.options;
    if (this.writeAt >= segmentBytes) this.closeFile();
    const line = Buffer.from(toItemLine(place, item));
    const offset = this.append(line, place);
    return offset === undefined ? undefined : { segment: this.segment, offset, length: line.length - 1 };
  }

  /** Where it begins; undefined when the disk refuses. */
  private append(line: string | Buffer, place = this.next): number | undefined {
    try {
      const file = this.file ?? this.open(place);
      if (this.torn) this.writeAt += writeSync(file, "\n", this.writeAt);
      const bytes = typeof line === "string" ? Buffer.from(line) : line;
      this.torn = true;
      for (let done = 0; done < bytes.length; )
        done += writeSync(file, bytes, done, bytes.length - done, this.writeAt + done);
      this.torn = false;
      const offset = this.writeAt;
      this.writeAt += bytes.length;
      return offset;
    } catch {
      return undefined;
    }
  }

  /** A new segment begins with what the last one said: that one may be gone when this is read. */
  private open(place: number): number {
    const { dir, name } = this.options;
    const file = openSync(toSegmentPath(dir, name, this.segment + 1), "w+", 0o600);
    this.file = file;
    this.segment++;
    this.segments.set(this.segment, place);
    this.torn = false;
    this.writeAt = 0;
    this.writeAt = writeSync(file, toMarkLine(this.mark), 0);
    return file;
  }

  /** Segments whose every item is settled go. */
  private tidy(): void {
    const numbers = [...this.segments.keys()].sort((a, b) => a - b);
    for (const [i, number] of numbers.entries()) {
      const end = this.segments.get(numbers[i + 1] ?? -1) ?? this.next;
      if (end > this.mark.place) return;
      if (number === this.segment && this.file !== undefined) {
        if (this.writeAt < TIDY_BYTES) return;
        this.closeFile();
      }
      this.remove(number);
    }
  }

  private remove(segment: number): void {
    rmSync(toSegmentPath(this.options.dir, this.options.name, segment), { force: true });
    this.segments.delete(segment);
  }

  private closeFile(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
    this.writeAt = 0;
  }
}

const weightOf = ({ spot, bytes }: Held<unknown>): number => spot?.length ?? bytes;
