import { measureOf } from "@/compute/stopping/place";
import { AppError } from "@/core/errors";
import { deserializeConfig, type EarlyTerminate } from "@/core/sweep-config";
import {
  type StoppingBand,
  type StoppingSavings,
  type StoppingView,
  viewStopping,
} from "@/engine/stopping-view";
import { inFull } from "../allowance";
import { builder } from "../builder";
import { Sweep } from "../refs";

const MAX_RUNGS = 20_000;

type Stopping = StoppingView & { readonly rule: EarlyTerminate };

const Band = builder.objectRef<StoppingBand>("StoppingBand").implement({
  description: "Where early stopping looks at runs.",
  fields: (t) => ({
    band: t.exposeInt("band", { description: "After so many values, or at this step." }),
    runs: t.exposeInt("runs", { description: "Runs that came as far." }),
    stopped: t.exposeInt("stopped", { description: "Those that were stopped there." }),
    threshold: t.exposeFloat("threshold", {
      nullable: true,
      description:
        "What a run there is compared with by now: worse ones have to stop. Null where too few have come, and for rules that compare with no single number.",
    }),
  }),
});

const Savings = builder.objectRef<StoppingSavings>("StoppingSavings").implement({
  description:
    "The training that early stopping has saved so far. A run that was stopped counts as if it would have logged as much as the middle one of the finished runs.",
  fields: (t) => ({
    stopped: t.exposeInt("stopped", { description: "Runs that were stopped." }),
    stoppedValues: t.exposeFloat("stoppedValues", { description: "Values of the metric that they logged." }),
    fullValues: t.exposeFloat("fullValues", { description: "Values that they would have logged." }),
    spent: t.exposeFloat("spent", {
      description: "What all runs logged, as a share of what they would have without early stopping.",
    }),
  }),
});

const StoppingType = builder.objectRef<Stopping>("Stopping").implement({
  description: "What early stopping has looked at in a sweep.",
  fields: (t) => {
    const column = (
      description: string,
      toValue: (rung: StoppingView["rungs"][number], view: Stopping) => number,
    ) =>
      t.field({
        type: "Column",
        description,
        resolve: (view) => view.rungs.map((rung) => toValue(rung, view)),
      });
    return {
      rule: t.string({
        description: "Its type, as the sweep file has it.",
        resolve: ({ rule }) => rule.type,
      }),
      unit: t.string({
        description: "What bands count: values or steps.",
        resolve: ({ rule }) => (rule.type === "asha" && rule.by === "step" ? "steps" : "values"),
      }),
      bands: t.field({
        type: [Band],
        description: "Rising; at most 100, evenly chosen where there are more.",
        resolve: ({ bands }) => [...bands],
      }),
      run: column("Of each rung its run, by number; those of the newest runs first.", ({ runId }) => runId),
      band: column("The band.", ({ band }) => band),
      compared: column(
        "What the rule compares: the value that reached the band, or the best so far.",
        ({ value, best }, { rule }) => (comparesValue(rule) ? value : best),
      ),
      value: column("The value that reached the band.", ({ value }) => value),
      best: column("The best so far.", ({ best }) => best),
      stopped: column("1 where the run was stopped there, else 0.", ({ stopped }) => Number(stopped)),
      savings: t.field({
        type: Savings,
        nullable: true,
        description: "What it has saved; null before a run was stopped and another one finished.",
        resolve: ({ savings }) => savings,
      }),
      more: t.exposeBoolean("more", { description: "There is more than is shown." }),
    };
  },
});

builder.objectField(Sweep, "stopping", (t) =>
  t.field({
    type: StoppingType,
    nullable: true,
    description: "Where its runs stand in the eyes of early stopping; null where its file has none.",
    args: {
      first: t.arg.int({
        required: true,
        description: `Rungs, a run at a band each, of the newest runs; at most ${MAX_RUNGS}.`,
      }),
    },
    resolve: async (sweep, { first }, { db, loaders }) => {
      if (!(first >= 0 && first <= MAX_RUNGS))
        throw new AppError("BAD_INPUT", `first is ${first}, expected 0 to ${MAX_RUNGS}`);
      const rule = deserializeConfig(inFull(sweep.config)).earlyTerminate;
      if (rule === undefined) return null;
      const asked = { sweepId: sweep.id, rule, goal: sweep.metricGoal, length: first };
      const view = await loaders.allowance.read(
        () => viewStopping(db, loaders.access, asked),
        ({ rungs }) => rungs.length * 48,
      );
      return { ...view, rule };
    },
  }),
);

const comparesValue = (rule: EarlyTerminate): boolean =>
  rule.type === "patience" || rule.type === "wilcoxon" || measureOf(rule) === "value";
