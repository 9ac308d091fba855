import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bandsOf, crossedRungs, scheduleOf } from "@/core/history/bands";
import { type AttemptFacts, lineageOf } from "@/core/history/lineage";
import { CHUNK_STEPS, chunksToRewrite, cutPiece, mergePieces, type Piece } from "@/core/history/merge";
import { joinSummaries, summarize } from "@/core/history/summary";

describe("bands of early stopping", () => {
  const hyperband = { type: "hyperband" as const, eta: 3, strict: true };

  test("rise from min_iter by eta", () => {
    expect(bandsOf({ ...hyperband, minIter: 3 }).slice(0, 4)).toEqual([3, 9, 27, 81]);
    expect(bandsOf({ ...hyperband, minIter: 1, eta: 1.5 }).slice(0, 5)).toEqual([1, 2, 3, 5, 7]);
  });

  test("count down from max_iter, s of them, as long as one iteration is left", () => {
    expect(bandsOf({ ...hyperband, maxIter: 27, s: 2 })).toEqual([3, 9]);
    expect(bandsOf({ ...hyperband, maxIter: 27, s: 9 })).toEqual([1, 3, 9]);
    expect(bandsOf({ ...hyperband, maxIter: 27, s: 2, minIter: 5 })).toEqual([3, 9]);
  });

  test("are crossed by the value with that number, non-finite ones not counted", () => {
    const points = {
      steps: Float64Array.of(10, 11, 12, 13),
      values: Float64Array.of(4, Number.NaN, 2, 3),
    };
    expect(crossedRungs(scheduleOf([2, 3, 4]), "minimize", { position: 1, best: 2.5 }, points)).toEqual([
      { band: 2, value: 4, best: 2.5, step: 10 },
      { band: 3, value: 2, best: 2, step: 12 },
      { band: 4, value: 3, best: 2, step: 13 },
    ]);
    expect(crossedRungs(scheduleOf([2, 3]), "maximize", { position: 3, best: 9 }, points)).toEqual([]);
  });

  test("by step are reached by the first value at or behind them, which stands at the last of those it jumps over", () => {
    const points = { steps: Float64Array.of(2, 5, 6, 30), values: Float64Array.of(5, Number.NaN, 3, 4) };
    const schedule = scheduleOf([2, 4, 8, 16, 32], "step");
    expect(crossedRungs(schedule, "minimize", { position: 0, best: null }, points)).toEqual([
      { band: 2, value: 5, best: 5, step: 2 },
      { band: 4, value: 3, best: 3, step: 6 },
      { band: 16, value: 4, best: 3, step: 30 },
    ]);
    expect(crossedRungs(schedule, "minimize", { position: 16, best: 1 }, points)).toEqual([]);
  });
});

describe("the lineage of an attempt", () => {
  const attempt = (number: number, part: Partial<AttemptFacts> = {}): AttemptFacts => ({
    number,
    resumedFromStep: null,
    lastStep: null,
    overtakenAtStep: null,
    ...part,
  });
  const END = Number.MAX_SAFE_INTEGER;

  test("is itself alone when it began anew", () => {
    expect(lineageOf([attempt(1, { lastStep: 9 }), attempt(2)], 2)).toEqual([{ attempt: 2, maxStep: END }]);
  });

  test("goes through earlier attempts, each up to where the next one resumed", () => {
    const attempts = [
      attempt(1, { lastStep: 20 }),
      attempt(2, { resumedFromStep: 10, lastStep: 30 }),
      attempt(3, { resumedFromStep: 5 }),
      attempt(4, { resumedFromStep: 25 }),
    ];
    expect(lineageOf(attempts, 2)).toEqual([
      { attempt: 1, maxStep: 10 },
      { attempt: 2, maxStep: END },
    ]);
    expect(lineageOf(attempts, 3)).toEqual([
      { attempt: 1, maxStep: 5 },
      { attempt: 2, maxStep: 5 },
      { attempt: 3, maxStep: END },
    ]);
    expect(lineageOf(attempts, 4).map(({ attempt }) => attempt)).toEqual([1, 2, 4]);
  });

  test("skips an attempt that never reached the step it resumes from", () => {
    const attempts = [
      attempt(1, { lastStep: 20 }),
      attempt(2, { lastStep: 3 }),
      attempt(3, { resumedFromStep: 15 }),
    ];
    expect(lineageOf(attempts, 3)[0]).toEqual({ attempt: 1, maxStep: 15 });
    expect(lineageOf([...attempts, attempt(4, { resumedFromStep: 99 })], 4)[0]?.attempt).toBe(1);
  });

  test("leaves out what came late", () => {
    const attempts = [attempt(1, { lastStep: 20, overtakenAtStep: 7 }), attempt(2, { resumedFromStep: 15 })];
    expect(lineageOf(attempts, 2)[0]).toEqual({ attempt: 1, maxStep: 7 });
  });
});

