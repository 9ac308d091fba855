import type { WarningRow } from "@/db/queries/run-warnings";
import type { SystemSeriesRow } from "@/db/queries/system-samples";
import { builder } from "../builder";
import { WarningCode } from "../enums";
import { checkSystemSamples, SYSTEM_SAMPLES } from "../limits";
import { Attempt, Run } from "../refs";

/** What is known of a run beside what its program logs: its machine, where it came from, and what somebody should look at. */

const SystemSeries = builder.objectRef<SystemSeriesRow>("SystemSeries").implement({
  description: "One number of a run's machine over time, in columns of one length.",
  fields: (t) => ({
    key: t.exposeString("key", {
      description:
        'Such as "cpu" (% of one core, the run\'s processes), "memory" (bytes), "cpu.machine" (%), "gpu.0" (%), "gpu.0.memory" (bytes).',
    }),
    times: t.field({
      type: "Column",
      description: "Milliseconds since 1970.",
      resolve: ({ times }) => times,
    }),
    values: t.field({ type: "Column", description: "Mean values.", resolve: ({ values }) => values }),
    max: t.field({ type: "Column", description: "The highest of each.", resolve: ({ max }) => max }),
  }),
});

const RunWarning = builder.objectRef<WarningRow>("RunWarning").implement({
  description: "Something about a run that whoever looks at it should know.",
  fields: (t) => ({
    code: t.expose("code", { type: WarningCode, description: "Stable, for programs." }),
    message: t.exposeString("message", { description: "For people." }),
    attempt: t.exposeInt("attempt", { description: "The try that it was noticed of." }),
    at: t.expose("at", { type: "DateTime", description: "When it was given." }),
  }),
});

builder.objectFields(Run, (t) => ({
  system: t.field({
    type: [SystemSeries],
    description:
      "What the machine of its current attempt did, by name; apart from what it logs. Longer attempts come in equal parts of their time.",
    args: {
      samples: t.arg.int({
        description: `Points of each line at most; ${SYSTEM_SAMPLES.usual} when absent, up to ${SYSTEM_SAMPLES.max}.`,
      }),
    },
    resolve: ({ id, attempt }, { samples }, { loaders }) =>
      attempt === 0 ? [] : loaders.system(checkSystemSamples(samples)).load(id),
  }),
  warnings: t.field({
    type: [RunWarning],
    description: "What was noticed about it, of all attempts, the first one first; at most 20.",
    resolve: ({ id, attempt }, _args, { loaders }) => (attempt === 0 ? [] : loaders.warnings.load(id)),
  }),
}));

builder.objectFields(Attempt, (t) => ({
  facts: t.field({
    type: "JSON",
    nullable: true,
    description:
      "What it was: argv, cwd, host, user, os, cpu, memoryBytes, node, python, packages, git, gpus, as far as whoever started it found them.",
    resolve: async ({ runId, number }, _args, { loaders }) => {
      const row = await loaders.attemptFacts.load({ runId, attempt: number });
      return row === undefined ? null : (JSON.parse(row.facts) as unknown);
    },
  }),
  diff: t.string({
    nullable: true,
    description: "What its working tree had beside the commit.",
    resolve: async ({ runId, number }, _args, { loaders }) =>
      (await loaders.attemptFacts.load({ runId, attempt: number }))?.diff,
  }),
}));
