import { type InvitationRow, listInvitations } from "@/db/queries/invitations";
import { type RealmPath, resolveRealm } from "@/engine/accounts/realm";
import { requireAccount } from "@/engine/authorize";
import { builder } from "../builder";
import { toLookup } from "../ids";
import { Entity, Project } from "../refs";
import { dropNulls } from "../verb";
import { RoleType } from "./enums";
import { Person } from "./people";

export const Invitation = builder.objectRef<InvitationRow>("Invitation").implement({
  description: "A link that lets one person in. The link itself is shown once, when it is made.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    team: t.field({
      type: Entity,
      nullable: true,
      description: "The team that one joins.",
      resolve: ({ team }) => (team === null ? null : { name: team }),
    }),
    project: t.field({
      type: Project,
      nullable: true,
      description: "The project that one joins.",
      resolve: ({ projectId }, _args, { loaders }) =>
        projectId === null ? null : loaders.project.load(projectId),
    }),
    role: t.expose("role", { type: RoleType, nullable: true, description: "In that team or project." }),
    admin: t.exposeBoolean("admin", { description: "Whoever accepts administers the server." }),
    email: t.exposeString("email", { nullable: true, description: "Whom it is for." }),
    createdBy: t.field({
      type: Person,
      description: "Who made it.",
      resolve: (row) => ({ name: row.createdBy, displayName: row.createdByDisplayName }),
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends." }),
    usedAt: t.expose("usedAt", { type: "DateTime", nullable: true, description: "When it was accepted." }),
    usedBy: t.field({
      type: Person,
      nullable: true,
      description: "Who accepted it.",
      resolve: (row) =>
        row.usedBy === null ? null : { name: row.usedBy, displayName: row.usedByDisplayName },
    }),
    revokedAt: t.expose("revokedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was taken back.",
    }),
  }),
});

builder.queryFields((t) => ({
  invitations: t.field({
    type: [Invitation],
    description:
      "The newest 500: a team's or a project's for its admins; without either what the caller made, or all for administrators of the server.",
    args: {
      team: t.arg.string({ description: "A team's name." }),
      entity: t.arg.string({ description: "First part of a project's path; the caller's own when absent." }),
      project: t.arg.string({ description: "Second part of a project's path." }),
    },
    resolve: async (_root, args, context) => {
      requireAccount(context.access);
      const path: RealmPath = dropNulls(args);
      for (const [name, value] of Object.entries(path)) toLookup(name, value);
      if (Object.keys(path).length === 0) return listInvitations(context.db, context.access, {});
      const realm = await resolveRealm(context, path, "admin");
      return listInvitations(context.db, context.access, {
        ...(realm.kind === "team" ? { entityId: realm.entityId } : { projectId: realm.projectId }),
      });
    },
  }),
}));
