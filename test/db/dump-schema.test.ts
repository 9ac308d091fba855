import { expect, test } from "vitest";
import { dumpSchema } from "@/db/dump-schema";
import { withDatabase } from "../support/database";

/** After a migration: `npx vitest run test/db/dump-schema.test.ts -u`, and read the difference. */
test("the migrations make exactly the schema that db/schema.sql shows, on every PostgreSQL", () =>
  withDatabase(async (db) => {
    await expect(await dumpSchema(db.sql)).toMatchFileSnapshot("../../db/schema.sql");
  }));

test("what a migration adds is seen in the dump", () =>
  withDatabase(async (db) => {
    const before = await dumpSchema(db.sql);
    await db.sql`create index seen_idx on runs (display_name)`;
    await db.sql`alter table agents add column seen text not null default 'x'`;
    const added = (await dumpSchema(db.sql)).split("\n").filter((line) => !before.includes(line));
    expect(added).toEqual([
      "  seen text not null default 'x'::text,",
      "CREATE INDEX seen_idx ON public.runs USING btree (display_name);",
    ]);
  }));
