import fc from "fast-check";
import { expect, test } from "vitest";
import type { Position } from "@/core/filter/position";
import { meanOf } from "@/core/history/summary";
import { RUN_STATES } from "@/core/run";
import { RUN_FIELDS, type RunFilter, type RunOrder, readRunFilter, readRunOrder } from "@/core/run-filter";
import { Float, parseJson, stringifyJson, type Value, type ValueMap } from "@/core/value";
import type { Database } from "@/db/client";
import { listRuns } from "@/db/queries/filter-runs";
import { systemAccess } from "@/engine/authorize";
import { withDatabase } from "../support/database";
import { type ModelRun, matches, sorted } from "../support/run-filter-model";

const NOW = Date.UTC(2026, 0, 2);
const BIG = 2n ** 53n + 1n;

const word = fc.constantFrom(
  "",
  "a",
  "A",
  "b",
  "aB",
  "ab",
  "b_",
  "%",
  "'; drop",
  "z\\",
  "é",
  "ﬀ\uFFFD",
  "🧹",
  "é🧹",
  "1",
  "true",
);
const long = fc.constantFrom("x".repeat(205), `${"x".repeat(204)}y`, "🧹".repeat(201));
const text = fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: long });
const small: fc.Arbitrary<number> = fc.constantFrom(
  -1,
  0,
  0.1,
  0.30000000000000004,
  1,
  2,
  1e-7,
  1e22,
  -5e-324,
  1.7e308,
);
/** Means of the very smallest numbers are not divided to the last bit in SQL: another test is about them. */
const logged = small.map((value) => (value === -5e-324 ? -1e-200 : value));
const moment = fc.integer({ min: 0, max: 6 }).map((n) => NOW - 3_600_000 + n * 700_001);

const parameter: fc.Arbitrary<Value> = fc.oneof(
  small,
  fc.constantFrom<Value>(new Float(1), new Float(2), BIG, 2 ** 53 - 1, null, true, false),
  text,
  fc.array(fc.oneof(small, word), { maxLength: 2 }),
);
const params: fc.Arbitrary<ValueMap> = fc.record(
  {
    lr: parameter,
    opt: fc.record({ lr: parameter, kind: parameter }, { requiredKeys: [] }),
    "opt.lr": parameter,
  },
  { requiredKeys: [] },
);
const summary = fc
  .record({
    count: fc.integer({ min: 0, max: 3 }),
    a: logged,
    b: logged,
    c: logged,
    sum: fc.oneof(logged, fc.constantFrom(Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY)),
  })
  .map(({ count, a, b, c, sum }) => {
    const empty = count === 0;
    const [min, max] = [Math.min(a, b), Math.max(a, b)];
    return {
      count,
      first: empty ? null : a,
      last: empty ? null : c,
      min: empty ? null : min,
      max: empty ? null : max,
      sum: empty ? null : sum,
    };
  });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 3 });
const run = fc.record({
  sweep: fc.constantFrom("sweepmin", "sweepmax", null),
  state: fc.constantFrom(...RUN_STATES),
  stateReason: maybe(word),
  displayName: text,
  notes: maybe(text),
  host: maybe(word),
  tags: fc.uniqueArray(fc.constantFrom("a", "A", "b", "c d"), { maxLength: 3 }),
  createdAt: moment,
  startedAt: maybe(moment),
  finishedAt: maybe(moment),
  deleted: fc.constantFrom(false, false, false, true),
  attempt: fc.integer({ min: 1, max: 2 }),
  crashes: fc.integer({ min: 0, max: 2 }),
  preemptions: fc.integer({ min: 0, max: 1 }),
  generation: maybe(fc.integer({ min: 1, max: 2 })),
  exitCode: maybe(fc.integer({ min: -1, max: 2 })),
  objective: maybe(small),
  params,
  loss: maybe(summary),
  slashed: maybe(summary),
});
type Seed = typeof run extends fc.Arbitrary<infer T> ? T : never;

