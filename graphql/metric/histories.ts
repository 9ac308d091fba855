import { AppError } from "@/core/errors";
import { type Band, edgeOf, type Layout, MAX_SAMPLES, toBands } from "@/core/history";
import { newestRunIds, readLayout } from "@/db/queries/read-history";
import { builder } from "../builder";
import type { Context } from "../context";
import { toNumber, toSweepId } from "../ids";
import { weighLine } from "../loaders";
import { DEFAULT_SAMPLES, HistoryXInput, toKeys, toX } from "./chart";
import { Series } from "./schema";

const MAX_RUNS = 1_000;
const DEFAULT_RUNS = 100;

interface Histories extends Layout {
  readonly hasMoreRuns: boolean;
}

const BAND_COLUMNS = {
  start: "Where each bucket begins.",
  runs: "How many runs have a finite value in it.",
  mean: "Mean over those runs of each one's mean: a run that logs more often weighs no more.",
  sd: "Standard deviation of those means, over n - 1; null for a single run.",
  min: "The least value of any run.",
  max: "The greatest value of any run.",
} as const satisfies Partial<Record<keyof Band, string>>;

const BandType = builder.objectRef<Band>("Band").implement({
  description:
    "All runs' lines of one metric as one, with a band around it: in columns of one length, one entry a bucket in which any run has a finite value.",
  fields: (t) => {
    const column = (name: keyof typeof BAND_COLUMNS) =>
      t.field({
        type: "Column",
        description: BAND_COLUMNS[name],
        resolve: (band) => band[name],
      });
    return {
      key: t.exposeString("key", { description: "The metric." }),
      start: column("start"),
      runs: column("runs"),
      mean: column("mean"),
      sd: column("sd"),
      min: column("min"),
      max: column("max"),
    };
  },
});

const HistoriesType = builder.objectRef<Histories>("Histories").implement({
  description:
    "What many runs logged, for one chart: all lines are cut at the same edges. A line with at most samples points comes back exact; its points lie on the same axis.",
  fields: (t) => ({
    width: t.float({
      nullable: true,
      description: "What a bucket spans along x, a power of two; null when nothing lies in the range.",
      resolve: ({ grid }) => grid?.width ?? null,
    }),
    start: t.float({
      nullable: true,
      description: "Where the first bucket begins; the others follow at multiples of the width.",
      resolve: ({ grid }) => (grid ? edgeOf(grid, 0) : null),
    }),
    bucketCount: t.int({
      description: "Buckets from the first to the last, empty ones among them; at most samples.",
      resolve: ({ grid }) => grid?.size ?? 0,
    }),
    hasMoreRuns: t.exposeBoolean("hasMoreRuns", {
      description: "With sweepId: the sweep has more runs than limit.",
    }),
    series: t.field({
      type: [Series],
      description: "The lines, by run and metric. Runs without a point in the range have none.",
      resolve: ({ lines }) => [...lines],
    }),
    bands: t.field({
      type: [BandType],
      description: "The lines of each metric as one: much smaller than all of them.",
      resolve: ({ lines, grid }) => (grid ? toBands(lines, grid) : []),
    }),
  }),
});

builder.queryField("histories", (t) =>
  t.field({
    type: HistoriesType,
    description:
      "Charts' data of many runs and metrics at once, in aligned buckets. Runs that are unknown or not yours to see have no lines.",
    args: {
      runIds: t.arg.idList({ description: `These runs, at most ${MAX_RUNS}.` }),
      sweepId: t.arg.id({ description: "The newest runs of this sweep instead." }),
      limit: t.arg.int({
        description: `With sweepId: how many, at most ${MAX_RUNS}; ${DEFAULT_RUNS} when absent.`,
      }),
      keys: t.arg.stringList({ required: true, description: "Which metrics." }),
      x: t.arg({ type: HistoryXInput, description: "What lies along x; steps when absent." }),
      min: t.arg.float({ description: "From here on along x." }),
      max: t.arg.float({ description: "Up to here along x." }),
      samples: t.arg.int({
        description: `The most points or buckets a line, at most ${MAX_SAMPLES}; ${DEFAULT_SAMPLES} when absent.`,
      }),
    },
    resolve: async (_root, { runIds, sweepId, limit, keys, x, min, max, samples }, context) => {
      const chosen = await chooseRuns(context, { runIds, sweepId, limit });
      const layout = await context.loaders.allowance.read(
        () =>
          readLayout(context.db, context.access, {
            runIds: chosen.runIds,
            keys: toKeys(keys),
            x: toX(x),
            samples: samples ?? DEFAULT_SAMPLES,
            aligned: true,
            ...(min != null && { min }),
            ...(max != null && { max }),
          }),
        ({ lines }) => lines.reduce((sum, line) => sum + weighLine(line), 0),
      );
      return { ...layout, hasMoreRuns: chosen.hasMoreRuns };
    },
  }),
);

async function chooseRuns(
  { db, access }: Context,
  asked: { runIds?: string[] | null; sweepId?: string | null; limit?: number | null },
): Promise<{ runIds: number[]; hasMoreRuns: boolean }> {
  if ((asked.sweepId == null) === (asked.runIds == null))
    throw new AppError("BAD_INPUT", "histories needs either sweepId or runIds");
  if (asked.runIds != null) {
    if (asked.limit != null) throw new AppError("BAD_INPUT", "limit belongs to sweepId, not to runIds");
    if (asked.runIds.length > MAX_RUNS)
      throw new AppError(
        "INPUT_TOO_LARGE",
        `runIds has ${asked.runIds.length} entries, at most ${MAX_RUNS} are taken`,
      );
    return {
      runIds: [...new Set(asked.runIds.map((id) => toNumber("runIds", id)))],
      hasMoreRuns: false,
    };
  }
  const limit = asked.limit ?? DEFAULT_RUNS;
  if (!(limit >= 1 && limit <= MAX_RUNS))
    throw new AppError("BAD_INPUT", `limit is ${limit}, expected 1 to ${MAX_RUNS}`);
  const found = await newestRunIds(db, access, { sweepId: toSweepId(asked.sweepId ?? ""), limit });
  return { runIds: found.slice(0, limit), hasMoreRuns: found.length > limit };
}
