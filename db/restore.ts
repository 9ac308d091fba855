import { createReadStream } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { AppError } from "@/core/errors";
import { archivedTables, ourTables, type TableShape, TRANSIENT } from "./archive/catalog";
import {
  type ArchiveRecord,
  type Ending,
  type Header,
  invalid,
  readRecords,
  TableDigest,
  type TableEnd,
} from "./archive/format";
import type { ArchiveFacts } from "./backup";
import type { Database, Tx } from "./client";
import { appliedMigrations, type Migration, migrateTo, readMigrations } from "./migrate";

/**
 * Fills an empty database from an archive, whichever PostgreSQL either is: the tables are made as they were when
 * the archive was written, loaded, and then brought to this program's version. One transaction: a damaged
 * archive leaves nothing behind.
 * @throws AppError ARCHIVE_INVALID, DATABASE_NOT_EMPTY, DATABASE_NEWER (the archive is newer than the program)
 */
export async function restore(db: Database, file: string): Promise<ArchiveFacts> {
  const records = readRecords(unzip(file));
  try {
    const header = toHeader(await records.next());
    const then = migrationsOf(header);
    return await db.sql.begin(async (tx) => {
      await tx.unsafe(
        "set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; set local datestyle = 'ISO'; set local timezone = 'UTC'",
      );
      await makeTables(tx, then);
      const facts = await loadTables(tx, header, records);
      await migrateTo(tx, readMigrations());
      return facts;
    });
  } finally {
    await records.return(undefined);
  }
}

async function* unzip(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file);
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  source.once("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Buffer;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (!code.startsWith("Z_")) {
      throw new AppError("BAD_INPUT", `${file} can't be read: ${(cause as Error).message}`, { cause });
    }
    throw invalid(`${file} is ${code === "Z_BUF_ERROR" ? "cut off" : "damaged or no archive"}`, cause);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** This program's migrations up to the archive's version. */
function migrationsOf(header: Header): Migration[] {
  const known = readMigrations();
  const newest = header.migrations.at(-1)?.tag;
  for (const [i, { tag, hash }] of header.migrations.entries()) {
    if (known[i]?.hash === hash) continue;
    throw new AppError(
      "DATABASE_NEWER",
      `the archive is of a database at migration ${newest}, and this program doesn't know its ${tag} (its own last is ${known.at(-1)?.tag}): restore it with the Besom that made it, or a newer one`,
      { details: { tag, newest } },
    );
  }
  return known.slice(0, header.migrations.length);
}

/** Leaves our tables empty and of the archive's version. */
async function makeTables(tx: Tx, then: readonly Migration[]): Promise<void> {
  const existing = await tx<{ name: string }[]>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and c.relname = any(${[...ourTables(), "besom_migrations"]})`;
  const names = existing.map(({ name }) => name);
  const migrated = names.includes("besom_migrations");
  const ours = names.filter((name) => name !== "besom_migrations");
  if (ours.length > 0 && !migrated) throw notEmpty(`its table ${ours[0]} is another program's`, ours[0]);
  for (const name of ours) await refuseFull(tx, name);
  // Newer than the archive, but empty and ours: made again as it was then.
  if (migrated && (await appliedMigrations(tx)).length > then.length) await tx`drop table ${tx(names)}`;
  await migrateTo(tx, then);
}

async function refuseFull(tx: Tx, table: string): Promise<void> {
  // No server may write to it while we look and load.
  await tx`lock table ${tx(table)} in access exclusive mode`;
  if (TRANSIENT.has(table)) return void (await tx`delete from ${tx(table)}`);
  const [row] = await tx<{ full: boolean }[]>`select exists (select from ${tx(table)}) as full`;
  if (!row?.full) return;
  throw notEmpty(`its table ${table} has rows`, table);
}

const notEmpty = (what: string, table: string | undefined): AppError =>
  new AppError(
    "DATABASE_NOT_EMPTY",
    `the database is not empty: ${what}; take a fresh data folder (BESOM_DATA_DIR) or a new database (DATABASE_URL), and restore before a server uses it`,
    { details: { table } },
  );

