import { expect, test } from "vitest";
import type { BucketedSeries } from "@/core/history";
import { listMetricNames } from "@/db/queries/metric-names";
import { readHistory } from "@/db/queries/read-history";
import { readSummaries } from "@/db/queries/summaries";
import { logMetrics } from "@/engine/report-metrics";
import { withDatabase } from "../support/database";
import { columnsOf, makeRun, makeSweep, nextAttempt, systemContext, toBatch } from "../support/history";

test("a short history comes back exact, with NaN, infinities and values that are no numbers", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    await logMetrics(context, {
      runId,
      metrics: toBatch({ batch: 1 }, [
        [0, { loss: 1.5, note: "warm up" }],
        [1, { loss: Number.NaN }],
        [3, { loss: Number.NEGATIVE_INFINITY, note: { a: [1] } }],
      ]),
    });
    const series = await readHistory(db, context.access, { runIds: [runId], samples: 10 });
    expect(series).toMatchObject([
      {
        runId,
        key: "loss",
        exact: true,
        total: 3,
        points: {
          steps: Float64Array.of(0, 1, 3),
          times: Float64Array.of(1.7e12, 1.7e12 + 1, 1.7e12 + 3),
          values: Float64Array.of(1.5, Number.NaN, Number.NEGATIVE_INFINITY),
        },
      },
      {
        key: "note",
        total: 2,
        points: {
          others: new Map([
            [0, '"warm up"'],
            [1, '{"a":[1]}'],
          ]),
        },
      },
    ]);
  }));

test("a long history comes back in buckets that keep a spike, and a gap stays a gap", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const rows = Array.from(
      { length: 64 },
      (_, step) => [step, { loss: step === 37 ? 100 : step >= 48 && step < 56 ? Number.NaN : 1 }] as const,
    );
    await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, rows) });
    const [line] = await readHistory(db, context.access, { runIds: [runId], keys: ["loss"], samples: 8 });
    const { buckets, ...facts } = line as BucketedSeries;
    expect({ ...facts, buckets: columnsOf(buckets) }).toEqual({
      runId,
      key: "loss",
      exact: false,
      total: 64,
      unpaired: 0,
      buckets: {
        width: 8,
        start: [0, 8, 16, 24, 32, 40, 48, 56],
        first: [1, 1, 1, 1, 1, 1, null, 1],
        firstStep: [0, 8, 16, 24, 32, 40, null, 56],
        last: [1, 1, 1, 1, 1, 1, null, 1],
        lastStep: [7, 15, 23, 31, 39, 47, null, 63],
        min: [1, 1, 1, 1, 1, 1, null, 1],
        max: [1, 1, 1, 1, 100, 1, null, 1],
        mean: [1, 1, 1, 1, 107 / 8, 1, null, 1],
        count: [8, 8, 8, 8, 8, 8, 0, 8],
        nonFinite: [0, 0, 0, 0, 0, 0, 8, 0],
      },
    });
  }));

test("a run shows its current attempt joined to what it resumed from; each attempt's own view stays", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const runId = await makeRun(db, await makeSweep(db));
    const log = (
      at: { attempt: number; batch: number; resumedFromStep?: number },
      from: number,
      to: number,
    ) =>
      logMetrics(context, {
        runId,
        metrics: toBatch(
          at,
          Array.from({ length: to - from }, (_, i) => [from + i, { loss: at.attempt }]),
        ),
      });
    await log({ attempt: 1, batch: 1 }, 0, 6);
    await nextAttempt(db, runId);
    await log({ attempt: 1, batch: 2 }, 6, 8);
    await log({ attempt: 2, batch: 1, resumedFromStep: 3 }, 3, 5);
    const read = async (attempt?: number) => {
      const [line] = await readHistory(db, context.access, {
        runIds: [runId],
        samples: 100,
        ...(attempt && { attempt }),
      });
      return line?.exact ? [[...line.points.steps], [...line.points.values]] : line;
    };
    expect(await read()).toEqual([
      [0, 1, 2, 3, 4],
      [1, 1, 1, 2, 2],
    ]);
    expect(await read(1)).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ]);
  }));

test("summaries and names of runs are read in one query each, and only what the reader may see", () =>
  withDatabase(async (db) => {
    const context = systemContext(db);
    const place = await makeSweep(db);
    const runId = await makeRun(db, place);
    const other = await makeRun(db, place);
    const rows = [
      [0, { "val/loss": 2, läuft: true }],
      [1, { "val/loss": 4 }],
    ] as const;
    await logMetrics(context, { runId, metrics: toBatch({ batch: 1 }, rows) });
    const summaries = await readSummaries(db, context.access, [runId, other]);
    expect([...summaries.keys()]).toEqual([runId]);
    expect(summaries.get(runId)).toMatchObject([
      { name: "läuft", count: 0, lastOther: "true", mean: null },
      { name: "val/loss", count: 2, mean: 3, last: 4 },
    ]);
    const { projectId, sweepId } = place;
    const namesOf = async (of: { projectIds: number[] } | { sweepIds: string[] }) => [
      ...(await listMetricNames(db, context.access, of, { limit: 10 })).values(),
    ];
    expect(await namesOf({ projectIds: [projectId] })).toEqual([["läuft", "val/loss"]]);
    // A sweep's are what its charts and columns offer: without numbers they would draw nothing.
    expect(await namesOf({ sweepIds: [sweepId] })).toEqual([["val/loss"]]);
    const stranger = { kind: "user", userId: 99, entityId: 99, admin: false } as typeof context.access;
    expect(await readSummaries(db, stranger, [runId])).toEqual(new Map());
    expect(await listMetricNames(db, stranger, { sweepIds: [sweepId] }, { limit: 10 })).toEqual(new Map());
    expect(await readHistory(db, stranger, { runIds: [runId], samples: 10 })).toEqual([]);
  }));

test("an answer that would not fit is refused with the way out", () =>
  withDatabase(async (db) => {
    const { access } = systemContext(db);
    await expect(readHistory(db, access, { runIds: [1], samples: 2_000 })).rejects.toMatchObject({
      code: "BAD_INPUT",
    });
    expect(await readHistory(db, access, { runIds: [404], samples: 10 })).toEqual([]);
  }));