const METRICS = ["loss", "val/loss '%"];
const subject = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...Object.keys(RUN_FIELDS)).map((field) => ({ field })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom("lr", "opt.lr", "opt.kind", "opt", "none").map((param) => ({ param })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      metric: fc.constantFrom(...METRICS, "none"),
      stat: fc.constantFrom("last", "min", "max", "mean", "first", "count"),
    }),
  },
);
const integer = fc.integer({ min: -1, max: 4 });
const isoTime = moment.map((ms) => new Date(ms).toISOString());
const plain: fc.Arbitrary<unknown> = fc.oneof(
  small,
  text,
  fc.constantFrom(null, true, false, 2 ** 53),
  fc.array(fc.oneof(small, word), { maxLength: 2 }),
  fc.record({ lr: small, kind: word }, { requiredKeys: [] }),
);

/** A condition that the reader takes: operators and values fit the subject. */
const condition: fc.Arbitrary<RunFilter> = subject.chain((about) => {
  const kind =
    "field" in about
      ? (RUN_FIELDS as Record<string, { kind: string }>)[about.field]?.kind
      : "param" in about
        ? "json"
        : about.stat === "count"
          ? "integer"
          : "number";
  const value: fc.Arbitrary<unknown> =
    {
      text,
      set: fc.constantFrom("a", "A", "b"),
      word: fc.constantFrom(...RUN_STATES),
      integer,
      number: small,
      time: isoTime,
      json: plain,
    }[kind ?? ""] ?? plain;
  const ordered = kind === "json" ? fc.oneof(small, text) : value;
  const over = (ops: string[], of: fc.Arbitrary<unknown>) =>
    fc.record({ op: fc.constantFrom(...ops), value: of }).map((rest) => ({ ...about, ...rest }));
  const options = [
    over(["in", "notIn"], fc.array(value, { maxLength: 3 })),
    over(["exists"], fc.constantFrom(undefined, true, false)),
  ];
  if (kind !== "set") options.push(over(["eq", "ne"], value));
  if (kind !== "set" && kind !== "word") options.push(over(["lt", "le", "gt", "ge"], ordered));
  if (kind === "text" || kind === "set" || kind === "json")
    options.push(over(["contains"], kind === "json" ? plain : value));
  if (kind === "text" || kind === "json") options.push(over(["startsWith", "endsWith"], text));
  return fc.oneof(...options) as fc.Arbitrary<RunFilter>;
});
const { filter } = fc.letrec<{ filter: RunFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    condition,
    fc.record({ and: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
}));
const order: fc.Arbitrary<RunOrder[]> = fc.array(
  fc
    .oneof(
      {
        weight: 8,
        arbitrary: fc
          .tuple(subject, fc.constantFrom("asc", "desc", undefined))
          .map(([about, direction]) => ({ ...about, direction })),
      },
      { weight: 1, arbitrary: fc.constant({ field: "objective", direction: "best" }) },
    )
    .filter((key) => !("field" in key && key.field === "tags")) as fc.Arbitrary<RunOrder>,
  { maxLength: 3 },
);

test("runs under any filter, in any order and page by page, are those that a plain reading of the filter gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(run, { minLength: 20, maxLength: 60 }),
      fc.array(fc.record({ filter, order, length: fc.integer({ min: 3, max: 40 }) }), {
        minLength: 40,
        maxLength: 40,
      }),
      fc.array(run, { minLength: 40, maxLength: 40 }),
      (seeds, questions, later) =>
        withDatabase(async (db) => {
          const place = await makePlace(db);
          const runs = await insertRuns(db, place, [], seeds);
          for (const { filter, order, length } of questions) {
            const asked = { filter: readRunFilter(filter), order: readRunOrder(order), length };
            const known = runs.map(toModel).filter((one) => !one.deleted);
            const found = known.filter((one) => matches(one, filter));
            const expected = sorted(found, order).map(({ id }) => id);
            const about = JSON.stringify({ filter, order, length });
            expect(await readAll(db, place, { ...asked, backward: false }), about).toEqual(expected);
            expect(await readAll(db, place, { ...asked, backward: true }), about).toEqual(expected);
            // Rows that come between two pages neither repeat nor hide what was there before.
            const old = new Set(known.map(({ id }) => id));
            const seen = await readAll(db, place, {
              ...asked,
              backward: false,
              between: async () => {
                runs.push(...(await insertRuns(db, place, runs, later.splice(0, 1))));
              },
            });
            expect(
              seen.filter((id) => old.has(id)),
              about,
            ).toEqual(expected);
          }
        }),
    ),
    // Smaller cases say no more than the filter in the message, and cost a database each.
    { numRuns: 3, endOnFailure: true },
  );
}, 120_000);

