import type { ArgBuilder } from "@pothos/core";
import type { NamesQuery } from "@/db/queries/metric-names";
import { type Guess, guessFromRuns } from "@/engine/guess-sweep";
import { builder } from "../builder";
import { checkFirst } from "../connection";
import { toLookup } from "../ids";
import { MAX_PAGE } from "../limits";
import { Project, Sweep } from "../refs";

/** Names that a filter, an order or a chart can use: for pickers. */

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

interface NamesArgs {
  contains?: string | null | undefined;
  first?: number | null | undefined;
}

const toQuery = ({ contains, first }: NamesArgs): NamesQuery => ({
  limit: checkFirst(first ?? MAX_PAGE),
  ...(contains != null && { contains: toLookup("contains", contains) }),
});

const namesArgs = (t: ArgBuilder<Types>) => ({
  contains: t.string({ description: "Only names with this in them, a-z and A-Z being the same." }),
  first: t.int({ description: "At most this many, at most 1000; 1000 when absent." }),
});

const WHAT = {
  metricNames: "Metrics that were ever logged in it, sorted.",
  parameterNames: "Parameters of its newest 1000 runs as a filter names them, sorted.",
} as const;

const CommonNames = builder.objectRef<{ names: readonly string[]; more: boolean }>("CommonNames").implement({
  description: "Some names, and whether there are more.",
  fields: (t) => ({
    names: t.stringList({ description: "Sorted.", resolve: ({ names }) => [...names] }),
    more: t.exposeBoolean("more", { description: "There are more than were asked for." }),
  }),
});

const GuessType = builder.objectRef<Guess>("SweepGuess").implement({
  description: "A sweep file that a project's runs could have come from.",
  fields: (t) => ({
    source: t.exposeString("source", {
      description:
        "YAML with comments: program, metric, and each parameter as wide as the runs used it. A beginning to be edited.",
    }),
    runs: t.exposeInt("runs", { description: "How many runs it was made of, at most the newest 500." }),
  }),
});

builder.objectFields(Project, (t) => ({
  guess: t.field({
    type: GuessType,
    nullable: true,
    description: "A sweep file made from what its newest runs used; null where none has parameters.",
    resolve: ({ id }, _args, context) => guessFromRuns(context, id),
  }),
  metricNames: t.stringList({
    description: WHAT.metricNames,
    args: namesArgs(t.arg),
    resolve: async ({ id }, args, { loaders }) =>
      (await loaders.metricNamesOfProjects(toQuery(args)).load(id)) ?? [],
  }),
  parameterNames: t.stringList({
    description: WHAT.parameterNames,
    args: namesArgs(t.arg),
    resolve: async ({ id }, args, { loaders }) =>
      (await loaders.parameterNamesOfProjects(toQuery(args)).load(id)) ?? [],
  }),
}));

builder.objectFields(Sweep, (t) => ({
  metricNames: t.stringList({
    description: WHAT.metricNames,
    args: namesArgs(t.arg),
    resolve: async ({ id }, args, { loaders }) =>
      (await loaders.metricNamesOfSweeps(toQuery(args)).load(id)) ?? [],
  }),
  parameterNames: t.stringList({
    description: WHAT.parameterNames,
    args: namesArgs(t.arg),
    resolve: async ({ id }, args, { loaders }) =>
      (await loaders.parameterNamesOfSweeps(toQuery(args)).load(id)) ?? [],
  }),
  commonMetrics: t.field({
    type: CommonNames,
    description:
      "Metrics that its 250 oldest and 250 newest runs logged numbers of: quicker than metricNames, which goes through all of them.",
    args: { first: t.arg.int({ description: "At most this many, at most 1000; 50 when absent." }) },
    resolve: async ({ id }, { first }, { loaders }) => {
      const length = checkFirst(first);
      const names = (await loaders.commonMetricNames(length + 1).load(id)) ?? [];
      return { names: names.slice(0, length), more: names.length > length };
    },
  }),
}));
