import fc from "fast-check";
import { expect, test } from "vitest";
import { toPostgresPattern } from "@/core/postgres-pattern";
import { type Database, openDatabase } from "@/db/client";
import { countWireRuns, listWireRuns } from "@/db/queries/list-wire-runs";
import { systemAccess } from "@/engine/authorize";
import { readRunFilter, readRunOrder } from "@/gateway/wandb/run-filter";
import { withDatabase } from "../support/database";
import { type MongoRun, meets, ordering } from "../support/mongo-model";

const word = fc.constantFrom(
  "a",
  "A",
  "b",
  "ab",
  "'; drop table runs; --",
  "$eq",
  "%",
  "é🧹",
  "1",
  "x.y",
  "line\nbreak",
);
const number = fc.constantFrom(-1, 0, 0.1, 1, 2, 1e-7, 1e22);
const scalar = fc.oneof(word, number, fc.boolean(), fc.constant(null));
const json = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("x", "lr", "value", "min", "max"), scalar, { maxKeys: 2 }),
);
const name = fc.constantFrom("lr", "opt", "opt.lr", "a'b", "value");
const values = fc.dictionary(name, json, { maxKeys: 4 });
const run = fc.record({
  state: fc.constantFrom("pending", "running", "finished", "failed", "killed"),
  displayName: word,
  group: fc.option(word),
  tags: fc.uniqueArray(word, { maxLength: 3 }),
  config: values,
  params: values,
  summary: values,
  metrics: fc.dictionary(name, number, { maxKeys: 3 }),
  recorded: fc.boolean(),
});
type Given = typeof run extends fc.Arbitrary<infer T> ? T : never;

const jsonKey = fc
  .tuple(
    fc.constantFrom("config", "summary_metrics"),
    name,
    fc.constantFrom("", ".value", ".x", ".lr", ".value.x", ".min"),
  )
  .map(([prefix, one, more]) => `${prefix}.${one}${more}`);
const list = (of: fc.Arbitrary<unknown>) => fc.array(of, { maxLength: 3 });
const comparison = (of: fc.Arbitrary<unknown>) =>
  fc.tuple(fc.constantFrom("$gt", "$gte", "$lt", "$lte"), of).map(([op, value]) => ({ [op]: value }));
const pattern = fc.constantFrom("^a", "b$", "a|b", "^[a-z]+$", "\\d", "(ab|A){1,2}", "\\.", ".y");
const operator = (of: fc.Arbitrary<unknown>, ordered: fc.Arbitrary<unknown>) =>
  fc.oneof(
    fc.record({ $eq: of }),
    fc.record({ $ne: of }),
    fc.record({ $in: list(of) }),
    fc.record({ $nin: list(of) }),
    fc.record({ $exists: fc.boolean() }),
    fc.record({ $regex: pattern }),
    comparison(ordered),
  );
const condition = fc
  .oneof(
    fc.tuple(
      jsonKey,
      fc.oneof(json, operator(json, fc.oneof(word, number)), fc.record({ $not: operator(json, number) })),
    ),
    fc.tuple(
      fc.constantFrom("state", "displayName", "display_name", "group", "name"),
      fc.oneof(word, operator(word, word)),
    ),
    fc.tuple(
      fc.constant("tags"),
      fc.oneof(
        word,
        fc.record({ $in: list(word) }),
        fc.record({ $nin: list(word) }),
        fc.record({ $exists: fc.boolean() }),
        fc.record({ $regex: pattern }),
      ),
    ),
  )
  .map(([key, value]) => ({ [key]: value }));
const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => ({
  filter: fc.oneof(
    { weight: 3, arbitrary: condition },
    fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map(($and) => ({ $and })),
    fc.array(tie("filter"), { minLength: 1, maxLength: 3 }).map(($or) => ({ $or })),
    fc.array(tie("filter"), { minLength: 1, maxLength: 2 }).map(($nor) => ({ $nor })),
    tie("filter").map(($not) => ({ $not })),
  ),
}));

test("filters and orders of wandb's clients find what a run-by-run reading of them finds, page by page", async () => {
  await withDatabase(async (db) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 12 }),
        fc.array(filter, { minLength: 1, maxLength: 8 }),
        fc.tuple(jsonKey, fc.boolean()),
        fc.integer({ min: 1, max: 5 }),
        async (given, filters, [key, descending], first) => {
          const { projectId, runs } = await insert(db, given);
          const order = readRunOrder(`${descending ? "-" : "+"}${key}`);
          for (const one of filters) {
            const asked = readRunFilter(JSON.stringify(one));
            const expected = runs.filter((each) => meets(each, one)).sort(ordering(key, descending));
            const found: number[] = [];
            for (let after: Parameters<typeof listWireRuns>[3]["after"], more = true; more; ) {
              const page = await listWireRuns(
                db,
                systemAccess(),
                { projectId },
                {
                  ...{ filter: asked, order, first, records: false },
                  after,
                },
              );
              found.push(...page.runs.map(({ id }) => id));
              const last = page.runs.at(-1);
              after = last && { ...last.position, asOf: 0 };
              more = page.more;
            }
            const context = JSON.stringify(one);
            expect(found, context).toEqual(expected.map(({ id }) => id));
            expect(await countWireRuns(db, systemAccess(), { projectId }, asked), context).toBe(
              expected.length,
            );
          }
        },
      ),
      { numRuns: process.env.BESOM_CI === "brief" ? 20 : 60 },
    );
  });
}, 240_000);

let projects = 0;

