import { createProject } from "@/engine/create-project";
import { deleteProject } from "@/engine/delete-project";
import { updateProject } from "@/engine/update-project";
import { builder } from "../builder";
import { toSmallNumber } from "../ids";
import { Project } from "../refs";
import { mutationId, payload, verb } from "../verb";

const changedProject = (name: string, description: string) =>
  payload<{ projectId: number }>(name, description, (t) => ({
    project: t.field({
      type: Project,
      nullable: true,
      description: "The project afterwards.",
      resolve: ({ answer }, _args, { loaders }) => answer && loaders.project.load(answer.projectId),
    }),
  }));

verb("createProject", {
  description: "Makes an empty project. Sweeps and runs that name a project which is not there make it too.",
  input: builder.inputType("CreateProjectInput", {
    description: "What it is called, and whose it is.",
    fields: (t) => ({
      entity: t.string({ description: "A user or a team; the caller's own when absent." }),
      name: t.string({ required: true, description: "Unique in its entity." }),
      description: t.string({ description: "For people." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedProject("CreateProjectPayload", "The new project."),
  run: createProject,
});

verb("updateProject", {
  description: "Changes a project's description, or how long it keeps what its runs printed and logged.",
  input: builder.inputType("UpdateProjectInput", {
    description: "What to change; what is absent stays as it is.",
    fields: (t) => ({
      projectId: t.id({ required: true, description: "A number as text." }),
      description: t.string({ description: "For people; empty takes it away." }),
      keepOutputDays: t.int({
        description:
          "Days after a run's end that its output is kept; 0 puts the server's setting in force again.",
      }),
      keepHistoryDays: t.int({
        description:
          "Days after a run's end that its metric history is kept (its summary stays); 0 puts the server's setting in force again.",
      }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: changedProject("UpdateProjectPayload", "The changed project."),
  run: (context, input) =>
    updateProject(context, { ...input, projectId: toSmallNumber("projectId", input.projectId) }),
});

verb("deleteProject", {
  description:
    "Deletes a project with all its sweeps and runs, for good. Agents at work in it are told to end.",
  input: builder.inputType("DeleteProjectInput", {
    description: "Which project.",
    fields: (t) => ({
      projectId: t.id({ required: true, description: "A number as text." }),
      confirm: t.string({ required: true, description: "The project's name, again." }),
      clientMutationId: mutationId(t),
    }),
  }),
  payload: payload<{ projectId: number }>("DeleteProjectPayload", "What was deleted.", (t) => ({
    projectId: t.id({
      nullable: true,
      description: "Its number as text.",
      resolve: ({ answer }) => answer?.projectId ?? null,
    }),
  })),
  run: (context, input) =>
    deleteProject(context, { ...input, projectId: toSmallNumber("projectId", input.projectId) }),
});
