import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ourTables, TRANSIENT } from "@/db/archive/catalog";
import { type ArchiveRecord, MAGIC, packRecord, readRecords } from "@/db/archive/format";
import { backup } from "@/db/backup";
import { type Database, openDatabase } from "@/db/client";
import { startEmbedded } from "@/db/embedded";
import { migrate } from "@/db/migrate";
import { restore } from "@/db/restore";
import { withDatabase } from "../support/database";
import { contentOf, fillTables } from "../support/fill";

let folder: string;
let archive: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "besom-backup-"));
  archive = join(folder, "filled.besom");
  await withDatabase(async (db) => {
    await fillTables(db, 7, ["entities", "projects", "runs"]);
    await backup(db, archive);
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what goes out of one PostgreSQL comes back in another, and back again, to the byte", () =>
  withDatabase(async (source) => {
    await fillTables(source, 7);
    const content = await contentOf(source);
    const filled = [...content].filter(([, rows]) => rows.length === 7).map(([table]) => table);
    expect(filled.sort()).toEqual(
      ourTables()
        .filter((table) => !TRANSIENT.has(table))
        .sort(),
    );

    const there = join(folder, "there.besom");
    const back = join(folder, "back.besom");
    const facts = await backup(source, there);
    expect(facts).toEqual({ tables: filled.length, rows: 7 * filled.length });
    // With DATABASE_URL set the source is an external server of another version, else a second embedded one.
    await withEmbedded(async (embedded) => {
      expect(await restore(embedded, there)).toEqual(facts);
      expect(await contentOf(embedded)).toEqual(content);
      await backup(embedded, back);
    });
    await withDatabase(async (target) => {
      expect(await restore(target, back)).toEqual(facts);
      expect(await contentOf(target)).toEqual(content);
    });
  }));

test("after a restore identities go on where they were, and rows count as changed by the restore", () =>
  withDatabase(async (db) => {
    const [before] = await db.sql<{ xid: string }[]>`select pg_current_xact_id() as xid`;
    await restore(db, archive);
    const [run] = await db.sql<{ id: number }[]>`
      insert into runs (project_id, name, display_name, state, params)
      select id, 'next', 'next', 'pending', '{}' from projects limit 1 returning id`;
    expect(run?.id).toBeGreaterThan(0);
    const [row] = await db.sql<{ older: number }[]>`
      select count(*) as older from sweeps where changed_xid <= ${before?.xid ?? ""}::xid8`;
    expect(row?.older).toBe(0);
    expect(await migrate(db)).toEqual([]);
  }));

test("an identity that is ahead of its rows stays ahead", () =>
  withDatabase(async (db) => {
    await db.sql`select setval('projects_id_seq', 900)`;
    const file = join(folder, "ahead.besom");
    await backup(db, file);
    await withDatabase(async (target) => {
      await restore(target, file);
      const [row] = await target.sql<{ id: number }[]>`select nextval('projects_id_seq') as id`;
      expect(row?.id).toBe(901);
    });
  }));

test("a backup is one moment, while writers go on", () =>
  withDatabase(async (db) => {
    // Each transaction adds to the first and to the last table of the archive; a torn backup would count differently.
    let writing = true;
    const pair = async (i: number) =>
      db.sql.begin(async (tx) => {
        await tx`insert into entities (name, kind) values (${`e${i}`}, 'team')`;
        await tx`insert into audit_events (caller, action, target) values ('t', 'a', ${`e${i}`})`;
      });
    await pair(-1);
    const writer = (async () => {
      for (let i = 0; writing; i++) await pair(i);
    })();
    const file = join(folder, "moment.besom");
    for (let i = 0; i < 2; i++) {
      rmSync(file, { force: true });
      await backup(db, file);
    }
    writing = false;
    await writer;
    await withDatabase(async (target) => {
      await restore(target, file);
      const [row] = await target.sql<{ entities: number; events: number }[]>`
        select (select count(*) from entities) as entities, (select count(*) from audit_events) as events`;
      expect(row?.entities).toBe(row?.events);
      expect(row?.entities).toBeGreaterThan(0);
    });
  }));

test("an older archive is restored into a database of this version, and brought up to it", () =>
  withDatabase(async (db) => {
    const older = join(folder, "older.besom");
    await withEmptyDatabase(async (source) => {
      await migrate(source, { upTo: "0000_house" });
      await fillTables(source, 7);
      await backup(source, older);
    });
    await restore(db, older);
    expect(await migrate(db)).toEqual([]);
    expect((await contentOf(db)).get("runs")?.length).toBe(7);
  }));

test("an archive of a newer program is refused with the way out", () =>
  withDatabase(async (db) => {
    const newer = join(folder, "newer.besom");
    const future = { tag: "0999_future", hash: "x" };
    writeFileSync(
      newer,
      await rewriteHeader((header) => ({ ...header, migrations: [...header.migrations, future] })),
    );
    await expect(restore(db, newer)).rejects.toMatchObject({
      code: "DATABASE_NEWER",
      message: expect.stringContaining("0999_future"),
    });
  }));

test("a database with rows is never written to", () =>
  withDatabase(async (db) => {
    await db.sql`insert into entities (name, kind) values ('ada', 'user')`;
    const before = await contentOf(db);
    await expect(restore(db, archive)).rejects.toMatchObject({
      code: "DATABASE_NOT_EMPTY",
      message: expect.stringContaining("entities"),
    });
    expect(await contentOf(db)).toEqual(before);
  }));

test("tables of another program are never touched", () =>
  withEmptyDatabase(async (db) => {
    await db.sql`create table users (id int)`;
    await expect(restore(db, archive)).rejects.toMatchObject({ code: "DATABASE_NOT_EMPTY" });
    expect(await db.sql`select tablename from pg_tables where schemaname = 'public'`).toEqual([
      { tablename: "users" },
    ]);
  }));

test("whatever byte is damaged or missing, nothing is written", () =>
  withDatabase(async (db) => {
    // One table: the driver's small writes make each COPY take 90 ms (Nagle), however few its rows.
    const small = join(folder, "small.besom");
    await withDatabase(async (source) => {
      await source.sql`insert into entities (name, kind) select 'e' || n, 'team' from generate_series(1, 50) n`;
      await backup(source, small);
    });
    const whole = readFileSync(small);
    const plain = gunzipSync(whole);
    const damage = fc.oneof(
      // the file: cut off, a byte changed
      fc.nat(whole.length - 1).map((at) => whole.subarray(0, at)),
      fc.nat(whole.length - 1).map((at) => flip(whole, at)),
      // what is in it, zipped again so that gzip's own sum can't help
      fc.nat(plain.length - 1).map((at) => gzipSync(plain.subarray(0, at), { level: 1 })),
      fc.nat(plain.length - 1).map((at) => gzipSync(flip(plain, at), { level: 1 })),
    );
    const file = join(folder, "damaged.besom");
    await fc.assert(
      fc.asyncProperty(damage, async (bytes) => {
        writeFileSync(file, bytes);
        const outcome = await restore(db, file).then(
          () => "restored",
          (error: { code?: string }) => error.code,
        );
        // A byte of the header that only people read (its time, the server's version) may change unseen.
        if (outcome === "restored") {
          await db.sql`delete from entities`;
          return;
        }
        expect(["ARCHIVE_INVALID", "DATABASE_NEWER"]).toContain(outcome);
        const [row] = await db.sql<{ n: number }[]>`select count(*) as n from entities`;
        expect(row?.n).toBe(0);
      }),
      { numRuns: 40, examples: [[whole.subarray(0, 0)], [Buffer.from("hello")], [gzipSync("hello")]] },
    );
  }));

test("rows that break a reference are refused by the database, and nothing is written", () =>
  withDatabase(async (db) => {
    const records = await recordsOf(archive);
    const broken = join(folder, "broken.besom");
    // entities' rows are gone, with a count and a hash that agree: only the references know.
    const emptied = new Set<number>();
    const at = records.findIndex(({ kind, body }) => kind === "T" && body.toString().includes('"entities"'));
    for (let i = at + 1; records[i]?.kind === "D"; i++) emptied.add(i);
    const kept = records.flatMap(({ kind, body }, i) => {
      if (emptied.has(i)) return [];
      const isEnd = kind === "E" && body.toString().includes('"entities"');
      const nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
      return [
        packRecord(
          kind,
          isEnd ? Buffer.from(JSON.stringify({ table: "entities", rows: 0, sha256: nothing })) : body,
        ),
      ];
    });
    writeFileSync(broken, gzipSync(Buffer.concat([Buffer.from(MAGIC), ...kept])));
    await expect(restore(db, broken)).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
      message: expect.stringContaining("does not take the rows"),
    });
    expect((await contentOf(db)).get("runs")).toEqual([]);
  }));

