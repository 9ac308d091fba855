import { AppError } from "@/core/errors";
import {
  type BucketColumn,
  type Buckets,
  type ExactSeries,
  type HistorySeries,
  MAX_SAMPLES,
  roundDigits,
  toWireValues,
} from "@/core/history";
import { mediaKindOfJson } from "@/core/media";
import type { OutputPage } from "@/db/queries/read-output";
import type { SummaryRow } from "@/db/queries/summaries";
import { inFull } from "../allowance";
import { builder } from "../builder";
import { checkFirst, connection, isInteger, type Page, readPosition, toCursor } from "../connection";
import { OutputStream } from "../enums";
import { MAX_INTEGER } from "../ids";
import { Run } from "../refs";
import { MediaKind } from "../run/media";
import { DEFAULT_SAMPLES, HistoryXInput, toKeys, toX } from "./chart";

const PointsType = builder.objectRef<ExactSeries>("Points").implement({
  description: "Single points, in columns of one length: in order of x; at one x, of step.",
  fields: (t) => ({
    x: t.field({
      type: "Column",
      description: "Where each lies on the x axis: its step, its time in milliseconds, or the other metric.",
      resolve: ({ x }) => Array.from(x),
    }),
    steps: t.field({
      type: "Column",
      description: "The steps they were logged at.",
      resolve: ({ points }) => Array.from(points.steps),
    }),
    times: t.field({
      type: "Column",
      description: "Milliseconds since 1970.",
      resolve: ({ points }) => Array.from(points.times),
    }),
    values: t.field({
      type: "Column",
      description: "Values.",
      resolve: ({ points }) => toWireValues(points),
    }),
  }),
});

const COLUMNS = {
  first: "The finite value at the least x, the earliest step among equals; null in a bucket without one.",
  firstStep: "The step it was logged at.",
  last: "The finite value at the greatest x, the latest step among equals.",
  lastStep: "The step it was logged at.",
  min: "Least finite value.",
  max: "Greatest finite value.",
  mean: "Mean of the finite values.",
  count: "How many finite values.",
  nonFinite: "How many NaN and infinities.",
} as const satisfies Record<BucketColumn, string>;

const BucketsType = builder.objectRef<Buckets>("Buckets").implement({
  description:
    "A long line cut into buckets, in columns of one length, one entry a bucket that has a point. Each keeps its extremes, so no spike is lost. Only the columns that are asked for are made.",
  fields: (t) => {
    const column = (name: BucketColumn) =>
      t.field({
        type: "Column",
        description: COLUMNS[name],
        resolve: (buckets) => buckets.column(name),
      });
    const values = (name: BucketColumn) =>
      t.field({
        type: "Column",
        description: COLUMNS[name],
        args: {
          digits: t.arg.int({
            description: "Rounded to so many significant digits, 1 to 17; every digit when absent.",
          }),
        },
        resolve: (buckets, { digits }) => {
          if (digits == null) return buckets.column(name);
          if (!(digits >= 1 && digits <= 17))
            throw new AppError("BAD_INPUT", `digits is ${digits}, expected 1 to 17`);
          return roundDigits(buckets.column(name), digits);
        },
      });
    return {
      width: t.float({
        description: "What a bucket spans along x, a power of two; edges are multiples of it.",
        resolve: ({ width }) => width,
      }),
      start: t.field({
        type: "Column",
        description: "Where each bucket begins: it holds start <= x < start + width.",
        resolve: (buckets) => buckets.start(),
      }),
      first: values("first"),
      firstStep: column("firstStep"),
      last: values("last"),
      lastStep: column("lastStep"),
      min: values("min"),
      max: values("max"),
      mean: values("mean"),
      count: column("count"),
      nonFinite: column("nonFinite"),
      nonFiniteTotal: t.int({
        description: "How many NaN and infinities in all buckets.",
        resolve: (buckets) => buckets.raw.nonFinite.reduce((sum, count) => sum + count, 0),
      }),
    };
  },
});