describe("merging", () => {
  const piece = (rows: [number, Record<string, number>][]): Piece => {
    const steps = rows.map(([step]) => step);
    const ids = [...new Set(rows.flatMap(([, values]) => Object.keys(values).map(Number)))];
    return {
      axis: { steps: Float64Array.from(steps), times: Float64Array.from(steps) },
      columns: new Map(
        ids.map((id) => {
          const at = rows.flatMap(([, values], i) => (id in values ? [i] : []));
          const values = Float64Array.from(at, (i) => rows[i]?.[1][id] as number);
          return [id, { values, ...(at.length < rows.length && { at: Uint32Array.from(at) }) }];
        }),
      ),
    };
  };

  test("keeps every value where it was; at a shared step the later one wins", () => {
    const merged = mergePieces([
      piece([
        [1, { 7: 1, 8: 1 }],
        [2, { 7: 2 }],
      ]),
      piece([
        [2, { 7: 3, 8: 3 }],
        [5, { 8: 4 }],
      ]),
      piece([[5, { 7: 5 }]]),
    ]);
    expect(merged).toEqual(
      piece([
        [1, { 7: 1, 8: 1 }],
        [2, { 7: 3, 8: 3 }],
        [5, { 8: 4, 7: 5 }],
      ]),
    );
  });

  test("cut again is the same history in pieces of about a chunk's size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 * CHUNK_STEPS }),
        fc.integer({ min: 2, max: 50 }),
        (n, every) => {
          const whole = piece(
            Array.from(
              { length: n },
              (_, i) => [i, { 1: i, ...(i % every === 0 && { 2: -i }) }] as [number, Record<string, number>],
            ),
          );
          const cut = cutPiece(whole);
          expect(mergePieces(cut)).toEqual(whole);
          for (const { axis } of cut) expect(axis.steps.length).toBeLessThan(2 * CHUNK_STEPS);
          if (n >= CHUNK_STEPS)
            for (const { axis } of cut) expect(axis.steps.length).toBeGreaterThanOrEqual(CHUNK_STEPS);
        },
      ),
      { numRuns: 8 },
    );
  });

  test("of single steps rewrites each about five times and leaves few open chunks", () => {
    const chunks: { chunk: number; count: number }[] = [];
    const logged = 100 * CHUNK_STEPS;
    let written = 0;
    for (let steps = 0; steps < logged; steps += 64) {
      const taken = chunks.splice(chunks.length - chunksToRewrite(chunks, 64));
      const count = taken.reduce((sum, chunk) => sum + chunk.count, 64);
      chunks.push({ chunk: 0, count });
      written += count;
    }
    expect(written / logged).toBeLessThan(6);
    expect(chunks.length).toBeLessThan((logged / CHUNK_STEPS) * 2 + 8);
  });
});

test("summaries of two stretches join to the summary of both", () => {
  const values = fc.array(fc.oneof(fc.integer(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)));
  fc.assert(
    fc.property(values, values, (a, b) => {
      const toPoints = (list: number[], from: number) => ({
        steps: Float64Array.from(list, (_, i) => from + i),
        times: new Float64Array(list.length),
        values: Float64Array.from(list),
      });
      expect(joinSummaries(summarize(toPoints(a, 0)), summarize(toPoints(b, a.length)))).toEqual(
        summarize(toPoints([...a, ...b], 0)),
      );
    }),
  );
});
