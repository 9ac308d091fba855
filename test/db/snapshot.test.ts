import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSeen, parseSnapshot, stringifySnapshot, toLater } from "@/db/snapshot";
import { withDatabase } from "../support/database";

const snapshot = fc
  .record({ xmin: fc.bigInt(1n, 1_000n), span: fc.bigInt(0n, 50n), picks: fc.array(fc.bigInt(0n, 49n)) })
  .map(({ xmin, span, picks }) => {
    const open = [...new Set(picks.filter((pick) => pick < span))].sort((a, b) => (a < b ? -1 : 1));
    return `${xmin}:${xmin + span}:${open.map((pick) => xmin + pick).join(",")}`;
  });

describe("cursors", () => {
  test("read back as they were written, and see what PostgreSQL says they see", async () => {
    await withDatabase(async ({ sql }) => {
      await fc.assert(
        fc.asyncProperty(snapshot, fc.bigInt(1n, 1_100n), async (text, xid) => {
          const parsed = parseSnapshot(text);
          expect(stringifySnapshot(parsed)).toBe(text);
          const rows =
            await sql`select pg_visible_in_snapshot(${String(xid)}::xid8, ${text}::pg_snapshot) as seen`;
          expect(isSeen(xid, parsed)).toBe(rows[0]?.seen);
        }),
        { numRuns: 60 },
      );
    });
  });

  test("of other shapes, sizes and orders are refused", () => {
    const bad = [
      "",
      "1",
      "a:b:",
      "5:3:",
      "0:1:",
      "1:5:7",
      "1:5:3,2",
      "1:99999999999999999999:",
      `1:2:${"1,".repeat(20_000)}1`,
    ];
    for (const text of bad) {
      expect(() => parseSnapshot(text), text.slice(0, 40)).toThrowError(
        expect.objectContaining({ code: "BAD_INPUT" }),
      );
    }
  });

  test("of one database, the one taken later has seen at least as much", async () => {
    await withDatabase(async ({ sql }) => {
      const now = async () => parseSnapshot((await sql`select pg_current_snapshot()::text as s`)[0]?.s);
      // Transaction ids belong to the whole server: tests in other databases have theirs open as well.
      const own = await sql.begin(async (tx) => {
        const [row] = await tx<{ id: string }[]>`select pg_current_xact_id()::text as id`;
        const id = BigInt(row?.id ?? 0);
        const early = await now();
        await sql`select pg_current_xact_id()`;
        const late = await now();
        expect(toLater(early, late)).toEqual(late);
        expect(toLater(late, early)).toEqual(late);
        expect([isSeen(id, early), isSeen(id, late)]).toEqual([false, false]);
        return id;
      });
      expect(isSeen(own, await now())).toBe(true);
    });
  });
});
