import type { SavedViewRow } from "@/db/queries/saved-views";
import { deleteView, saveView } from "@/engine/saved-views";
import { builder } from "../builder";
import { Person } from "../entity/people";
import { toNumber, toSweepId } from "../ids";
import { Project, Sweep } from "../refs";
import { mutationId, payload, verb } from "../verb";

const SavedView = builder.objectRef<SavedViewRow>("SavedView").implement({
  description: "What stands in a page's address behind ?, under a name.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "Unique among the views of its page." }),
    search: t.exposeString("search", { description: "Without the question mark." }),
    savedBy: t.field({
      type: Person,
      nullable: true,
      description: "Who saved it last.",
      resolve: ({ userId }, _args, { loaders }) => loaders.person.load(userId),
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the name was used first." }),
    updatedAt: t.expose("updatedAt", { type: "DateTime", description: "When it was saved last." }),
  }),
});

builder.objectField(Sweep, "views", (t) =>
  t.field({
    type: [SavedView],
    description: "Saved views of its page, by name; at most 200.",
    resolve: ({ id }, _args, { loaders }) => loaders.viewsOfSweeps.load(id),
  }),
);

builder.objectField(Project, "views", (t) =>
  t.field({
    type: [SavedView],
    description: "Saved views of its own page, by name; at most 200.",
    resolve: ({ id }, _args, { loaders }) => loaders.viewsOfProjects.load(id),
  }),
);

verb("saveView", {
  description: "Keeps the view of a page under a name, for all who see it. A view of that name is replaced.",
  input: builder.inputType("SaveViewInput", {
    description: "Which page, the name, and what stands in its address.",
    fields: (t) => ({
      sweepId: t.id({ description: "A sweep's page, by id or path; or else projectId." }),
      projectId: t.id({ description: "A project's page, by its number as text." }),
      name: t.string({ required: true, description: "Up to 100 characters." }),
      search: t.string({
        required: true,
        description: "What stands behind the question mark, up to 8000 characters.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ viewId: number }>("SaveViewPayload", "The saved view.", (t) => ({
    view: t.field({
      type: SavedView,
      nullable: true,
      description: "The view.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.view.load(answer.viewId),
    }),
  })),
  run: (context, { sweepId, projectId, ...input }) =>
    saveView(context, {
      ...input,
      ...(sweepId !== undefined && { sweepId: toSweepId(sweepId) }),
      ...(projectId !== undefined && { projectId: toNumber("projectId", projectId) }),
    }),
});

verb("deleteView", {
  description: "Takes a saved view away.",
  input: builder.inputType("DeleteViewInput", {
    description: "Which view.",
    fields: (t) => ({
      viewId: t.id({ required: true, description: "Its number as text." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ viewId: number }>("DeleteViewPayload", "What became of it.", (t) => ({
    viewId: t.id({
      nullable: true,
      description: "The view that is gone.",
      resolve: ({ answer }) => answer?.viewId ?? null,
    }),
  })),
  run: (context, input) => deleteView(context, { ...input, viewId: toNumber("viewId", input.viewId) }),
});
