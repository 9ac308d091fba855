import { AppError } from "@/core/errors";
import type { EntityRow } from "@/db/queries/entities";
import { getEntities } from "@/db/queries/entities";
import { strengthOf, toRole } from "@/engine/authorize";
import { viewerRole } from "../access";
import { builder } from "../builder";
import type { Context } from "../context";
import { toLookup } from "../ids";
import { listArgs, toPage } from "../list";
import { PROJECT_LIST, ProjectConnection } from "../project/schema";
import { Entity, Project } from "../refs";
import { EntityKind, RoleType } from "./enums";
import { Member } from "./people";

Entity.implement({
  description: "A user or a team: the first part of every path.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "As it stands in paths." }),
    kind: t.field({
      type: EntityKind,
      description: "A person's own place, or a team's.",
      resolve: async ({ name }, _args, context) => (await rowOf(context, name)).kind,
    }),
    createdAt: t.field({
      type: "DateTime",
      description: "When it was made.",
      resolve: async ({ name }, _args, context) => (await rowOf(context, name)).createdAt,
    }),
    viewerRole: t.field({
      type: RoleType,
      nullable: true,
      description: "What the caller may do in all of its projects; null for who knows some of them only.",
      resolve: async ({ name }, _args, context) => {
        const { role } = await ownRowOf(context, name);
        if (role === null || context.access.kind !== "user") return null;
        return toRole(context.access, strengthOf(role)) ?? null;
      },
    }),
    members: t.field({
      type: [Member],
      description: "A team's members by name, or the one user. Empty to callers who don't belong there.",
      resolve: async ({ name }, _args, context) => {
        const { id } = await ownRowOf(context, name);
        return context.loaders.entityMembers.load(id);
      },
    }),
    projects: t.field({
      type: ProjectConnection,
      description: "Its projects that the caller may see.",
      args: listArgs(t.arg, PROJECT_LIST.types, "newest first"),
      resolve: async ({ name }, args, context) => {
        const { id } = await ownRowOf(context, name);
        return toPage(context, args, {
          ...PROJECT_LIST,
          read: (query) => context.loaders.projectsOfEntities(query).load(id),
        });
      },
    }),
  }),
});

builder.objectFields(Project, (t) => ({
  viewerRole: t.field({
    type: RoleType,
    nullable: true,
    description: "What the caller may do in it.",
    resolve: ({ id }, _args, context) => viewerRole(context, id),
  }),
  members: t.field({
    type: [Member],
    description:
      "Everybody who can see it, by name, each with their strongest role; the server's administrators only where they have one.",
    resolve: ({ id }, _args, { loaders }) => loaders.projectMembers.load(id),
  }),
}));

builder.queryFields((t) => ({
  entity: t.field({
    type: Entity,
    nullable: true,
    description:
      "A user's own place or a team, by its name, if the caller belongs there or sees one of its projects.",
    args: { name: t.arg.string({ required: true, description: "Without regard to case." }) },
    resolve: async (_root, { name }, { db, access }) => {
      const [found] = await getEntities(db, access, [toLookup("name", name)]);
      return found ? { name: found.name } : null;
    },
  }),
}));

async function rowOf({ loaders }: Context, name: string): Promise<EntityRow> {
  const row = await loaders.entity.load(name);
  if (row === undefined) throw new AppError("NOT_FOUND", `entity ${name} is unknown`);
  return row;
}

/** As the caller sees it; the rows of a subscription are read for all subscribers at once, so for none of them. */
async function ownRowOf(context: Context, name: string): Promise<EntityRow> {
  if (context.loaders.shared) {
    throw new AppError(
      "FORBIDDEN",
      "an entity's people and projects are answered to queries, not to subscriptions",
    );
  }
  return rowOf(context, name);
}