export const Series = builder.objectRef<HistorySeries>("Series").implement({
  description: "One line: a metric of a run. Either points or buckets are set.",
  fields: (t) => ({
    runId: t.exposeID("runId", { description: "The run that logged it." }),
    run: t.field({
      type: Run,
      nullable: true,
      description: "That run; null when it was deleted meanwhile.",
      resolve: ({ runId }, _args, { loaders }) => loaders.run.load(runId),
    }),
    key: t.exposeString("key", { description: "The metric." }),
    total: t.exposeInt("total", { description: "Points in the range." }),
    unpaired: t.exposeInt("unpaired", {
      description:
        "With x METRIC: points left out because the metric along x has no finite value at their step.",
    }),
    exact: t.exposeBoolean("exact", { description: "All of them are here, in points." }),
    points: t.field({
      type: PointsType,
      nullable: true,
      description: "When there are no more of them than samples were asked for.",
      resolve: (series) => (series.exact ? series : null),
    }),
    buckets: t.field({
      type: BucketsType,
      nullable: true,
      description: "Otherwise.",
      resolve: (series) => (series.exact ? null : series.buckets),
    }),
  }),
});

const History = builder.objectRef<readonly HistorySeries[]>("History").implement({
  description: "What a run logged, for charts.",
  fields: (t) => ({
    keys: t.stringList({
      description: "The metrics that have points in the range.",
      resolve: (lines) => lines.map(({ key }) => key),
    }),
    exact: t.boolean({
      description: "No line was cut into buckets.",
      resolve: (lines) => lines.every(({ exact }) => exact),
    }),
    series: t.field({ type: [Series], description: "The lines.", resolve: (lines) => [...lines] }),
  }),
});

export const MetricSummary = builder.objectRef<SummaryRow>("MetricSummary").implement({
  description: "One metric of a run in numbers. Only finite values count.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "The metric." }),
    count: t.float({ description: "Finite values.", resolve: ({ count }) => count }),
    nonFinite: t.float({ description: "NaN and infinities.", resolve: ({ nonFinite }) => nonFinite }),
    first: t.exposeFloat("first", { nullable: true, description: "The first one." }),
    firstStep: t.float({ nullable: true, description: "Its step.", resolve: ({ firstStep }) => firstStep }),
    last: t.exposeFloat("last", { nullable: true, description: "The last one." }),
    lastStep: t.float({ nullable: true, description: "Its step.", resolve: ({ lastStep }) => lastStep }),
    min: t.exposeFloat("min", { nullable: true, description: "The least one." }),
    minStep: t.float({ nullable: true, description: "Its step.", resolve: ({ minStep }) => minStep }),
    max: t.exposeFloat("max", { nullable: true, description: "The greatest one." }),
    maxStep: t.float({ nullable: true, description: "Its step.", resolve: ({ maxStep }) => maxStep }),
    mean: t.exposeFloat("mean", { nullable: true, description: "Their mean." }),
    lastOther: t.string({
      nullable: true,
      description: "The last value that is no number, as JSON text.",
      args: { most: t.arg.int({ description: "Cut to so many characters; all of it when absent." }) },
      resolve: ({ lastOther }, { most }) => {
        if (lastOther === undefined) return inFull(null);
        return most == null ? lastOther : (lastOther?.slice(0, Math.max(0, most)) ?? null);
      },
    }),
    media: t.field({
      type: MediaKind,
      nullable: true,
      description: "What that is, where it is a picture, a table or the like: see Run.media.",
      resolve: ({ lastOther }) => {
        if (lastOther === undefined) inFull(null);
        return mediaKindOfJson(lastOther);
      },
    }),
  }),
});

