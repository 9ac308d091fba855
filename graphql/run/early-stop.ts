import { describeEarlyStop, type EarlyStop as Reason } from "@/core/stopping";
import { builder } from "../builder";
import { Run } from "../refs";

const EarlyStop = builder.objectRef<Reason>("EarlyStop").implement({
  description:
    "Why a rule of early stopping asked a run to stop. Values are in the metric's own unit and sign.",
  fields: (t) => ({
    rule: t.exposeString("rule", {
      description: "hyperband, asha, median, percentile, funnel, wilcoxon or patience.",
    }),
    band: t.exposeInt("band", {
      description: "Where it looked at the run: after so many logged values, or at this step (asha by step).",
    }),
    value: t.exposeFloat("value", { description: "What the run was there." }),
    threshold: t.exposeFloat("threshold", { nullable: true, description: "What it was compared with." }),
    rank: t.exposeInt("rank", {
      nullable: true,
      description: "Its place among the runs that had come as far, from 1; null for a rule without places.",
    }),
    of: t.exposeInt("of", {
      nullable: true,
      description:
        "How many runs had come as far, itself among them (under funnel also those stopped before); null for patience.",
    }),
    text: t.string({ description: "All that in a sentence for people.", resolve: describeEarlyStop }),
  }),
});

builder.objectField(Run, "earlyStop", (t) =>
  t.field({
    type: EarlyStop,
    nullable: true,
    description: "Why its sweep's early stopping asked it to stop; null unless it did.",
    resolve: ({ earlyStop }) => (earlyStop === null ? null : (JSON.parse(earlyStop) as Reason)),
  }),
);
