import { closeSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { AppError } from "@/core/errors";

/*
 * A `.wandb` file is LevelDB's log with a header of its own: blocks of 32 KiB, filled with pieces of records. A piece has a CRC-32 of its
 * kind and its bytes (little-endian, 4 bytes), its length (2), its kind (1) and its bytes; a record is one whole piece or a first, any middle
 * and a last one. Less than a piece's head at the end of a block is padding. The header's 7 bytes belong to the first block.
 */

const BLOCK = 32 * 1024;
const HEAD = 7;
/** `:W&B`, 0xBEE1 little-endian, version 0. */
const HEADER = Buffer.from([0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0]);
const [WHOLE, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];
/** The longest that a client writes, a configuration or a list of files, has some megabytes. */
const MAX_RECORD = 256 * 2 ** 20;
/** Read at once. */
const CHUNK = 32 * BLOCK;

export interface LogRecord {
  /** Where its first piece begins in the file. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** Behind what is whole: where the file breaks off, and how. */
export interface Torn {
  readonly at: number;
  readonly why: string;
}

/**
 * The records of a file, one after the other; a file of gigabytes takes a mebibyte, and a record. A file that breaks off (its process was killed, its machine
 * lost power) gives what is whole.
 * @returns where it broke off, if it did
 * @throws AppError BAD_INPUT for a file that is none, and for damage that whole records follow: what is missing there nobody would notice
 */
export function* readRecordLog(path: string): Generator<LogRecord, Torn | undefined> {
  const file = openSync(path, "r");
  try {
    const log = new Log(path);
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = fill(file, chunk);
      for (let at = 0; at < length; at += BLOCK)
        yield* log.take(chunk.subarray(at, Math.min(at + BLOCK, length)));
      if (length < CHUNK) return log.end();
    }
  } finally {
    closeSync(file);
  }
}

/** As much as there is: only the file's end gives less. */
function fill(file: number, chunk: Buffer): number {
  let length = 0;
  while (length < chunk.length) {
    const more = readSync(file, chunk, length, chunk.length - length, null);
    if (more === 0) break;
    length += more;
  }
  return length;
}

class Log {
  /** Where the next block begins. */
  private base = 0;
  /** A record whose last piece is still to come. */
  private open: { at: number; bytes: number; pieces: Buffer[] } | undefined;
  private torn: Torn | undefined;

  constructor(private readonly path: string) {}

  *take(block: Buffer): Generator<LogRecord> {
    const start = this.base;
    this.base += block.length;
    let at = start === 0 ? this.header(block) : 0;
    while (at + HEAD <= block.length) {
      const length = block.readUInt16LE(at + 4);
      const kind = block[at + 6] ?? 0;
      const [from, to] = [at + HEAD, at + HEAD + length];
      const trouble = this.inspect(block, at, kind, to);
      if (trouble !== undefined) {
        this.tear(start + at, trouble);
        return;
      }
      const record = this.join(start + at, kind, block.subarray(from, to));
      if (record !== undefined) {
        if (this.torn !== undefined) throw damaged(this.path, this.torn, record.at);
        yield record;
      }
      at = to;
    }
    if (block.length < BLOCK && at < block.length) this.tear(start + at, "the head of a record is cut off");
  }

  end(): Torn | undefined {
    if (this.open !== undefined) this.tear(this.open.at, "a record is cut off");
    return this.torn;
  }

  private header(block: Buffer): number {
    if (block.length >= HEADER.length && HEADER.equals(block.subarray(0, HEADER.length)))
      return HEADER.length;
    if (block.length < HEADER.length && block.equals(HEADER.subarray(0, block.length))) return 0;
    const found = block.subarray(0, HEADER.length).toString("hex");
    throw new AppError(
      "BAD_INPUT",
      `${this.path} is no .wandb file: it begins with ${found}, expected ${HEADER.toString("hex")}`,
      { details: { path: this.path } },
    );
  }

  private inspect(block: Buffer, at: number, kind: number, to: number): string | undefined {
    if (kind === 0 && block.readUInt32LE(at) === 0 && to === at + HEAD) return "there are zeros";
    if (to > BLOCK) return "a record is longer than its block";
    if (to > block.length) return "a record is cut off";
    if (crc32(block.subarray(at + 6, to)) !== block.readUInt32LE(at)) return "a checksum is wrong";
    if (kind < WHOLE || kind > LAST) return `a record is of kind ${kind}`;
    if (this.torn !== undefined) return undefined;
    const goesOn = kind === MIDDLE || kind === LAST;
    return goesOn === (this.open !== undefined) ? undefined : "a record has lost its other half";
  }

  /** Behind a tear only what is whole counts: halves there may belong to what was torn. */
  private join(at: number, kind: number, bytes: Buffer): LogRecord | undefined {
    if (kind === WHOLE) return { at, bytes: this.copy(bytes) };
    if (kind === FIRST) this.open = { at, bytes: 0, pieces: [] };
    this.keep(bytes);
    if (kind !== LAST || this.open === undefined) return undefined;
    const { open } = this;
    this.open = undefined;
    return { at: open.at, bytes: Buffer.concat(open.pieces) };
  }

  /** @throws AppError BAD_INPUT for a record that never ends */
  private keep(bytes: Buffer): void {
    if (this.open === undefined) return;
    this.open.pieces.push(this.copy(bytes));
    this.open.bytes += bytes.length;
    if (this.open.bytes <= MAX_RECORD) return;
    const { at } = this.open;
    throw new AppError(
      "BAD_INPUT",
      `the record at byte ${at} of ${this.path} is longer than ${MAX_RECORD} bytes: no client writes such a one`,
      { details: { path: this.path, at } },
    );
  }

  /** What is read stays in the hands of others while the next blocks come. */
  private copy = (bytes: Buffer): Buffer => Buffer.from(bytes);

  private tear(at: number, why: string): void {
    this.torn ??= { at: this.open?.at ?? at, why };
    this.open = undefined;
  }
}

const damaged = (path: string, { at, why }: Torn, next: number): AppError =>
  new AppError(
    "BAD_INPUT",
    `${path} is damaged at byte ${at}: ${why}, and records go on at byte ${next}. Nothing of it was taken; \`wandb sync\` stops there too`,
    { details: { path, at } },
  );
