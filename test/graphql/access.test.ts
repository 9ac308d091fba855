import { describe, expect, test } from "vitest";
import { inspect, inspectFolder } from "../support/access-inspection";

/**
 * No resolver reaches the database without saying for whom: whatever graphql/ calls of db/queries/ takes `access` as its
 * second argument, and nothing in graphql/ speaks SQL. `access` is branded, so only engine/authorize.ts can have made it.
 */
/** Calls without an access, each with what makes it harmless. */
const ALLOWED: Readonly<Record<string, string>> = {
  "graphql/http/metrics.ts readVitalSigns":
    "sums over the server for /metrics, which checks who asks for itself",
  "graphql/http/status.ts ping": "asks whether the database answers",
  "graphql/live/agent-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/importance-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/metric-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/project-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/run-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/sweep-changes.ts readCursor": "reads where the database stands, no row",
  "graphql/live/metric-changes.ts readMetricNames":
    "names of numbers that readNewBlocks gave for this access",
};

describe("the resolvers", () => {
  const found = inspectFolder("graphql");

  test("pass the caller's access to every query", () => {
    const bare = found.filter(({ what }) => what === "query").map(({ file, name }) => `${file} ${name}`);
    expect([...new Set(bare)].sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  test("speak no SQL", () => {
    expect(found.filter(({ what }) => what === "sql")).toEqual([]);
  });
});

describe("the inspection", () => {
  const import_ = 'import { getRuns, type RunRow } from "@/db/queries/runs";\n';
  test.each([
    ["no access", "getRuns(db, ids)", ["query"]],
    ["something else in its place", "getRuns(db, context, ids)", ["query"]],
    ["an access made up here", "getRuns(db, { kind: 'system' } as Access, ids)", ["query"]],
    ["a query handed on", "const read = getRuns; read(db, ids)", ["query"]],
    ["a tagged template", "db.sql`select 1`", ["sql"]],
    ["a destructured client", "const { sql } = db; sql`select 1`", ["sql"]],
    ["Drizzle", "db.orm.select()", ["sql"]],
    ["an access", "getRuns(db, access, ids)", []],
    ["an access of something", "getRuns(this.db, this.access, ids)", []],
    ["the server's own", "getRuns(db, systemAccess(), ids)", []],
  ])("finds: %s", (_what, body, expected) => {
    expect(inspect("graphql/x.ts", import_ + body).map(({ what }) => what)).toEqual(expected);
  });
  test("sees queries that are imported as a whole", () => {
    const text =
      'import * as runs from "@/db/queries/runs";\nruns.getRuns(db, ids); runs.getRuns(db, access, ids)';
    expect(inspect("graphql/x.ts", text)).toHaveLength(1);
  });
});
