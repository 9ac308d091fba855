import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { readReserve, refuseWhenFull, spaceOf, watchSpace } from "@/db/space";
import { inTransaction } from "@/db/transaction";
import { withDatabase } from "../support/database";

const PETABYTE = 2 ** 50;

test("with less free than the reserve writes are refused before they reach the database; reads go on", () =>
  withDatabase(async (db) => {
    const unwatch = await watchSpace(db, tmpdir(), PETABYTE);
    let ran = false;
    await expect(
      inTransaction(db, async () => {
        ran = true;
      }),
    ).rejects.toMatchObject({ code: "DISK_FULL", status: 507 });
    expect(ran).toBe(false);
    expect(await db.sql`select 1 as one`).toEqual([{ one: 1 }]);
    expect(spaceOf(db)).toMatchObject({ full: true, reserveBytes: PETABYTE });
    unwatch();
  }));

test("what makes room is let through down to half of the reserve", () =>
  withDatabase(async (db) => {
    const unwatch = await watchSpace(db, tmpdir(), 0);
    const { freeBytes = 0 } = spaceOf(db);
    unwatch();
    const again = await watchSpace(db, tmpdir(), freeBytes * 1.5);
    expect(() => refuseWhenFull(db)).toThrow("disk is full");
    refuseWhenFull(db, { makesRoom: true });
    again();
    (await watchSpace(db, tmpdir(), freeBytes * 3))();
    expect(() => refuseWhenFull(db, { makesRoom: true })).toThrow("disk is full");
  }));

test("PostgreSQL's own refusal has the same code, and operators hear of it", () =>
  withDatabase(async (db) => {
    expect(spaceOf(db).full).toBe(false);
    const refusal = inTransaction(db, async (tx) => {
      await tx`do $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`;
    });
    await expect(refusal).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(spaceOf(db).full).toBe(true);
  }));

test("without a reserve the disk is looked at and nothing is refused", () =>
  withDatabase(async (db) => {
    const unwatch = await watchSpace(db, tmpdir(), readReserve("0"));
    refuseWhenFull(db);
    expect(spaceOf(db).freeBytes).toBeGreaterThan(0);
    unwatch();
    expect(readReserve("")).toBeUndefined();
    expect(readReserve("64")).toBe(64 * 2 ** 20);
    expect(() => readReserve("1GB")).toThrow("BESOM_DISK_RESERVE_MB");
  }));
