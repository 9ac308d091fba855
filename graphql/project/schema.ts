import { isSweepId } from "@/core/ids";
import { type ProjectField, readProjectFilter, readProjectOrder } from "@/core/project-filter";
import { readSweepFilter, readSweepOrder, type SweepField } from "@/core/sweep-filter";
import { findProject, listProjects, type ProjectRow } from "@/db/queries/projects";
import type { SweepRow } from "@/db/queries/sweeps";
import { mayAct, ownEntity } from "../access";
import { builder } from "../builder";
import { connection, isInteger } from "../connection";
import { MAX_INTEGER, toLookup } from "../ids";
import { projectUrl } from "../links";
import { filterTypes, listArgs, toPage } from "../list";
import { Entity, Project, Sweep } from "../refs";
import { RUN_LIST, RunConnection } from "../run/schema";
import "./names";

const SWEEP_FIELDS: Readonly<Record<SweepField, string>> = {
  id: "8 characters of a-z and 0-9.",
  name: "For people.",
  state: "Where it stands.",
  stateReason: "Why it ended.",
  method: "grid, random or bayes.",
  metric: "The name of what it optimises.",
  createdAt: "When it was created.",
  startedAt: "When its first run was handed out.",
  finishedAt: "When it ended.",
  runCount: "Runs handed out, deleted ones apart.",
};
const SWEEP_LIST = {
  types: filterTypes("Sweep", "sweeps", SWEEP_FIELDS),
  readFilter: readSweepFilter,
  readOrder: readSweepOrder,
  isId: (id: unknown): id is string => typeof id === "string" && isSweepId(id),
};

const PROJECT_FIELDS: Readonly<Record<ProjectField, string>> = {
  id: "Its number: projects are numbered in the order in which they were made.",
  name: "Its name in paths.",
  entity: "The user or team whose it is.",
  description: "For people.",
  createdAt: "When it was made.",
  activeAt: "As Project.activeAt has it.",
};
/** Six weeks. */
const ACTIVITY_DAYS = 42;
export const PROJECT_LIST = {
  usual: [{ field: "id", direction: "desc" }],
  types: filterTypes("Project", "projects", PROJECT_FIELDS),
  readFilter: readProjectFilter,
  readOrder: readProjectOrder,
  isId: (id: unknown): id is number => isInteger(id, MAX_INTEGER),
};

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
    activeAt: t.field({
      type: "DateTime",
      description:
        "The latest of: it was made, its newest sweep was created, its newest run was made, began or ended.",
      resolve: async ({ id, createdAt }, _args, { loaders }) =>
        (await loaders.activity(ACTIVITY_DAYS).load(id))?.activeAt ?? createdAt,
    }),
    activity: t.intList({
      description: `Runs made on each of the last ${ACTIVITY_DAYS} days (UTC), today's last; its newest 20,000 runs are counted.`,
      resolve: async ({ id }, _args, { loaders }) => {
        const days = Array<number>(ACTIVITY_DAYS).fill(0);
        for (const { ago, count } of (await loaders.activity(ACTIVITY_DAYS).load(id))?.runs ?? [])
          days[ACTIVITY_DAYS - 1 - ago] = count;
        return days;
      },
    }),
    viewerCanEdit: t.boolean({
      description: "Whether the caller may create sweeps and runs in it.",
      resolve: ({ id }, _args, context) => mayAct(context, id, "member"),
    }),
    sweeps: t.field({
      type: SweepConnection,
      description: "Its sweeps.",
      args: listArgs(t.arg, SWEEP_LIST.types, "newest first"),
      resolve: ({ id }, args, context) =>
        toPage(context, args, {
          ...SWEEP_LIST,
          usual: [{ field: "createdAt", direction: "desc" }],
          read: (query) => context.loaders.sweepsOfProjects(query).load(id),
        }),
    }),
    runs: t.field({
      type: RunConnection,
      description: "Its runs, of all sweeps and of none.",
      args: listArgs(t.arg, RUN_LIST.types, "newest first"),
      resolve: ({ id }, args, context) =>
        toPage(context, args, {
          ...RUN_LIST,
          usual: [{ field: "id", direction: "desc" }],
          read: (query) => context.loaders.runsOfProjects(query).load(id),
        }),
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
    resolve: async (_root, { entity, name }, context) => {
      const project = await findProject(context.db, context.access, {
        entity: toLookup("entity", entity ?? (await ownEntity(context))),
        name: toLookup("name", name),
      });
      // Its runs and sweeps will ask for it.
      if (project) context.loaders.project.prime(project.id, project);
      return project;
    },
  }),
  projects: t.field({
    type: ProjectConnection,
    description: "All projects that the caller may see.",
    args: listArgs(t.arg, PROJECT_LIST.types, "newest first"),
    resolve: (_root, args, context) =>
      toPage(context, args, {
        ...PROJECT_LIST,
        read: (query) => listProjects(context.db, context.access, query),
      }),
  }),
}));
