import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { AppError } from "@/core/errors";
import { archivedTables, ourTables, type TableShape } from "./archive/catalog";
import { type Ending, MAGIC, packJson, packRecord, TableDigest } from "./archive/format";
import type { Database, Tx } from "./client";
import { appliedMigrations } from "./migrate";

export interface ArchiveFacts {
  tables: number;
  rows: number;
}

/** Of rows in a record, at most: a row may be far longer than the longest record that a reader takes, so it is cut. */
const RECORD_BYTES = 256 * 1024;
/** Level 4 is twice as quick as the default and 3 % larger on our tables, which are mostly hexadecimal. */
const GZIP_LEVEL = 4;

/**
 * Writes all that the database holds to a file, as one moment saw it, while servers go on working. The file
 * appears whole or not at all; it holds password hashes, so it is its owner's alone (mode 600).
 */
export async function backup(db: Database, file: string): Promise<ArchiveFacts> {
  if (existsSync(file)) {
    throw new AppError("BAD_INPUT", `${file} exists already: a backup never replaces a file, name another`, {
      details: { file },
    });
  }
  const half = `${file}.half-${process.pid}`;
  const facts: ArchiveFacts = { tables: 0, rows: 0 };
  try {
    await db.sql.begin("isolation level repeatable read read only", async (tx) => {
      await prepareSession(tx);
      await pipeline(
        Readable.from(archiveOf(tx, facts)),
        createGzip({ level: GZIP_LEVEL }),
        // On the disk before it has its name: after a power cut there must be no file that only looks whole.
        createWriteStream(half, { mode: 0o600, flags: "wx", flush: true }),
      );
    });
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
  return facts;
}

/** Values in the one form that every server reads back, and no end to the transaction on a slow disk. */
async function prepareSession(tx: Tx): Promise<void> {
  await tx.unsafe(`set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0;
    set local datestyle = 'ISO'; set local timezone = 'UTC'; set local bytea_output = 'hex';
    set local extra_float_digits = 1`);
}

async function* archiveOf(tx: Tx, facts: ArchiveFacts): AsyncGenerator<Buffer> {
  const tables = await archivedTables(tx, ourTables());
  const [server] = await tx<{ version: string }[]>`select current_setting('server_version') as version`;
  yield Buffer.from(MAGIC);
  yield packJson("H", {
    createdAt: new Date().toISOString(),
    serverVersion: server?.version ?? "",
    migrations: (await appliedMigrations(tx)).map(({ tag, hash }) => ({ tag, hash })),
    tables: tables.map(({ name, columns }) => ({ name, columns })),
  });
  for (const table of tables) {
    yield packJson("T", { table: table.name });
    const digest = new TableDigest();
    for await (const piece of copyOut(tx, table)) {
      digest.add(piece);
      yield packRecord("D", piece);
    }
    yield packJson("E", digest.end(table.name));
    facts.tables++;
    facts.rows += digest.rows;
  }
  yield packJson("Z", { tables: tables.length, sequences: await sequencesOf(tx, tables) });
}

/**
 * COPY TO STDOUT by the driver's stream, around one of its corners (postgres 3.4.9): it pauses the socket when the
 * stream is full and resumes it when more is wanted, which an ended stream never says. So we say it (`_read`),
 * or the next statement would wait for ever; and what an unfinished reader left over is read past.
 * @returns the rows, cut at any byte
 */
async function* copyOut(tx: Tx, { name, columns }: TableShape): AsyncGenerator<Buffer> {
  const rows = await tx`copy ${tx(name)} (${tx(columns)}) to stdout`.readable();
  rows.once("end", () => rows._read(0));
  let pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const row of rows.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      pieces.push(row);
      size += row.length;
      if (size < RECORD_BYTES) continue;
      const all = Buffer.concat(pieces);
      let at = 0;
      for (; at + RECORD_BYTES <= size; at += RECORD_BYTES) yield all.subarray(at, at + RECORD_BYTES);
      pieces = [all.subarray(at)];
      size -= at;
    }
    if (size > 0) yield Buffer.concat(pieces);
  } finally {
    rows.resume();
  }
}

/** Read last: sequences don't take part in the snapshot, and must lie beyond each row that it has. */
async function sequencesOf(tx: Tx, tables: readonly TableShape[]): Promise<Ending["sequences"]> {
  const sequences: Ending["sequences"] = [];
  for (const { name, identities } of tables) {
    for (const column of identities) {
      const [row] = await tx<{ sequence: string }[]>`
        select pg_get_serial_sequence(${`public.${name}`}, ${column}) as sequence`;
      const [state] = await tx.unsafe<{ next: number }[]>(
        `select last_value + is_called::int as next from ${row?.sequence ?? ""}`,
      );
      sequences.push({ table: name, column, next: state?.next ?? 1 });
    }
  }
  return sequences;
}
