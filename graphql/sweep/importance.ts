import type { ArgBuilder } from "@pothos/core";
import type { MetricStat } from "@/core/filter/operand";
import type {
  AskedMethod,
  Importance,
  ImportanceScope,
  MarginalPoint,
  PairImportance,
  ParameterImportance,
  UnfinishedChoice,
} from "@/core/importance";
import { authorizeProject } from "@/engine/authorize";
import { sweepFacts } from "@/engine/facts";
import { checkImportance, type ImportanceQuery } from "@/engine/importance";
import { builder } from "../builder";
import { toSweepId } from "../ids";
import { MetricStatType } from "../list";
import { Events, openEvent } from "../live/events";
import { refineImportance } from "../live/importance-changes";
import { RUN_LIST } from "../run/schema";

const Method = builder.enumType("ImportanceMethod", {
  description: "How importance is computed.",
  values: {
    auto: {
      description:
        "Of forest and gp the one that foretells unseen runs better, up to 300 runs; of more forest. An answer says which of them it was.",
    },
    forest: { description: "Functional ANOVA of a random forest." },
    good: { description: "PED-ANOVA: what tells the best runs from the others." },
    gp: { description: "Sobol indices of a Gaussian process; of more than 1000 runs so many are drawn." },
  } as const,
});
const Unfinished = builder.enumType("UnfinishedRuns", {
  description:
    "What stands for runs that failed, crashed, were killed or stopped early, or have no finite value.",
  values: {
    leave_out: { description: "Nothing: they are left out." },
    last: { description: "The last finite value that they logged; those without any are left out." },
    worst: { description: "The worst finite value of all." },
  } as const,
});
const Scope = builder.enumType("ImportanceScope", {
  description: "Whose runs count.",
  values: {
    sweep: { description: "The sweep's own." },
    project: { description: "All of its project whose values lie in the sweep's space." },
  } as const,
});

const Direction = builder.enumType("ImportanceDirection", {
  description: "Which way along a parameter is better.",
  values: {
    higher: { description: "Greater values." },
    lower: { description: "Smaller values." },
    mixed: { description: "Neither, it depends, or it is a category." },
  } as const,
});
const Warning = builder.enumType("ImportanceWarning", {
  description: "What to know before one believes it.",
  values: {
    TOO_FEW_RUNS: { description: "No answer yet: runsNeeded says how many runs it takes." },
    NOTHING_VARIES: { description: "No answer: all these runs have the same parameters." },
    METRIC_CONSTANT: { description: "No answer: all these runs have the same value." },
    WEAK_FIT: { description: "Less than 0.3 of the variation is foretold in unseen runs." },
    FEW_RUNS: { description: "Fewer than 30 runs: the order may be chance." },
    SAMPLED_RUNS: { description: "There were more runs than the method takes: so many were drawn." },
  } as const,
});

const Point = builder.objectRef<MarginalPoint>("MarginalPoint").implement({
  description:
    "What the forest expects of the metric when a parameter has this value and all others are drawn from the space.",
  fields: (t) => ({
    value: t.field({
      type: "JSON",
      description: "A number, or a category's text.",
      resolve: ({ value }) => value,
    }),
    mean: t.exposeFloat("mean", { description: "Expected, over the whole space." }),
    low: t.exposeFloat("low", { description: "Where 90 % of samples of as many runs would begin ..." }),
    high: t.exposeFloat("high", { description: "... and end." }),
  }),
});

const Parameter = builder.objectRef<ParameterImportance>("ParameterImportance").implement({
  description: "What is known of one parameter.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Groups with dots." }),
    importance: t.exposeFloat("importance", {
      description: "fANOVA: the share of the metric's variance over the space that it explains by itself.",
    }),
    low: t.exposeFloat("low", { description: "The lower end of that share's interval of 90 %." }),
    high: t.exposeFloat("high", { description: "The upper end." }),
    total: t.exposeFloat("total", {
      nullable: true,
      description: "The share with all that it does together with others; of a forest in pairs.",
    }),
    totalLow: t.exposeFloat("totalLow", {
      nullable: true,
      description: "The lower end of that share's interval of 90 %; null where the method has none.",
    }),
    totalHigh: t.exposeFloat("totalHigh", { nullable: true, description: "The upper end." }),
    impurity: t.exposeFloat("impurity", {
      nullable: true,
      description: "What a forest's splits on it gained, as a share of all: the number that W&B shows.",
    }),
    permutation: t.exposeFloat("permutation", {
      nullable: true,
      description:
        "How much worse unseen runs are foretold when its values are shuffled, as a share of the variance.",
    }),
    correlation: t.exposeFloat("correlation", {
      nullable: true,
      description: "Pearson's with the metric; of a category the value in correlationOf against all others.",
    }),
    correlationOf: t.exposeString("correlationOf", {
      nullable: true,
      description: "The category that correlates most; null for numbers.",
    }),
    rankCorrelation: t.exposeFloat("rankCorrelation", {
      nullable: true,
      description: "Spearman's with the metric; null for categories.",
    }),
    direction: t.field({
      type: Direction,
      description:
        "Which way is better: as the sweep's file says of the metric, else as the metric's name mostly means.",
      resolve: ({ direction }) => direction,
    }),
    active: t.exposeFloat("active", { description: "The share of runs in which it has a value." }),
    marginal: t.field({
      type: [Point],
      description: "The metric along it; at most 254 points.",
      resolve: ({ marginal }) => [...marginal],
    }),
  }),
});

