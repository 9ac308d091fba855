import { AppError } from "@/core/errors";
import { authorizeProject } from "@/engine/authorize";
import { builder } from "../builder";
import { toSmallNumber } from "../ids";
import { Events, openEvent } from "../live/events";
import type { Update } from "../live/feed";
import type { ProjectItem } from "../live/project-changes";
import { Project, Run, Sweep } from "../refs";

interface ProjectChange {
  readonly cursor: string;
  readonly reset: boolean;
  readonly projectId: number;
  readonly sweepIds: readonly string[];
  readonly runIds: readonly number[];
  readonly removed: readonly number[];
}

const ProjectChangeType = builder.objectRef<ProjectChange>("ProjectChange").implement({
  description: "What is new or changed in a project.",
  fields: (t) => ({
    cursor: t.exposeString("cursor", { description: "Hand it back after a lost connection." }),
    reset: t.exposeBoolean("reset", {
      description:
        "More changed since the cursor than is worth sending: read the lists again, then go on from here.",
    }),
    project: t.field({
      type: Project,
      description: "As it is now, with its numbers.",
      resolve: async ({ projectId }, _args, { loaders }) => {
        const project = await loaders.project.load(projectId);
        if (project !== undefined) return project;
        throw new AppError("NOT_FOUND", `project ${projectId} is gone`, { details: { projectId } });
      },
    }),
    sweeps: t.field({
      type: [Sweep],
      description: "Sweeps that are new or changed, or one of whose runs is.",
      resolve: async ({ sweepIds }, _args, { loaders }) => {
        const sweeps = await Promise.all(sweepIds.map((id) => loaders.sweep.load(id)));
        return sweeps.filter((sweep) => sweep !== undefined);
      },
    }),
    runs: t.field({
      type: [Run],
      description: "Runs outside sweeps that are new or changed.",
      resolve: async ({ runIds }, _args, { loaders }) => {
        const runs = await Promise.all(runIds.map((id) => loaders.run.load(id)));
        return runs.filter((run) => run !== undefined);
      },
    }),
    removed: t.idList({
      description: "Deleted runs outside sweeps.",
      resolve: ({ removed }) => [...removed],
    }),
  }),
});

builder.subscriptionField("projectChanged", (t) =>
  t.field({
    type: ProjectChangeType,
    description:
      "A project, its sweeps with their numbers and its runs outside sweeps as they change. The first update comes at once: without a cursor it has the project alone, with one it holds what was missed.",
    args: {
      projectId: t.arg.id({ required: true, description: "Its number as text." }),
      cursor: t.arg.string({ description: "Of the last update." }),
    },
    subscribe: (_root, args, context) => {
      const projectId = toSmallNumber("projectId", args.projectId);
      const cursor = args.cursor ?? undefined;
      return Events.open(context, {
        authorize: () => authorizeProject(context, projectId, "viewer"),
        open: () => context.live.project(projectId, cursor),
        name: "project",
        toPayloads: (update) => [toChange(projectId, update)],
      });
    },
    resolve: (event, _args, context) => openEvent(event, context),
  }),
);

function toChange(projectId: number, { cursor, items, truncated }: Update<ProjectItem>): ProjectChange {
  const sweepIds = new Set<string>();
  const runIds = new Set<number>();
  const removed = new Set<number>();
  for (const item of items) {
    if (item.sweepId !== undefined) sweepIds.add(item.sweepId);
    if (item.runId !== undefined) (item.removed ? removed : runIds).add(item.runId);
  }
  for (const runId of removed) runIds.delete(runId);
  return {
    cursor,
    reset: truncated,
    projectId,
    sweepIds: [...sweepIds],
    runIds: [...runIds],
    removed: [...removed],
  };
}