type OutputPieceRow = OutputPage["pieces"][number];
export const OutputPiece = builder.objectRef<OutputPieceRow>("OutputPiece").implement({
  description: "Something the training program printed: lines as they came, at most 64 KiB.",
  fields: (t) => ({
    attempt: t.exposeInt("attempt", { description: "The attempt that printed it." }),
    stream: t.expose("stream", { type: OutputStream, description: "Where it was written to." }),
    time: t.exposeFloat("time", { description: "Milliseconds since 1970." }),
    text: t.exposeString("text", { description: "As it was written." }),
  }),
});
const OutputConnection = connection<OutputPieceRow>("Output", OutputPiece, "pieces of output", {
  counted: false,
});

builder.objectFields(Run, (t) => ({
  summary: t.field({
    type: [MetricSummary],
    description: "Its metrics in numbers, by name.",
    resolve: async (run, _args, { loaders }) => (await loaders.summary.load(run.id)) ?? [],
  }),
  history: t.field({
    type: History,
    description:
      "What it logged, along steps, time or another metric: exact where a line has at most samples points in the range, else in buckets. Every run has buckets of its own; for aligned ones ask Query.histories.",
    args: {
      keys: t.arg.stringList({ description: "Which metrics; all when absent." }),
      samples: t.arg.int({
        description: `The most points or buckets a line, at most ${MAX_SAMPLES}; ${DEFAULT_SAMPLES} when absent.`,
      }),
      x: t.arg({ type: HistoryXInput, description: "What lies along x; steps when absent." }),
      min: t.arg.float({ description: "From here on along x." }),
      max: t.arg.float({ description: "Up to here along x." }),
      minStep: t.arg.float({ description: "Only what was logged from this step on, whatever lies along x." }),
      maxStep: t.arg.float({ description: "Only what was logged up to this step." }),
      attempt: t.arg.int({ description: "As this attempt saw it; the current one when absent." }),
      numbers: t.arg.boolean({
        description:
          "Without keys: only metrics that have a number in the current attempt, so no pictures and the like.",
      }),
    },
    resolve: async (run, { keys, samples, x, min, max, minStep, maxStep, attempt, numbers }, { loaders }) => {
      const query = {
        samples: samples ?? DEFAULT_SAMPLES,
        x: toX(x),
        ...(keys && { keys: toKeys(keys) }),
        ...(min != null && { min }),
        ...(max != null && { max }),
        ...(minStep != null && { minStep }),
        ...(maxStep != null && { maxStep }),
        ...(attempt != null && { attempt }),
        ...(numbers && { numbers }),
      };
      return loaders.history(query).load(run.id);
    },
  }),
  output: t.field({
    type: OutputConnection,
    description:
      "What it printed: from the front with first and after, from the end with last and before. A page has at most 1 MiB of text, however many pieces were asked for.",
    args: {
      first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
      after: t.arg.string({ description: "The endCursor of the page before." }),
      last: t.arg.int({ description: "The last pieces instead." }),
      before: t.arg.string({ description: "With last: those before the startCursor of a page." }),
      attempt: t.arg.int({ description: "Of this attempt; the current one when absent." }),
    },
    resolve: async (
      run,
      { first, after, last, before, attempt },
      { loaders },
    ): Promise<Page<OutputPieceRow>> => {
      if (first != null && last != null) throw new AppError("BAD_INPUT", "output takes either first or last");
      const query = {
        ...(last == null ? { first: checkFirst(first) } : { last: checkFirst(last) }),
        ...(attempt != null && { attempt }),
        after: toOutputPosition(after),
        before: toOutputPosition(before),
      };
      const { pieces, more } = (await loaders.output(query).load(run.id)) ?? { pieces: [], more: false };
      return {
        rows: pieces,
        hasNextPage: last == null && more,
        hasPreviousPage: last != null && more,
        toCursor: ({ batch, piece }) => toCursor([batch, piece]),
      };
    },
  }),
}));

const toOutputPosition = (cursor: string | null | undefined) =>
  readPosition(cursor, ([batch, piece]) =>
    isInteger(batch, MAX_INTEGER) && isInteger(piece, MAX_INTEGER) ? { batch, piece } : undefined,
  );
