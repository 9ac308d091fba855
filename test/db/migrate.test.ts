import { expect, test } from "vitest";
import { migrate } from "@/db/migrate";
import { sweeps } from "@/db/schema";
import { withDatabase } from "../support/database";

test("a migrated database has nothing left to migrate, whoever asks", () =>
  withDatabase(async (db) => {
    expect(await Promise.all([migrate(db), migrate(db)])).toEqual([[], []]);
  }));

test("a database that is newer than the program is refused with the way out", () =>
  withDatabase(async (db) => {
    await db.sql`insert into besom_migrations (number, tag, hash) values (999, '0999_future', 'x')`;
    await expect(migrate(db)).rejects.toMatchObject({
      code: "DATABASE_NEWER",
      message: expect.stringContaining("newer Besom"),
    });
  }));

test("plain SQL and Drizzle agree on dates and numbers", () =>
  withDatabase(async (db) => {
    const [row] = await db.sql<
      { at: Date; n: number; x: string }[]
    >`select now() as at, count(*) as n, pg_current_xact_id() as x from sweeps`;
    expect(row?.at).toBeInstanceOf(Date);
    expect(row?.n).toBe(0);
    expect(row?.x).toMatch(/^\d+$/);
    expect(await db.orm.select().from(sweeps)).toEqual([]);
  }));
