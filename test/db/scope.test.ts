import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "@/core/errors";
import { type Database, openDatabase } from "@/db/client";
import { openScope } from "@/db/scope";
import { createDatabase } from "../support/database";

let database: Awaited<ReturnType<typeof createDatabase>>;
let db: Database;
beforeAll(async () => {
  database = await createDatabase();
  db = openDatabase(database.url, { max: 2, maxReaders: 3 });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const TOO_LATE = new AppError("TIMED_OUT", "too late");
/** Statements of the readers that run now. */
const sleeping = () => db.sql<{ pid: number }[]>`
  select pid from pg_stat_activity where datname = current_database() and state = 'active' and query like 'select pg_sleep%'`;
const until = async (count: number) => {
  while ((await sleeping()).length !== count) await new Promise(setImmediate);
};
/** Each of the readers answers, with the right answer. */
const expectHealthy = async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => db.readers`select ${i}::int as i`));
  expect(answers.map(([row]) => row?.i)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  const backends = await Promise.all(
    Array.from(
      { length: 3 },
      () => db.readers<{ pid: number }[]>`select pg_backend_pid() as pid, pg_sleep(0.05)`,
    ),
  );
  expect(new Set(backends.map(([row]) => row?.pid)).size).toBe(3);
};

describe("an operation that has ended", () => {
  test("leaves no statement running, and its connections are good for the next", async () => {
    const scope = openScope(db);
    const reads = Array.from({ length: 3 }, () => scope.db.sql`select pg_sleep(600)`);
    const outcome = Promise.allSettled(reads);
    await until(3);
    scope.end(TOO_LATE);
    expect((await outcome).map((one) => one.status === "rejected" && one.reason)).toEqual(
      Array(3).fill(TOO_LATE),
    );
    await until(0);
    await expectHealthy();
  });

  test("leaves no hole in the next answer of a connection whose statement ended among its rows", async () => {
    const scope = openScope(db);
    const reads = Array.from(
      { length: 3 },
      () =>
        scope.db
          .sql`select pg_sleep(case when i > 5000 then 600 else 0 end), repeat('row', 20) from generate_series(1, 6000) i`,
    );
    const outcome = Promise.allSettled(reads);
    await until(3);
    // Until the rows before the sleep have come over.
    await new Promise((resolve) => setTimeout(resolve, 300));
    scope.end(TOO_LATE);
    await outcome;
    await until(0);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => db.readers`select i from generate_series(1, 3) i`),
    );
    for (const rows of answers) expect([...rows].map((row) => row?.i)).toEqual([1, 2, 3]);
  });

  test("takes what still waits for a connection with it", async () => {
    const scope = openScope(db);
    const outcome = Promise.allSettled(Array.from({ length: 20 }, () => scope.db.sql`select pg_sleep(600)`));
    await until(3);
    scope.end(TOO_LATE);
    expect((await outcome).every((one) => one.status === "rejected" && one.reason === TOO_LATE)).toBe(true);
    await until(0);
    await expectHealthy();
  });

  test("before its first connection is open, too", async () => {
    const fresh = openDatabase(database.url, { max: 1, maxReaders: 1 });
    try {
      const scope = openScope(fresh);
      const outcome = Promise.allSettled([
        scope.db.sql`select pg_sleep(600)`,
        scope.db.sql`select pg_sleep(600)`,
      ]);
      await new Promise(setImmediate);
      scope.end(TOO_LATE);
      expect((await outcome).every((one) => one.status === "rejected")).toBe(true);
      expect(await fresh.readers`select 1 as one`).toEqual([{ one: 1 }]);
    } finally {
      await fresh.close();
    }
  });

  test("rolls its transaction back in the middle", async () => {
    const scope = openScope(db);
    const outcome = scope.db.sql
      .begin("isolation level repeatable read read only", async (tx) => {
        await tx`select 1`;
        await Promise.all([tx`select pg_sleep(600)`, tx`select pg_sleep(600)`]);
      })
      .catch((error: unknown) => error);
    await until(1);
    scope.end(TOO_LATE);
    expect(await outcome).toBe(TOO_LATE);
    await until(0);
    await expectHealthy();
  });

  test("asks nothing more", async () => {
    const scope = openScope(db);
    scope.end(TOO_LATE);
    await expect(scope.db.sql`select 1`).rejects.toBe(TOO_LATE);
    await expect(scope.db.sql.begin((tx) => tx`select 1`)).rejects.toBe(TOO_LATE);
    await expectHealthy();
  });
});

test("what others read meanwhile is not touched", async () => {
  const other = openScope(db);
  for (let round = 0; round < 20; round++) {
    const scope = openScope(db);
    const outcome = scope.db.sql`select pg_sleep(600)`.catch(() => {});
    const reads = Promise.all(
      Array.from({ length: 30 }, (_, i) => other.db.sql`select ${i}::int as i, pg_sleep(0.001)`),
    );
    await until(1);
    scope.end(TOO_LATE);
    expect((await reads).map(([row]) => row?.i)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    await outcome;
  }
  await expectHealthy();
});

test("an operation reads as any other: fragments, lists, transactions and their answers; and never writes", async () => {
  const { db: scoped } = openScope(db);
  const { sql } = scoped;
  const more = sql`and b in ${sql([1, 2])}`;
  expect(await sql`select a from (values (1, 1), (2, 3)) as t (a, b) where a > 0 ${more}`).toEqual([
    { a: 1 },
  ]);
  expect(await sql.unsafe("select 1 as one")).toEqual([{ one: 1 }]);
  expect(await sql.begin((tx) => [tx`select 1 as one`, tx`select 2 as two`])).toEqual([
    [{ one: 1 }],
    [{ two: 2 }],
  ]);
  expect(scoped.root).toBe(db);
  await expect(sql`create table t (a int)`).rejects.toMatchObject({ code: "25006" });
});
