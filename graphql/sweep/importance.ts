import type { Importance, MarginalPoint, PairImportance, ParameterImportance } from "@/core/importance";
import { builder } from "../builder";

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
  description: "Which parameters matter to a metric, by a random forest of the finished runs.",
  fields: (t) => ({
    runsUsed: t.exposeInt("runs", { description: "Runs that it was computed from." }),
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
      description: "The share of the variation that the forest foretells in runs that it has not seen.",
    }),
    warnings: t.field({
      type: [Warning],
      description: "What to know before one believes it.",
      resolve: ({ warnings }) => [...warnings],
    }),
  }),
});
