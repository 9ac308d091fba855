import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { AppError } from "@/core/errors";
import { IMPORTANCE_ENGINE } from "@/core/importance";
import type { Database } from "@/db/client";
import { createSweep } from "@/engine/create-sweep";
import { closeImportance, type ImportanceQuery, readImportance } from "@/engine/importance";
import { tagRuns } from "@/engine/tag-runs";
import { endRuns, GIVEN_UP_MS, TWO_UNIFORM, withoutMetrics } from "../support/ended-runs";
import { codeOf, type House, withHouse } from "./support/house";

/** Answers of importance among several servers, and which runs they are of. */

async function withSweep(body: (house: House & { sweepId: string }) => Promise<void>): Promise<void> {
  await withHouse(async (house) => {
    const { sweepId } = await createSweep(house.context, { json: TWO_UNIFORM, project: "digits" });
    try {
      await body({ ...house, sweepId });
    } finally {
      await Promise.all([closeImportance(house.db), closeImportance(house.other.db)]);
    }
  });
}

interface Row {
  holder: string | null;
  version: string | null;
  answer: string | null;
}
const rowsOf = ({ sql }: Database): Promise<Row[]> =>
  sql<Row[]>`select holder, version, answer from importance_answers`;
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}
/** Nobody computes 4711 runs: who answers so has read what is stored. */
const mark = ({ sql }: Database) => sql`
  update importance_answers set answer = jsonb_set(answer::jsonb, '{runs}', '4711')::text`;

test("what one server has computed the other reads; results that are others, or another program, are computed anew", () =>
  withSweep(async ({ db, context, other, sweepId }) => {
    await endRuns(db, sweepId, 40);
    expect(await readImportance(context, { sweepId })).toMatchObject({ runs: 40 });
    await mark(db);
    expect(await readImportance(other, { sweepId })).toMatchObject({ runs: 4711 });
    await endRuns(db, sweepId, 1);
    expect(await readImportance(other, { sweepId })).toMatchObject({ runs: 41 });
    await mark(db);
    await db.sql`update importance_answers set engine = ${IMPORTANCE_ENGINE - 1}`;
    expect(await readImportance(context, { sweepId })).toMatchObject({ runs: 41 });
    expect(await db.sql`select engine from importance_answers`).toEqual([{ engine: IMPORTANCE_ENGINE }]);
  }));

test("servers that are asked at once compute once", () =>
  withSweep(async ({ db, context, other, sweepId }) => {
    await endRuns(db, sweepId, 60);
    await db.sql`create table written (at timestamptz default clock_timestamp())`;
    await db.sql`
      create function note_answer() returns trigger language plpgsql as $$
      begin insert into written default values; return new; end $$`;
    await db.sql`
      create trigger answers after update of answer on importance_answers for each row execute function note_answer()`;
    const asked = [context, other, context, other].map((one) => readImportance(one, { sweepId }));
    const [first, ...rest] = await Promise.all(asked);
    for (const one of rest) expect(one).toEqual(first);
    expect(await db.sql`select from written`).toHaveLength(1);
  }));

test("a tag more is another version of the results, and no other answer", () =>
  withSweep(async ({ db, context, other, sweepId }) => {
    await endRuns(db, sweepId, 40);
    await readImportance(context, { sweepId });
    await mark(db);
    const [{ id } = { id: 0 }] = await db.sql<{ id: number }[]>`select id from runs limit 1`;
    const [before] = await rowsOf(db);
    await tagRuns(context, { runIds: [id], add: ["good"] });
    expect(await readImportance(other, { sweepId })).toMatchObject({ runs: 4711 });
    const [after] = await rowsOf(db);
    expect(after?.version).not.toBe(before?.version);
  }));

test("the claim of a server that died keeps the others waiting until its time is over", () =>
  withSweep(async ({ db, context, sweepId }) => {
    await endRuns(db, sweepId, 40);
    await readImportance(context, { sweepId });
    await endRuns(db, sweepId, 1);
    await db.sql`
      update importance_answers set holder = 'dead', holder_until = clock_timestamp() + interval '3 seconds',
        computed_at = clock_timestamp() - interval '1 minute'`;
    const [{ until: end } = { until: new Date() }] = await db.sql<{ until: Date }[]>`
      select holder_until as until from importance_answers`;
    expect(await readImportance(context, { sweepId })).toMatchObject({ runs: 41 });
    const [row] = await db.sql<{ after: boolean; holder: string | null }[]>`
      select computed_at >= ${end} as after, holder from importance_answers`;
    expect(row).toEqual({ after: true, holder: null });
  }));

test("a server that lost its claim to another writes nothing over that one's answer", () =>
  withSweep(async ({ db, context, sweepId }) => {
    await endRuns(db, sweepId, 60);
    const asked = readImportance(context, { sweepId, metric: "loss" });
    await withoutMetrics(db, async () => {
      await until(async () => (await rowsOf(db)).some(({ holder }) => holder !== null));
      await db.sql`update importance_answers set holder = 'quicker', answer = '{}'`;
    });
    expect(await asked).toMatchObject({ runs: 60 });
    expect(await rowsOf(db)).toMatchObject([{ holder: "quicker", answer: "{}" }]);
  }));