async function insert(
  db: Database,
  given: readonly Given[],
): Promise<{ projectId: number; runs: MongoRun[] }> {
  const { sql } = db;
  const [project] = await sql<{ id: number }[]>`
    with e as (insert into entities (name, kind) values (${`e${++projects}`}, 'user') returning id)
    insert into projects (entity_id, name) select id, 'p' from e returning id`;
  const projectId = project?.id ?? 0;
  const runs: MongoRun[] = [];
  for (const [i, one] of given.entries()) {
    const { state, displayName, group, tags, params, summary, metrics, recorded } = one;
    const config = Object.fromEntries(Object.entries(one.config).map(([key, value]) => [key, { value }]));
    const [row] = await sql<{ id: number }[]>`
      insert into runs (project_id, name, display_name, state, params, attempt)
      values (${projectId}, ${`r${i}`}, ${displayName}, ${state}, ${JSON.stringify(params)}::text::jsonb, 1) returning id`;
    const id = row?.id ?? 0;
    await sql`insert into attempts (run_id, number) values (${id}, 1)`;
    for (const tag of tags) await sql`insert into run_tags (run_id, tag) values (${id}, ${tag})`;
    if (recorded)
      await sql`insert into run_records (run_id, config, summary, group_name) values
        (${id}, ${JSON.stringify(config)}::text::jsonb, ${JSON.stringify(summary)}::text::jsonb, ${group})`;
    for (const [metric, last] of Object.entries(metrics))
      await sql`with m as (
          insert into metrics (project_id, name) values (${projectId}, ${metric})
          on conflict (project_id, name) do update set name = excluded.name returning id)
        insert into metric_summaries (run_id, attempt, metric_id, count, last) select ${id}, 1, m.id, 1, ${last} from m`;
    runs.push({
      id,
      fields: {
        ...{ name: `r${i}`, state, displayName, display_name: displayName, tags },
        group: recorded ? group : null,
      },
      config: recorded ? config : {},
      summary: recorded ? summary : {},
      ...{ params, metrics },
    });
  }
  return { projectId, runs };
}

test("a regular expression means to PostgreSQL what it means to Python, where it is taken at all", async () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "\\d",
    "\\w",
    "\\.",
    "\\b",
    "1",
    "-",
    "]",
    "\\S",
    "{",
  );
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: "small" },
      atom,
      fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(atom, fc.constantFrom("*", "+?", "?", "{1,2}", "{2}", "*?"))
        .map(([a, count]) => `(?:${a})${count}`),
      tie("expression").map((one) => `^${one}`),
      tie("expression").map((one) => `${one}$`),
    ),
  }));
  const text = fc.string({ unit: fc.constantFrom("a", "b", "1", ".", "-", " ", "]", "{"), maxLength: 6 });
  await withDatabase(async ({ sql }) => {
    await fc.assert(
      fc.asyncProperty(expression, fc.array(text, { minLength: 1, maxLength: 20 }), async (one, texts) => {
        const rows = await sql<{ met: boolean }[]>`
          select t ~ ${toPostgresPattern(one)}::text as met from unnest(${texts}::text[]) with ordinality x (t, i) order by i`;
        const plain = one.replaceAll(/(?<![\\[(?:^])\{(?!\d)/g, "\\{");
        expect(
          rows.map(({ met }) => met),
          one,
        ).toEqual(texts.map((each) => new RegExp(plain).test(each)));
      }),
      { numRuns: 300 },
    );
  });
});

test("what could keep a matcher busy for ever is refused, and what is taken is soon over", async () => {
  for (const pattern of [
    "(a)\\1",
    "(?=a)",
    "(?<!a)b",
    "[[:alpha:]]",
    "a{1000}",
    "(a{20}){20}",
    "(",
    "[a",
    "x".repeat(501),
    "\\pL",
  ])
    expect(() => toPostgresPattern(pattern), pattern).toThrow();
  await withDatabase(async ({ sql }) => {
    for (const pattern of ["(a+)+$", "(a|aa)+$", "(.*)(.*)(.*)(.*)x", "((a{5}){5}){10}b", "(a?){200}b"]) {
      const rows = await sql`select ${"a".repeat(5_000)}::text ~ ${toPostgresPattern(pattern)}::text as met`;
      expect(rows).toHaveLength(1);
    }
  });
});

test("a page by creation ends its reading with the page: 50 of 10,000 runs touch no more of them", async () => {
  await withDatabase(async (filled, url) => {
    const { projectId } = await insert(filled, []);
    await filled.sql`insert into runs (project_id, name, display_name, state, params)
      select ${projectId}, 'r' || i, 'r', 'finished', '{}' from generate_series(1, 10000) i`;
    await filled.sql`analyze runs`;
    // Counters are a connection's own until they are flushed.
    const db = openDatabase(url, { max: 1 });
    const read = async (order: string) => {
      const before = await rowsRead(db);
      const page = await listWireRuns(
        db,
        systemAccess(),
        { projectId },
        {
          ...{ order: readRunOrder(order), first: 50, records: true },
        },
      );
      return { ...page, read: (await rowsRead(db)) - before };
    };
    try {
      const { runs, more, read: rows } = await read("-created_at");
      expect([runs.length, more, runs[0]?.name]).toEqual([50, true, "r10000"]);
      expect(rows).toBeLessThan(500);
      expect((await read("-heartbeat_at")).read).toBeGreaterThan(9_000);
    } finally {
      await db.close();
    }
  });
});

/** Rows of runs that the connection's statements have fetched. */
async function rowsRead({ sql }: Database): Promise<number> {
  await sql`select pg_stat_force_next_flush()`;
  await sql`select pg_stat_clear_snapshot()`;
  const rows = await sql<{ read: number }[]>`
    select (coalesce(sum(idx_tup_fetch), 0) + coalesce(sum(seq_tup_read), 0))::float8 as read
    from pg_stat_all_tables where relname = 'runs'`;
  return rows[0]?.read ?? 0;
}
