import { findParameter } from "@/core/run-filter";
import { inFull } from "../allowance";
import { builder } from "../builder";
import { Person } from "../entity/people";
import { toLookup } from "../ids";
import { MetricSummary } from "../metric/schema";
import { Run } from "../refs";
import "./early-stop";

/** What a run has beside its row: read for all runs of a page at once. */
builder.objectFields(Run, (t) => ({
  tags: t.stringList({
    description: "Words that people or programs put on it, sorted.",
    resolve: async ({ id }, _args, { loaders }) => [
      ...((await loaders.runPart.load({ id, part: "tags" }))?.tags ?? []),
    ],
  }),
  notes: t.string({
    nullable: true,
    description: "What somebody wrote about it.",
    resolve: async ({ id }, _args, { loaders }) => (await loaders.runPart.load({ id, part: "notes" }))?.notes,
  }),
  createdBy: t.field({
    type: Person,
    nullable: true,
    description: "Who created it, or the sweep that handed it out.",
    resolve: async ({ id }, _args, { loaders }) => {
      const creator = (await loaders.runPart.load({ id, part: "creator" }))?.creator;
      return creator == null ? null : loaders.person.load(creator);
    },
  }),
  host: t.string({
    nullable: true,
    description: "The machine of its current attempt.",
    resolve: async ({ id, attempt }, _args, { loaders }) =>
      attempt === 0 ? null : (await loaders.runPart.load({ id, part: "agent" }))?.host,
  }),
  duration: t.float({
    nullable: true,
    description: "Seconds from its start to its end, or until now; null before its start.",
    resolve: ({ startedAt, finishedAt }, _args, { loaders }) =>
      startedAt === null
        ? null
        : Math.max(0, (finishedAt?.getTime() ?? loaders.now) - startedAt.getTime()) / 1_000,
  }),
  parameter: t.field({
    type: "JSON",
    nullable: true,
    description: "One of its parameters by name, as a filter names it; null where it has none of that name.",
    args: {
      name: t.arg.string({ required: true, description: "Inside groups with dots, as in optimizer.lr." }),
    },
    resolve: ({ params }, { name }) => findParameter(JSON.parse(inFull(params)), name),
  }),
  metric: t.field({
    type: MetricSummary,
    nullable: true,
    description: "One metric of its summary by name; null when it never logged it.",
    args: { name: t.arg.string({ required: true, description: "As the training program logs it." }) },
    resolve: ({ id }, { name }, { loaders }) => loaders.metric.load({ id, name: toLookup("name", name) }),
  }),
}));
