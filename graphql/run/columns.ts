import { AppError } from "@/core/errors";
import type { RunColumns } from "@/core/run-columns";
import type { MetricColumn } from "@/db/queries/run-columns";
import { builder } from "../builder";
import { isInteger, readPosition, toCursor } from "../connection";
import { toLookup } from "../ids";
import { MetricStatType } from "../list";
import { Run, Sweep } from "../refs";

/** Runs by the ten thousand, for a page that shows all of them. */

const MAX_RUNS = 10_000;
/** Parameters, names and notes of one page; its values come on top. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_METRICS = 64;

const RunMetricInput = builder.inputType("RunMetricInput", {
  description: "One number that is kept of a metric.",
  fields: (t) => ({
    name: t.string({ required: true, description: "The metric, as the training program logs it." }),
    stat: t.field({ type: MetricStatType, description: "last when absent." }),
  }),
});

builder.objectField(Sweep, "runColumns", (t) =>
  t.field({
    type: "RunColumns",
    description:
      "Its runs in columns, newest first, with what a list shows of each and with numbers of their metrics: for reading all of them. A page ends before `first` where parameters, names and notes come to 8 MiB.",
    args: {
      first: t.arg.int({ description: `The most runs of a page, at most ${MAX_RUNS}, which is usual.` }),
      after: t.arg.string({ description: "`next` of the page before." }),
      metrics: t.arg({
        type: [RunMetricInput],
        required: true,
        description: `A column each, at most ${MAX_METRICS}.`,
      }),
      lines: t.arg.boolean({ description: "false: ids and the metrics' values alone. true when absent." }),
    },
    resolve: async ({ id }, { first, after, metrics, lines }, { loaders }): Promise<RunColumns> => {
      const { more, ...columns } = await loaders
        .runColumns({
          length: checkLength(first),
          below: readPosition(after, readId),
          metrics: toColumns(metrics),
          maxBytes: MAX_BYTES,
          bare: lines === false,
        })
        .load(id);
      const last = columns.id.at(-1);
      return { ...columns, next: more && last !== undefined ? toCursor([last]) : null };
    },
  }),
);

builder.objectField(Run, "values", (t) =>
  t.field({
    type: t.listRef("Float", { nullable: true }),
    description:
      "Numbers of its metrics, in the order asked for; null where it has no finite value. As `Sweep.runColumns` has them.",
    args: {
      metrics: t.arg({
        type: [RunMetricInput],
        required: true,
        description: `At most ${MAX_METRICS}.`,
      }),
    },
    resolve: async ({ id }, { metrics }, { loaders }) =>
      (await loaders.values(toColumns(metrics)).load(id)) ?? metrics.map(() => null),
  }),
);

function toColumns(
  metrics: readonly { name: string; stat?: MetricColumn["stat"] | null | undefined }[],
): MetricColumn[] {
  if (metrics.length <= MAX_METRICS)
    return metrics.map(({ name, stat }) => ({ name: toLookup("name", name), stat: stat ?? "last" }));
  throw new AppError(
    "BAD_INPUT",
    `metrics asks for ${metrics.length} columns, expected at most ${MAX_METRICS}`,
    {
      details: { name: "metrics", found: metrics.length, max: MAX_METRICS },
    },
  );
}

function checkLength(first: number | null | undefined): number {
  const length = first ?? MAX_RUNS;
  if (length >= 1 && length <= MAX_RUNS) return length;
  throw new AppError("BAD_INPUT", `first is ${length}, expected 1 to ${MAX_RUNS}`, {
    details: { name: "first" },
  });
}

const readId = ([id, ...more]: readonly unknown[]): number | undefined =>
  more.length === 0 && isInteger(id, Number.MAX_SAFE_INTEGER) ? id : undefined;