async function loadTables(
  tx: Tx,
  header: Header,
  records: AsyncIterator<ArchiveRecord>,
): Promise<ArchiveFacts> {
  const shapes = await archivedTables(tx, ourTables());
  const facts: ArchiveFacts = { tables: 0, rows: 0 };
  for (const { name, columns } of header.tables) {
    const shape = shapes.find((each) => each.name === name);
    const strange = columns.find((column) => !shape?.columns.includes(column));
    if (!shape || strange)
      throw invalid(`it has a table or column that its version has not: ${name} ${strange ?? ""}`);
    facts.rows += await loadTable(tx, { ...shape, columns }, records);
    facts.tables++;
  }
  const ending = parse<Ending>(await take(records, "Z"));
  if (ending.tables !== header.tables.length)
    throw invalid(`it holds ${header.tables.length} of ${ending.tables} tables`);
  if (!(await records.next()).done) throw invalid("something follows its end");
  for (const { table, column, next } of ending.sequences) {
    const shape = shapes.find((each) => each.name === table);
    if (!shape?.identities.includes(column) || !Number.isSafeInteger(next))
      throw invalid(`${table}.${column} counts nothing`);
    await tx`select setval(pg_get_serial_sequence(${`public.${table}`}, ${column}), ${next}, false)`;
  }
  return facts;
}

/** Streams one table's rows into COPY; false counts or hashes are found before anything is committed. */
async function loadTable(tx: Tx, shape: TableShape, records: AsyncIterator<ArchiveRecord>): Promise<number> {
  const begin = parse<{ table: string }>(await take(records, "T"));
  if (begin.table !== shape.name) throw invalid(`${shape.name} was expected, ${begin.table} came`);
  const digest = new TableDigest();
  let record = await nextOf(records);
  const pieces = async function* () {
    for (; record.kind === "D"; record = await nextOf(records)) {
      digest.add(record.body);
      yield record.body;
    }
  };
  if (record.kind === "D") await copyIn(tx, shape, pieces());
  if (record.kind !== "E") throw invalid(`a record ${record.kind} stands among the rows of ${shape.name}`);
  const end = parse<TableEnd>(record.body);
  const { rows, sha256 } = digest.end(shape.name);
  if (end.rows !== rows || end.sha256 !== sha256)
    throw invalid(`the rows of ${shape.name} are not those that were archived`);
  return rows;
}

/**
 * COPY FROM STDIN by the driver's stream, around two of its corners (postgres 3.4.9): an error that the server
 * reports after the last byte (a broken reference) reaches nobody, and the stream then never finishes. So the end
 * is told by the next statement: it fails if the copy did.
 */
async function copyIn(tx: Tx, { name, columns }: TableShape, pieces: AsyncIterable<Buffer>): Promise<void> {
  const writable = await tx`copy ${tx(name)} (${tx(columns)}) from stdin`.writable();
  let failure: unknown;
  const broken = new Promise<never>((_, reject) => {
    writable.once("error", (error) => {
      failure = error;
      reject(error);
    });
  });
  broken.catch(() => {});
  try {
    for await (const piece of pieces) {
      const written = new Promise<void>((resolve, reject) => {
        writable.write(piece, (error) => (error ? reject(error) : resolve()));
      });
      await Promise.race([written, broken]);
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw notTaken(name, failure ?? error);
    writable.destroy(error); // the archive is at fault: COPY must not wait for more
    throw error;
  }
  writable.end();
  await setImmediate();
  try {
    await tx`select 1`;
  } catch (error) {
    throw notTaken(name, failure ?? error);
  }
}

const notTaken = (table: string, cause: unknown): AppError =>
  invalid(
    `the database does not take the rows of ${table} (${cause instanceof Error ? cause.message : cause})`,
    cause,
  );

async function nextOf(records: AsyncIterator<ArchiveRecord>): Promise<ArchiveRecord> {
  const { done, value } = await records.next();
  if (done) throw invalid("it ends too early");
  return value;
}

async function take(records: AsyncIterator<ArchiveRecord>, kind: ArchiveRecord["kind"]): Promise<Buffer> {
  const record = await nextOf(records);
  if (record.kind !== kind) throw invalid(`a record ${kind} was expected, ${record.kind} came`);
  return record.body;
}

function toHeader({ done, value }: IteratorResult<ArchiveRecord>): Header {
  if (done || value.kind !== "H") throw invalid("it has no header");
  const header = parse<Header>(value.body);
  const whole =
    Array.isArray(header.migrations) &&
    Array.isArray(header.tables) &&
    header.tables.every(({ name, columns }) => typeof name === "string" && Array.isArray(columns));
  if (!whole) throw invalid("its header is damaged");
  return header;
}

function parse<T>(body: Buffer): T {
  try {
    return JSON.parse(body.toString("utf8")) as T;
  } catch (cause) {
    throw invalid("a record is damaged", cause);
  }
}