const Pair = builder.objectRef<PairImportance>("PairImportance").implement({
  description: "What two parameters do together beyond the sum of both.",
  fields: (t) => ({
    a: t.exposeString("a", { description: "One of them." }),
    b: t.exposeString("b", { description: "The other." }),
    importance: t.exposeFloat("importance", { description: "As a share of the metric's variance." }),
  }),
});

export const ImportanceType = builder.objectRef<Importance>("Importance").implement({
  description: "Which parameters matter to a metric, learned from the runs that have ended.",
  fields: (t) => ({
    method: t.field({ type: Method, description: "How it was computed.", resolve: ({ method }) => method }),
    runsUsed: t.exposeInt("runs", { description: "Runs that it was computed from." }),
    runsGood: t.exposeInt("good", {
      nullable: true,
      description: "Of those: how many the method calls the best; null for methods that ask for all alike.",
    }),
    runsImputed: t.exposeInt("imputed", {
      description: "Of those: how many count as bad as the worst finite value.",
    }),
    runsNeeded: t.exposeInt("needed", { description: "The runs that a first answer takes." }),
    runsLeftOut: t.exposeInt("leftOut", {
      description:
        "Finished runs without a finite value of the metric, or with parameters outside the present ranges.",
    }),
    parameters: t.field({
      type: [Parameter],
      description: "The most important one first.",
      resolve: ({ parameters }) => [...parameters],
    }),
    interactions: t.field({
      type: [Pair],
      description: "The strongest first, at most 30.",
      resolve: ({ pairs }) => [...pairs],
    }),
    constant: t.stringList({
      description: "Parameters with one value in all these runs: nothing can be said of them.",
      resolve: ({ constant }) => [...constant],
    }),
    outOfBagR2: t.exposeFloat("outOfBagR2", {
      nullable: true,
      description:
        "The share of the variation that the model foretells in runs that it has not seen; null for the method good.",
    }),
    warnings: t.field({
      type: [Warning],
      description: "What to know before one believes it.",
      resolve: ({ warnings }) => [...warnings],
    }),
  }),
});

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

/** The arguments of the field and of the subscription. */
export const importanceArgs = (t: ArgBuilder<Types>) => ({
  metric: t.string({ description: "Which metric; the sweep's own by its goal when absent." }),
  stat: t({ type: MetricStatType, description: "Beside metric; last when absent." }),
  method: t({ type: Method, description: "How it is computed; auto when absent." }),
  quantile: t.float({
    description:
      "Beside the method good: the share of the runs that are the best, 0.01 to 0.5; 0.25 when absent.",
  }),
  unfinished: t({
    type: Unfinished,
    description: "What stands for runs that did not end well; leave_out when absent.",
  }),
  filter: t({ type: RUN_LIST.types.filter, description: "Only these runs; all when absent." }),
  scope: t({ type: Scope, description: "Whose runs; sweep when absent." }),
});

interface ImportanceArgs {
  readonly metric?: string | null | undefined;
  readonly stat?: MetricStat | null | undefined;
  readonly method?: AskedMethod | null | undefined;
  readonly quantile?: number | null | undefined;
  readonly unfinished?: UnfinishedChoice | null | undefined;
  readonly filter?: object | null | undefined;
  readonly scope?: ImportanceScope | null | undefined;
}

export const toImportanceQuery = (sweepId: string, args: ImportanceArgs): ImportanceQuery => ({
  sweepId,
  metric: args.metric ?? undefined,
  stat: args.stat ?? undefined,
  method: args.method ?? undefined,
  quantile: args.quantile ?? undefined,
  unfinished: args.unfinished ?? undefined,
  filter: args.filter ?? undefined,
  scope: args.scope ?? undefined,
});

builder.subscriptionField("importanceChanged", (t) =>
  t.field({
    type: ImportanceType,
    description:
      "How much each parameter of a sweep matters, at once and again as runs end, at most every 2 seconds. What can't be computed is an error of the update; the next one may bring an answer.",
    args: {
      sweepId: t.arg.id({ required: true, description: "Id or path." }),
      ...importanceArgs(t.arg),
    },
    subscribe: async (_root, args, context) => {
      const query = toImportanceQuery(toSweepId(args.sweepId), args);
      checkImportance(query);
      const { projectId, sweepId } = await sweepFacts(context.db, query.sweepId);
      return Events.open(context, {
        authorize: () => authorizeProject(context, projectId, "viewer"),
        open: () => context.live.importance({ ...query, sweepId }, projectId),
        forEverybody: true,
        name: "importance",
        refine: refineImportance(),
        toPayloads: ({ items }) => items.slice(-1),
      });
    },
    resolve: (event, _args, context) => {
      const { outcome } = openEvent(event, context);
      if ("error" in outcome) throw outcome.error;
      return outcome.importance;
    },
  }),
);
