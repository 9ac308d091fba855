import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cell } from "@/core/history/column";
import { type RowsQuery, scanRows } from "@/db/queries/read-rows";
import { systemAccess } from "@/engine/authorize";
import { mergeAttempt } from "@/engine/merge-history";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { makeRun, makeSweep, nextAttempt, systemContext, toBatch } from "../support/history";

const value = fc.oneof(
  fc.constantFrom(0, 1.5, -2, Number.NaN, Number.POSITIVE_INFINITY),
  fc.constantFrom("text", true),
);
const row = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "nested.c"), value, { minKeys: 1, maxKeys: 3 }),
);
const move = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 8 }), again: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.constant("merge" as const) },
  { weight: 1, arbitrary: fc.record({ resumeAt: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  { weight: 1, arbitrary: fc.constant("anew" as const) },
);

test("rows of a history are what was logged, whatever lies in tails, in chunks and in earlier attempts", async () => {
  await withDatabase(async (db) => {
    const { projectId, sweepId } = await makeSweep(db);
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 1, maxLength: 10 }),
        fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 20 })),
        async (moves, [minStep, length]) => {
          const runId = await makeRun(db, { projectId, sweepId });
          let model = new Map<number, Record<string, unknown>>();
          let [attempt, batch, last] = [1, 0, -1];
          let resumedFromStep: number | undefined;
          for (const one of moves) {
            if (one === "merge") await mergeAttempt(db, { runId, attempt }, LIMITS);
            else if (one === "anew") {
              attempt = await nextAttempt(db, runId);
              [batch, last, resumedFromStep] = [0, -1, undefined];
              model = new Map();
            } else if ("resumeAt" in one) {
              if (last < 1 || batch === 0) continue;
              attempt = await nextAttempt(db, runId);
              [batch, resumedFromStep] = [0, Math.floor(one.resumeAt * last)];
              last = resumedFromStep;
              // An attempt is known to go on from another with the first that it logs.
              model = new Map([...model].filter(([step]) => step <= last));
              const first = { a: 7 };
              await logMetrics(systemContext(db), {
                runId,
                metrics: toBatch({ attempt, batch: ++batch, resumedFromStep }, [[++last, first]]),
              });
              model.set(last, first);
            } else {
              let step = one.again && last >= 0 ? last : last + 1;
              const rows = one.rows.map(([gap, values], i) => {
                step += i === 0 ? 0 : gap + 1;
                return [step, values] as const;
              });
              await logMetrics(systemContext(db), {
                runId,
                metrics: toBatch({ attempt, batch: ++batch }, rows),
              });
              for (const [at, values] of rows) model.set(at, { ...model.get(at), ...values });
              last = step;
            }
          }
          const expected = [...model].map(([step, values]) => [step, sortKeys(values)] as const);
          expect(await read({ runId })).toEqual(expected);
          const within = expected.filter(([step]) => step >= minStep && step <= minStep + length);
          expect(await read({ runId, minStep, maxStep: minStep + length })).toEqual(within);
          const both = expected.filter(([, values]) => "a" in values && "nested.c" in values);
          expect(await read({ runId, names: ["nested.c", "a"] })).toEqual(
            both.map(([step, values]) => [step, { a: values.a, "nested.c": values["nested.c"] }]),
          );
          expect(await read({ runId, names: ["a", "never logged"] })).toEqual([]);
          const tail = await read({ runId, lastPiece: true });
          expect(tail.at(-1)).toEqual(expected.at(-1));
        },
      ),
      {
        numRuns: process.env.BESOM_CI === "brief" ? 20 : 60,
        // Two batches that share a step: the last piece alone had half of its row.
        examples: [
          [
            [
              { rows: [[0, { a: 0 }]], again: false },
              { rows: [[0, { b: "text" }]], again: true },
            ],
            [0, 0],
          ],
        ],
      },
    );

    async function read(query: RowsQuery) {
      const rows: (readonly [number, Record<string, unknown>])[] = [];
      await scanRows(db, systemAccess(), query, ({ step, cells }) =>
        rows.push([step, sortKeys(toPlain(cells()))]),
      );
      return rows;
    }
  });
}, 240_000);

const LIMITS = { bytes: 1_000, blockBytes: 64 };

const toPlain = (cells: ReadonlyMap<string, Cell>): Record<string, unknown> =>
  Object.fromEntries(
    Array.from(cells, ([name, cell]) => [name, typeof cell === "number" ? cell : JSON.parse(cell.json)]),
  );

const sortKeys = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
