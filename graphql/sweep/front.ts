import { type FrontRow, MOST_MEMBERS, type StoredMember } from "@/db/queries/fronts";
import { builder } from "../builder";
import { checkFirst } from "../connection";
import { Run } from "../refs";

const FrontMember = builder.objectRef<StoredMember>("FrontMember").implement({
  description: "A finished run that no other beats in all metrics; of equal ones the first.",
  fields: (t) => ({
    run: t.field({
      type: Run,
      nullable: true,
      description: "The run; null when it was deleted a moment ago.",
      resolve: ({ id }, _args, { loaders }) => loaders.run.load(id),
    }),
    values: t.floatList({
      description: "Its best value of each metric, in the order of the sweep's metrics.",
      resolve: ({ objectives }) => [...objectives],
    }),
    ordinal: t.exposeInt("ordinal", {
      description:
        "Which finished run of its sweep it was, from 1: when it came into the front. Under constraints on metrics only runs that keep to them are counted.",
    }),
  }),
});

/** The best compromises between a sweep's metrics. */
export const Front = builder.objectRef<FrontRow>("Front").implement({
  description: "The finished runs of a sweep with several metrics that no other beats in all of them.",
  fields: (t) => ({
    size: t.exposeInt("size", { description: "How many they are." }),
    members: t.field({
      type: [FrontMember],
      description: "The best ones in the first metric, the best first.",
      args: {
        first: t.arg.int({
          description: `At most this many, at most ${MOST_MEMBERS}; ${MOST_MEMBERS} when absent.`,
        }),
      },
      resolve: ({ members }, { first }) => members.slice(0, checkFirst(first ?? MOST_MEMBERS)),
    }),
    runs: t.exposeInt("runs", {
      description: "Finished runs that it was made of; under constraints on metrics those that keep to them.",
    }),
    since: t.exposeInt("barren", {
      description: "Of them, those that ended after the last one that came into it.",
    }),
    reference: t.floatList({
      description: "The worst value that any finished run had of each metric: the hypervolume ends there.",
      resolve: ({ reference }) => [...reference],
    }),
    hypervolume: t.exposeFloat("hypervolume", {
      nullable: true,
      description:
        "What the runs dominate, between them and the reference, in the product of the metrics' units. It grows with each run that comes in, and when a run worse than all before moves the reference. Null for more than 500 runs in three metrics.",
    }),
  }),
});
