import { isSweepId } from "@/core/ids";
import { countProjects } from "@/db/queries/overview";
import { findProject, listProjects, type ProjectRow } from "@/db/queries/projects";
import { listSweeps, type SweepRow } from "@/db/queries/sweeps";
import { mayAct, ownEntity } from "../access";
import { builder } from "../builder";
import { connection, isInteger, readPage, readPosition } from "../connection";
import { MAX_INTEGER, toLookup } from "../ids";
import { projectUrl } from "../links";
import { Entity, Project, Sweep } from "../refs";
import { MAX_TIME_MS } from "../scalars";

const SweepConnection = connection<SweepRow>("Sweep", Sweep, "sweeps");
export const ProjectConnection = connection<ProjectRow>("Project", Project, "projects");

Project.implement({
  description: "Sweeps and runs that belong together, and who may see them.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "Unique in its entity." }),
    entity: t.field({
      type: Entity,
      description: "Whose it is.",
      resolve: ({ entity }) => ({ name: entity }),
    }),
    url: t.string({
      description: "Its page.",
      resolve: (project, _args, context) => projectUrl(context, project),
    }),
    description: t.exposeString("description", { nullable: true, description: "For people." }),
    keepOutputDays: t.exposeInt("keepOutputDays", {
      nullable: true,
      description: "Days after a run's end that its output is kept; null when the server's setting holds.",
    }),
    keepHistoryDays: t.exposeInt("keepHistoryDays", {
      nullable: true,
      description:
        "Days after a run's end that its metric history is kept; null when the server's setting holds.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was created." }),
    viewerCanEdit: t.boolean({
      description: "Whether the caller may create sweeps and runs in it.",
      resolve: ({ id }, _args, context) => mayAct(context, id, "member"),
    }),
    sweeps: t.field({
      type: SweepConnection,
      description: "Its sweeps, newest first.",
      args: {
        first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
        after: t.arg.string({ description: "The endCursor of the page before." }),
      },
      resolve: (project, { first, after }, { db, access, loaders }) => {
        const before = toSweepPosition(after);
        return readPage(first, {
          // A list of projects asks for the first sweeps of each: their ids in one statement, their rows in another.
          read: async (length) => {
            if (before !== undefined)
              return listSweeps(db, access, { projectId: project.id, first: length, before });
            const found = await loaders.newestSweeps(length).load(project.id);
            const rows = await Promise.all(found.map(({ id }) => loaders.sweep.load(id)));
            return rows.filter((row) => row !== undefined);
          },
          toPosition: ({ createdAt, id }) => [createdAt.getTime(), id],
          total: async () => (await loaders.sweepCount.load(project.id)) ?? 0,
        });
      },
    }),
  }),
});

builder.queryFields((t) => ({
  project: t.field({
    type: Project,
    nullable: true,
    description: "A project by its path. Without an entity it is the caller's own.",
    args: {
      entity: t.arg.string({ description: "First part of the path." }),
      name: t.arg.string({ required: true, description: "Second part of the path." }),
    },
    resolve: async (_root, { entity, name }, context) =>
      findProject(context.db, context.access, {
        entity: toLookup("entity", entity ?? (await ownEntity(context))),
        name: toLookup("name", name),
      }),
  }),
  projects: t.field({
    type: ProjectConnection,
    description: "All projects that the caller may see, newest first.",
    args: {
      first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
      after: t.arg.string({ description: "The endCursor of the page before." }),
    },
    resolve: (_root, { first, after }, { db, access }) => {
      const before = readPosition(after, ([id]) => (isInteger(id, MAX_INTEGER) ? id : undefined));
      return readPage(first, {
        read: (length) =>
          listProjects(db, access, { first: length, ...(before !== undefined && { before }) }),
        toPosition: ({ id }) => [id],
        total: () => countProjects(db, access),
      });
    },
  }),
}));

const toSweepPosition = (after: string | null | undefined) =>
  readPosition(after, ([time, id]) =>
    isInteger(time, MAX_TIME_MS) && typeof id === "string" && isSweepId(id)
      ? { createdAt: new Date(time), id }
      : undefined,
  );