test("a file that exists is never replaced, a failed backup leaves none, and a backup is its owner's alone", () =>
  withDatabase(async (db) => {
    await expect(backup(db, archive)).rejects.toMatchObject({ code: "BAD_INPUT" });
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    await db.sql`drop table besom_migrations`;
    await expect(backup(db, join(folder, "failed.besom"))).rejects.toThrow();
    expect(readdirSync(folder).filter((name) => name.startsWith("failed"))).toEqual([]);
  }));

test("a backup that can't be written ends at once and leaves the connection usable", () =>
  withDatabase(async (db) => {
    await db.sql`insert into audit_events (caller, action, target) select 'c', 'a', repeat('x', 500) from generate_series(1, 20000) n`;
    await expect(backup(db, join(folder, "missing", "x.besom"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(await db.sql`select count(*) as n from audit_events`).toEqual([{ n: 20_000 }]);
  }));

test("many rows pass through in pieces, not in memory", () =>
  withDatabase(async (db) => {
    await db.sql`insert into audit_events (caller, action, target) select 'c', 'a', repeat(md5(n::text), 8) from generate_series(1, 60000) n`;
    const file = join(folder, "many.besom");
    const before = process.memoryUsage().rss;
    expect((await backup(db, file)).rows).toBe(60_000);
    await withDatabase(async (target) => {
      expect((await restore(target, file)).rows).toBe(60_000);
    });
    const pieces = (await recordsOf(file)).filter(({ kind }) => kind === "D");
    expect(pieces.length).toBeGreaterThan(30);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(400);
  }));

test("a row larger than a record is cut, and comes back whole", () =>
  withDatabase(async (db) => {
    await db.sql`insert into audit_events (caller, action, target)
      select 'c', 'a', repeat(E'a\\n\\t' || n, length) from (values (1, 5), (2, 17000000), (3, 5)) v (n, length)`;
    const hashes = ({ sql }: Database) => sql`select md5(target) from audit_events order by id`;
    const file = join(folder, "long.besom");
    await backup(db, file);
    const records = await recordsOf(file);
    expect(Math.max(...records.map(({ body }) => body.length))).toBe(256 * 1024);
    await withDatabase(async (target) => {
      expect((await restore(target, file)).rows).toBe(3);
      expect(await hashes(target)).toEqual(await hashes(db));
    });
  }));

test("records come out as they went in, however the bytes are cut", async () => {
  const record = fc.record({
    kind: fc.constantFrom("H", "T", "D", "E", "Z") as fc.Arbitrary<ArchiveRecord["kind"]>,
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record), fc.integer({ min: 1, max: 50 }), async (records, size) => {
      const bytes = Buffer.concat([
        Buffer.from(MAGIC),
        ...records.map(({ kind, body }) => packRecord(kind, body)),
      ]);
      const read: ArchiveRecord[] = [];
      for await (const { kind, body } of readRecords(cut(bytes, size)))
        read.push({ kind, body: Buffer.from(body) });
      expect(read).toEqual(records);
    }),
  );
});

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

async function recordsOf(file: string): Promise<ArchiveRecord[]> {
  const records: ArchiveRecord[] = [];
  for await (const record of readRecords(cut(gunzipSync(readFileSync(file)), 65_536))) records.push(record);
  return records;
}

async function rewriteHeader(
  change: (header: { migrations: { tag: string; hash: string }[] }) => object,
): Promise<Buffer> {
  const [head, ...rest] = await recordsOf(archive);
  const header = Buffer.from(JSON.stringify(change(JSON.parse(head?.body.toString() ?? ""))));
  const packed = rest.map(({ kind, body }) => packRecord(kind, body));
  return gzipSync(Buffer.concat([Buffer.from(MAGIC), packRecord("H", header), ...packed]));
}

async function withEmbedded(body: (db: Database) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "besom-other-"));
  const embedded = await startEmbedded({ dataDir, settings: { fsync: "off" } });
  const db = openDatabase(embedded.url, { max: 2 });
  try {
    await body(db);
  } finally {
    await db.close();
    await embedded.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A database without our tables, on the server of the test run. */
const withEmptyDatabase = (body: (db: Database) => Promise<void>): Promise<void> =>
  withDatabase(async (db, url) => {
    await db.sql`create database ${db.sql(`${new URL(url).pathname.slice(1)}_e`)} template template0`;
    const empty = new URL(url);
    empty.pathname += "_e";
    const other = openDatabase(empty.href, { max: 2 });
    try {
      await body(other);
    } finally {
      await other.close();
      const sql = postgres(url, { max: 1, onnotice: () => {} });
      await sql`drop database ${sql(empty.pathname.slice(1))} with (force)`;
      await sql.end();
    }
  });