test("a mean of the smallest or the largest numbers that there are is no error", async () => {
  await withDatabase(async (db) => {
    const place = await makePlace(db);
    const tiny = { count: 3, first: 5e-324, last: 5e-324, min: 5e-324, max: 5e-324, sum: 1.5e-323 };
    const huge = {
      count: 3,
      first: 1.7e308,
      last: 5e-324,
      min: 5e-324,
      max: 1.7e308,
      sum: Number.POSITIVE_INFINITY,
    };
    const [plain] = fc.sample(run, { numRuns: 1, seed: 1 });
    if (plain === undefined) throw new Error("no sample");
    const shown = { ...plain, deleted: false, slashed: null };
    await insertRuns(
      db,
      place,
      [],
      [
        { ...shown, loss: huge },
        { ...shown, loss: tiny },
      ],
    );
    const filter = readRunFilter({ metric: "loss", stat: "mean", op: "gt", value: 0 });
    const order = readRunOrder([{ metric: "loss", stat: "mean" }]);
    expect(await readAll(db, place, { filter, order, length: 1, backward: false })).toEqual([2, 1]);
  });
});

type Stored = Seed & { id: number; name: string; ordinal: number | null };

interface Place {
  readonly projectId: number;
  readonly metricIds: readonly number[];
}

async function makePlace({ sql }: Database): Promise<Place> {
  const rows = await sql<{ id: number }[]>`
    with e as (insert into entities (name, kind) values ('ann', 'user') returning id)
    insert into projects (entity_id, name) select id, 'digits' from e returning id`;
  const projectId = rows[0]?.id ?? 0;
  for (const goal of ["minimize", "maximize"] as const) {
    await sql`insert into sweeps (id, project_id, name, method, metric_goal, seed)
      values (${`sweep${goal.slice(0, 3)}`}, ${projectId}, 'sweep', 'random', ${goal}, '1')`;
  }
  const metrics = await sql<{ id: number }[]>`
    insert into metrics (project_id, name) select ${projectId}::int, unnest(${METRICS}::text[]) returning id`;
  return { projectId, metricIds: metrics.map(({ id }) => id) };
}

const toDate = (ms: number | null) => (ms === null ? null : new Date(ms));