test("it is given up when the last of those who asked has gone away, and not before; whose time was over finds it later", () =>
  withSweep(async ({ db, context, sweepId }) => {
    await endRuns(db, sweepId, 60);
    const ask = (query: Partial<ImportanceQuery> = {}) => {
      const gone = new AbortController();
      const caller = { ...context, db: { ...db, root: db, ended: gone.signal } };
      return { gone, answer: readImportance(caller, { sweepId, ...query }) };
    };
    const isAtIt = async () => (await rowsOf(db)).some(({ holder }) => holder !== null);
    const away = new AppError("UNAVAILABLE", "away");

    const [first, second] = [ask({ metric: "loss" }), ask({ metric: "loss" })];
    await withoutMetrics(db, async () => {
      await until(isAtIt);
      first.gone.abort(away);
      expect(await codeOf(first.answer)).toBe("UNAVAILABLE");
      await pause(GIVEN_UP_MS);
    });
    expect(await second.answer).toMatchObject({ runs: 60 });

    const asked = [1, 2].map(() => ask({ metric: "loss", stat: "min" }));
    await withoutMetrics(db, async () => {
      await until(isAtIt);
      for (const { gone, answer } of asked) {
        gone.abort(away);
        expect(await codeOf(answer)).toBe("UNAVAILABLE");
      }
      await pause(GIVEN_UP_MS);
    });
    await until(async () => !(await isAtIt()));
    expect(await rowsOf(db)).toHaveLength(1);

    const late = ask({ metric: "loss", stat: "min" });
    await withoutMetrics(db, async () => {
      await until(isAtIt);
      late.gone.abort(new AppError("TIMED_OUT", "too late"));
      expect(await codeOf(late.answer)).toBe("TIMED_OUT");
      await pause(GIVEN_UP_MS);
    });
    await until(async () => !(await isAtIt()));
    expect((await rowsOf(db)).filter(({ answer }) => answer !== null)).toHaveLength(2);
  }));

test("a sweep keeps the twenty newest answers, and none without the sweep", () =>
  withSweep(async ({ db, context, sweepId }) => {
    await endRuns(db, sweepId, 20);
    await db.sql`
      insert into importance_answers (sweep_id, question, version, engine, answer, computed_at)
      select ${sweepId}, sha256(n::text::bytea), 'v', 1, '{}', clock_timestamp() - n * interval '1 minute' from generate_series(1, 30) n`;
    await readImportance(context, { sweepId });
    const rows = await db.sql<{ kept: boolean }[]>`
      select computed_at > clock_timestamp() - interval '20 minutes' as kept from importance_answers`;
    expect(rows.map(({ kept }) => kept)).toEqual(Array(20).fill(true));
  }));

test("a filter, the choice of unfinished runs and the scope say which runs count", () =>
  withSweep(async ({ db, context, sweepId }) => {
    await endRuns(db, sweepId, 30);
    await endRuns(db, sweepId, 5, { state: "killed", loss: "u.x + 1" });
    await endRuns(db, sweepId, 4, { state: "failed", loss: "null" });
    await endRuns(db, sweepId, 3, { loss: "null" });
    const read = (query: Partial<ImportanceQuery>) => readImportance(context, { sweepId, ...query });
    expect(await read({})).toMatchObject({ runs: 30, imputed: 0, leftOut: 3 });
    expect(await read({ unfinished: "last" })).toMatchObject({ runs: 35, imputed: 0, leftOut: 7 });
    expect(await read({ unfinished: "worst" })).toMatchObject({ runs: 42, imputed: 12, leftOut: 0 });
    const filter = { param: "x", op: "lt", value: 0.5 };
    const [{ count } = { count: 0 }] = await db.sql<{ count: number }[]>`
      select count(*)::int as count from runs where state = 'finished' and objective < 0.5`;
    expect(await read({ filter })).toMatchObject({ runs: count });
    expect(await read({ filter: { metric: "loss", stat: "min", op: "lt", value: 0.5 } })).toMatchObject({
      runs: count,
    });
    expect(await read({ filter: { field: "ordinal", op: "le", value: 12 } })).toMatchObject({ runs: 12 });

    const other = await createSweep(context, { json: TWO_UNIFORM, project: "digits" });
    await endRuns(db, other.sweepId, 20);
    await endRuns(db, other.sweepId, 6, { params: "jsonb_build_object('x', u.x + 2, 'y', 0.5)" });
    await endRuns(db, other.sweepId, 7, { params: "jsonb_build_object('x', u.x)" });
    const elsewhere = await createSweep(context, { json: TWO_UNIFORM, project: "letters" });
    await endRuns(db, elsewhere.sweepId, 50);
    expect(await read({ scope: "project" })).toMatchObject({ runs: 50, leftOut: 9 });
  }));

test("each argument that can't be is refused by its name", () =>
  withSweep(async ({ context, sweepId }) => {
    const wrong: [Partial<Record<keyof ImportanceQuery, unknown>>, string][] = [
      [{ method: "tree" }, 'method is "tree"'],
      [{ method: "good", quantile: 0 }, "quantile is 0"],
      [{ method: "good", quantile: Number.NaN }, "quantile is"],
      [{ quantile: 0.2 }, "quantile is 0.2"],
      [{ unfinished: "best" }, 'unfinished is "best"'],
      [{ scope: "world" }, 'scope is "world"'],
      [{ stat: "min" }, 'stat is "min"'],
      [{ metric: "" }, 'metric is ""'],
      [{ filter: { field: "speed", op: "eq", value: 1 } }, "filter.field"],
    ];
    for (const [query, named] of wrong)
      await expect(readImportance(context, { sweepId, ...query } as ImportanceQuery)).rejects.toMatchObject({
        code: "BAD_INPUT",
        message: expect.stringContaining(named),
      });
    expect(await codeOf(readImportance(context, { sweepId: "zzzzzzzz" }))).toBe("NOT_FOUND");
  }));
