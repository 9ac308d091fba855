import type { ExpectedRun, WinnerRow } from "@/db/queries/winners";
import { builder } from "../builder";
import { Run } from "../refs";

const LuckiestRun = builder.objectRef<ExpectedRun & { value: number }>("LuckiestRun").implement({
  description: "The run with the best value, and what the model makes of it.",
  fields: (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run; null when it was deleted since.",
      resolve: ({ runId }, _args, { loaders }) => loaders.run.load(runId),
    }),
    value: t.exposeFloat("value", { description: "Its value of the metric, as it was logged." }),
    mean: t.exposeFloat("mean", {
      description: "What the model expects of another run of its configuration, on average.",
    }),
    sd: t.exposeFloat("sd", { description: "How well it knows that mean: a standard deviation." }),
  }),
});

/** Which run the model of a sweep holds for the best. */
export const BestByModel = builder.objectRef<WinnerRow>("BestByModel").implement({
  description:
    "The run that the model of a sweep holds for the best: under noise the best value is often luck, and the model asks its neighbours, too.",
  fields: (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run; of a configuration that ran several times, the first.",
      resolve: ({ runId }, _args, { loaders }) => loaders.run.load(runId),
    }),
    mean: t.exposeFloat("mean", {
      description: "What the model expects of another run of its configuration, on average.",
    }),
    sd: t.exposeFloat("sd", {
      description: "How well it knows that mean: a standard deviation, without the noise of single runs.",
    }),
    results: t.exposeInt("results", { description: "How many results it had seen." }),
    luckiest: t.field({
      type: LuckiestRun,
      description: "Beside it the finished run with the best value; often the same one.",
      resolve: ({ luckiest }) => luckiest,
    }),
  }),
});