/** Puts the runs behind those that are there, all in one statement a table. */
async function insertRuns(
  db: Database,
  { projectId, metricIds }: Place,
  before: readonly Stored[],
  seeds: readonly Seed[],
) {
  const stored: Stored[] = [];
  for (const seed of seeds) {
    const ordinal = [...before, ...stored].filter(({ sweep }) => sweep === seed.sweep).length + 1;
    const id = before.length + stored.length + 1;
    stored.push({ ...seed, id, name: `run ${id % 7}-${id}`, ordinal: seed.sweep === null ? null : ordinal });
  }
  const rows = stored.map((one) => ({
    ...one,
    params: stringifyJson(one.params),
    createdAt: new Date(one.createdAt),
    startedAt: toDate(one.startedAt),
    finishedAt: toDate(one.finishedAt),
  }));
  const summaries = stored.flatMap(({ id, attempt, loss, slashed }) =>
    [loss, slashed].flatMap((summary, i) =>
      summary === null
        ? []
        : // The attempt before has logged the same with other values: it is not the run's any more.
          [
            {
              id,
              attempt,
              metricId: metricIds[i],
              ...summary,
              sum: summary.sum === null ? null : String(summary.sum),
            },
            {
              id,
              attempt: attempt - 1,
              metricId: metricIds[i],
              count: 1,
              first: 0,
              last: 0,
              min: 0,
              max: 0,
              sum: "0",
            },
          ],
    ),
  );
  await db.sql.begin(async (tx) => {
    await tx`
      insert into runs (id, project_id, sweep_id, name, display_name, state, state_reason, generation, params, attempt,
        crashes, preemptions, exit_code, objective, created_at, started_at, finished_at, deleted_at)
      overriding system value
      select id, ${projectId}::int, sweep, name, "displayName", state, "stateReason", generation, params::jsonb, attempt,
        crashes, preemptions, "exitCode", objective, "createdAt", "startedAt", "finishedAt",
        case when deleted then now() end
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as t (id bigint, sweep text, name text,
        "displayName" text, state text, "stateReason" text, generation int, params text, attempt int, crashes int,
        preemptions int, "exitCode" int, objective float8, "createdAt" timestamptz, "startedAt" timestamptz,
        "finishedAt" timestamptz, deleted boolean)`;
    await tx`
      insert into attempts (run_id, number, host)
      select id, attempt + n, case n when 0 then host else 'another' end
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as t (id bigint, attempt int, host text),
        generate_series(0, 1) n`;
    await tx`
      insert into run_notes (run_id, text)
      select id, notes from json_to_recordset(${JSON.stringify(rows)}::text::json) as t (id bigint, notes text)
      where notes is not null`;
    await tx`
      insert into run_tags (run_id, tag)
      select id, tag from json_to_recordset(${JSON.stringify(rows)}::text::json) as t (id bigint, tags json),
        json_array_elements_text(tags) tag`;
    await tx`
      insert into metric_summaries (run_id, attempt, metric_id, count, first, last, min, max, sum)
      select * from json_to_recordset(${JSON.stringify(summaries)}::text::json) as t (id bigint, attempt int,
        "metricId" int, count bigint, first float8, last float8, min float8, max float8, sum float8)`;
  });
  return stored;
}

function toModel(seed: Stored): ModelRun & { deleted: boolean } {
  const { id, sweep, startedAt, finishedAt, deleted, tags } = seed;
  const ended = Math.min(finishedAt ?? NOW, NOW);
  return {
    id,
    deleted,
    tags,
    goal: sweep === "sweepmax" ? "maximize" : sweep === "sweepmin" ? "minimize" : undefined,
    params: parseJson(stringifyJson(seed.params)) as ValueMap,
    fields: {
      ...seed,
      duration: startedAt === null ? null : Math.max(0, ended - startedAt) / 1_000,
    } as unknown as ModelRun["fields"],
    metrics: Object.fromEntries(
      [seed.loss, seed.slashed].flatMap((summary, i) =>
        summary === null ? [] : [[METRICS[i] ?? "", { ...summary, mean: meanOf(summary) }]],
      ),
    ),
  };
}

interface Reading {
  filter: ReturnType<typeof readRunFilter>;
  order: ReturnType<typeof readRunOrder>;
  length: number;
  backward: boolean;
  between?: () => Promise<void>;
}

/** Ids of all pages, in the list's order. */
async function readAll(
  db: Database,
  { projectId }: Place,
  { filter, order, length, backward, between }: Reading,
): Promise<number[]> {
  const ids: number[] = [];
  let end: Position | undefined;
  for (;;) {
    const pages = await listRuns<number>(
      db,
      systemAccess(),
      { projectIds: [projectId] },
      { filter, order, length, asOf: NOW, backward, counted: true, [backward ? "before" : "after"]: end },
    );
    const { rows = [], more = false, total } = pages.get(projectId) ?? {};
    if (between === undefined && ids.length === 0 && !more) expect(total).toBe(rows.length);
    const page = rows.map(({ id }) => id);
    if (backward) ids.unshift(...page);
    else ids.push(...page);
    const last = backward ? rows[0] : rows.at(-1);
    if (!more || last === undefined) return ids;
    end = { ...last.position, asOf: NOW };
    await between?.();
  }
}
