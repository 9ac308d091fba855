import type { SearchStateRow, SuggestionRow } from "@/db/queries/suggestions";
import { builder } from "../builder";

/** Why a run has its configuration. */
export const Suggestion = builder.objectRef<SuggestionRow>("Suggestion").implement({
  description:
    "Why a run has the configuration that it has: what its sweep's search proposed, and what it expected of it.",
  fields: (t) => ({
    number: t.exposeInt("number", {
      description: "Which proposal of the search it was, from 0; below zero for one that no model made.",
    }),
    reason: t.exposeString("reason", {
      description:
        "design (space-filling, before there is a model), model, enumerated, random, replicate, enqueued (somebody asked for it), or fallback (no model's answer was ready in time).",
    }),
    observed: t.exposeInt("observed", { description: "How many results the search had seen." }),
    seen: t.exposeInt("seen", {
      description: "How many events of the search's log came before it: all that it was made from.",
    }),
    mean: t.exposeFloat("mean", {
      nullable: true,
      description: "The value of the metric that the model expected; null where no model was asked.",
    }),
    sd: t.exposeFloat("sd", { nullable: true, description: "The standard deviation of that expectation." }),
    acquisition: t.exposeFloat("acquisition", {
      nullable: true,
      description: "The value of the acquisition function that chose it.",
    }),
    acquisitionName: t.exposeString("acquisitionName", {
      nullable: true,
      description: "Which acquisition function that was.",
    }),
    improvement: t.exposeFloat("improvement", {
      nullable: true,
      description:
        "What it was expected to gain on the best place known, in the metric's unit; null where no expected improvement chose it.",
    }),
    engine: t.exposeString("engineVersion", { description: "The method and its version, as in bayes/1." }),
    computeMs: t.exposeFloat("computeMs", {
      nullable: true,
      description: "How long it took to compute, in milliseconds.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    takenAt: t.expose("takenAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was handed out.",
    }),
  }),
});

/** The search behind a sweep. */
export const SearchState = builder.objectRef<SearchStateRow>("SearchState").implement({
  description: "The search behind a sweep whose method learns from results.",
  fields: (t) => ({
    method: t.exposeString("method", {
      nullable: true,
      description: "The method at work, also where the file says auto; null before the first proposal.",
    }),
    why: t.exposeString("why", { nullable: true, description: "Why that one, in a sentence." }),
    results: t.exposeInt("results", { description: "Results it has learned from." }),
    events: t.exposeInt("events", { description: "Length of its log." }),
    spent: t.exposeBoolean("spent", {
      description: "It had nothing more to propose when it was asked last.",
    }),
    ready: t.exposeInt("ready", { description: "Proposals that lie ready." }),
    taken: t.exposeInt("taken", { description: "Proposals that became runs, fallbacks included." }),
    withdrawn: t.exposeInt("withdrawn", {
      description: "Proposals that grew too old before anybody took them.",
    }),
    fallbacks: t.exposeInt("fallbacks", {
      description: "Runs that got a space-filling point because no proposal was ready in time.",
    }),
  }),
});
