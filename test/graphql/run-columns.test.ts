import { beforeAll, expect, test } from "vitest";
import { type RunColumns, unpackLine } from "@/core/run-columns";
import { readRunPage } from "@/db/queries/run-columns";
import { systemAccess } from "@/engine/authorize";
import { RUN_LINE, type RunLine, SweepColumns } from "@/graphql/operations/pages";
import { addPerson } from "../support/people";
import { seedSweep, WIDE_SOURCE } from "../support/seed-sweep";
import { ask, send, sharedServer, type TestServer } from "../support/server";

const started = sharedServer();
let server: TestServer;
let sweepId: string;
const RUNS = 60;
beforeAll(async () => {
  server = started();
  const seeded = await seedSweep(server.databaseUrl, {
    source: WIDE_SOURCE,
    runs: RUNS,
    lacking: ["dropout"],
    shares: { failed: 0.1, pending: 0.05, running: 0.1 },
  });
  sweepId = seeded.id;
  await server.db.sql`insert into run_notes (run_id, text) values (${seeded.runIds[7] ?? 0}, 'looks odd')`;
  await server.db.sql`update runs set deleted_at = now() where id = ${seeded.runIds[30] ?? 0}`;
});

async function read(args: string, of: { url: string; key?: string } = server) {
  const { sweep } = await ask<{ sweep: { runColumns: RunColumns } | null }>(
    of,
    `{ sweep(id: "${sweepId}") { runColumns${args} } }`,
  );
  return sweep?.runColumns;
}

test("runs in columns are the runs of the list, their metrics those of the summaries", async () => {
  const asked = `metrics: [{name: "val/loss"}, {name: "val/loss", stat: min}, {name: "accuracy"}, {name: "epoch_time", stat: mean}]`;
  const columns = await read(`(${asked})`);
  const { sweep } = await ask<{
    sweep: {
      runs: {
        nodes: (RunLine & { values: number[]; loss: Record<string, number>; time: Record<string, number> })[];
      };
    };
  }>(
    server,
    `{ sweep(id: "${sweepId}") { runs(first: 100, orderBy: {field: id, direction: desc}) { nodes {
      ...RunLine values(${asked}) loss: metric(name: "val/loss") { last min } time: metric(name: "epoch_time") { mean } } } } } ${RUN_LINE}`,
  );
  const { nodes } = sweep.runs;
  if (!columns) throw new Error("no columns");
  expect(columns.count).toBe(RUNS - 1);
  expect(columns.next).toBe(null);
  for (const [i, { values, loss, time, ...line }] of nodes.entries()) {
    expect(unpackLine(columns, i)).toEqual(line);
    const own = columns.values.map((column) => column[i]);
    expect(own).toEqual(values);
    expect(own).toEqual([loss?.last ?? null, loss?.min ?? null, null, time?.mean ?? null]);
  }
  expect(nodes.some(({ loss }) => loss === null)).toBe(true);
});

test("pages follow each other without a gap, by number and by weight", async () => {
  const ids: number[] = [];
  let pages = 0;
  for (let after: string | null = null, more = true; more; pages++) {
    const page: RunColumns | undefined = await read(
      `(metrics: [], first: 25, lines: ${pages !== 1}${after ? `, after: "${after}"` : ""})`,
    );
    ids.push(...(page?.id ?? []));
    expect(page?.lines === undefined).toBe(pages === 1);
    after = page?.next ?? null;
    more = after !== null;
  }
  expect(pages).toBe(3);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
  expect(ids).toHaveLength(RUNS - 1);

  const heavy = { sweepId, length: 50, maxBytes: 2_000 };
  const page = await readRunPage(server.db, systemAccess(), heavy);
  expect(page.rows.length).toBeGreaterThan(1);
  expect(page.rows.length).toBeLessThan(10);
  expect(page.more).toBe(true);
  expect(page.rows.map(({ id }) => id)).toEqual(ids.slice(0, page.rows.length));
  const one = await readRunPage(server.db, systemAccess(), { ...heavy, maxBytes: 1 });
  expect(one).toMatchObject({ rows: [{ id: ids[0], ordinal: RUNS }], more: true });
});

test("a stranger sees no columns, and nobody gets more than the bounds", async () => {
  expect(await read("(metrics: [])", await addPerson(server, "mallory"))).toBe(undefined);
  const refused = async (args: string) => {
    const { errors } = await send(server, `{ sweep(id: "${sweepId}") { runColumns(${args}) } }`);
    return errors?.[0]?.extensions?.code;
  };
  expect(await refused("metrics: [], first: 10001")).toBe("BAD_INPUT");
  expect(await refused("metrics: [], first: 0")).toBe("BAD_INPUT");
  expect(await refused('metrics: [], after: "nonsense"')).toBe("BAD_INPUT");
  const many = Array.from({ length: 65 }, (_, i) => `{name: "m${i}"}`).join(" ");
  expect(await refused(`metrics: [${many}]`)).toBe("BAD_INPUT");
  const variables = {
    id: sweepId,
    after: null,
    metrics: [{ name: "unheard of", stat: "last" as const }],
    lines: false,
  };
  const { sweep } = await ask(server, SweepColumns, variables);
  expect(sweep?.runColumns.values[0]?.every((value) => value === null)).toBe(true);
});

test("the page's names of metrics are those that its runs log", async () => {
  const { sweep } = await ask<{ sweep: object }>(
    server,
    `{ sweep(id: "${sweepId}") { all: commonMetrics { names more } some: commonMetrics(first: 2) { names more } } }`,
  );
  const names = ["epoch_time", "train/accuracy", "train/loss", "val/loss"];
  expect(sweep).toEqual({ all: { names, more: false }, some: { names: names.slice(0, 2), more: true } });
});
