import { createHash } from "node:crypto";
import { AppError } from "@/core/errors";

/**
 * A Besom archive: gzip around a line of magic and then records, each a letter, its length as uint32 (big endian)
 * and that many bytes.
 *
 *     H  JSON Header                         once, first
 *     T  JSON { table }                      a table begins
 *     D  rows in PostgreSQL's COPY text      any number, cut at any byte; text, its rules are the same in every version
 *     E  JSON { table, rows, sha256 }        the table ends; of all its D bytes
 *     Z  JSON { tables, sequences }          once, last: an archive without it is cut off
 */
export const MAGIC = "besom-archive 1\n";

export interface Header {
  createdAt: string;
  /** Of PostgreSQL, for people. */
  serverVersion: string;
  /** What had been applied, oldest first. */
  migrations: { tag: string; hash: string }[];
  /** In an order in which references point backwards. */
  tables: { name: string; columns: string[] }[];
}

export interface TableEnd {
  table: string;
  rows: number;
  sha256: string;
}

export interface Ending {
  tables: number;
  /** Where each identity column goes on. */
  sequences: { table: string; column: string; next: number }[];
}

export type Kind = "H" | "T" | "D" | "E" | "Z";

export interface ArchiveRecord {
  kind: Kind;
  body: Buffer;
}

/** A record of a length beyond this is damage, not data: rows are cut into pieces far smaller, wherever that falls. */
const LONGEST = 64 * 2 ** 20;

export function packRecord(kind: Kind, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, 0, "latin1");
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

export const packJson = (kind: Kind, value: Header | { table: string } | TableEnd | Ending): Buffer =>
  packRecord(kind, Buffer.from(JSON.stringify(value)));

/** The records of an unzipped archive, however its bytes are cut. @throws AppError ARCHIVE_INVALID */
export async function* readRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<ArchiveRecord> {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!started) {
      if (rest.length < MAGIC.length) continue;
      if (rest.toString("latin1", 0, MAGIC.length) !== MAGIC)
        throw invalid("it is no Besom archive of version 1");
      rest = rest.subarray(MAGIC.length);
      started = true;
    }
    while (rest.length >= 5) {
      const kind = toKind(rest.toString("latin1", 0, 1));
      const length = rest.readUInt32BE(1);
      if (length > LONGEST) throw invalid(`it holds a record of ${length} bytes`);
      if (rest.length < 5 + length) break;
      yield { kind, body: rest.subarray(5, 5 + length) };
      rest = rest.subarray(5 + length);
    }
  }
  if (!started || rest.length > 0) throw invalid("it ends in mid-record");
}

function toKind(letter: string): Kind {
  if (letter === "H" || letter === "T" || letter === "D" || letter === "E" || letter === "Z") return letter;
  throw invalid(`it holds a record of unknown kind ${JSON.stringify(letter)}`);
}

/** Counts rows (in COPY text each ends with a line feed, one within a value is written \\n) and hashes bytes. */
export class TableDigest {
  rows = 0;
  readonly #hash = createHash("sha256");

  add(bytes: Buffer): void {
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) this.rows++;
    this.#hash.update(bytes);
  }

  end(table: string): TableEnd {
    return { table, rows: this.rows, sha256: this.#hash.digest("hex") };
  }
}

export const invalid = (what: string, cause?: unknown): AppError =>
  new AppError(
    "ARCHIVE_INVALID",
    `the archive can't be restored: ${what}; nothing was written, use another copy of it`,
    { cause },
  );
