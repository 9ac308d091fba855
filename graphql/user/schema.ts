import { type ApiKeyRow, listApiKeys } from "@/db/queries/keys";
import { getUser } from "@/db/queries/users";
import { requireUser } from "@/engine/authorize";
import { builder } from "../builder";
import { Entity, User } from "../refs";
import { VERSION } from "../version";

export const ApiKey = builder.objectRef<ApiKeyRow>("ApiKey").implement({
  description: "A key that speaks for a user. The key itself is shown once, when it is made.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "What it is for." }),
    prefix: t.exposeString("prefix", { description: "Its first characters, to tell keys apart." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    expiresAt: t.expose("expiresAt", {
      type: "DateTime",
      nullable: true,
      description: "When it ends; null means never.",
    }),
    lastUsedAt: t.expose("lastUsedAt", { type: "DateTime", nullable: true, description: "To the minute." }),
    revokedAt: t.expose("revokedAt", {
      type: "DateTime",
      nullable: true,
      description: "When it was taken back.",
    }),
  }),
});

User.implement({
  description: "A person with an account.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "The entity's name, as in paths." }),
    displayName: t.exposeString("displayName", { nullable: true, description: "For people." }),
    email: t.exposeString("email", { nullable: true, description: "Shown to the user only." }),
    admin: t.exposeBoolean("admin", { description: "May do everything on this server." }),
    entity: t.field({
      type: Entity,
      description: "The user's own entity.",
      resolve: ({ name }) => ({ name }),
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the account was made." }),
  }),
});

builder.queryFields((t) => ({
  viewer: t.field({
    type: User,
    nullable: true,
    description: "Who is asking; null for a run's own key.",
    resolve: async (_root, _args, { db, access }) =>
      access.kind === "user" ? ((await getUser(db.sql, access.userId)) ?? null) : null,
  }),
  apiKeys: t.field({
    type: [ApiKey],
    description: "The caller's own keys, newest first, revoked ones included.",
    resolve: (_root, _args, { db, access }) => listApiKeys(db.sql, requireUser(access).userId),
  }),
  serverInfo: t.field({
    type: ServerInfo(),
    description: "About this server.",
    resolve: (_root, _args, { publicUrl }) => ({ version: VERSION, url: publicUrl }),
  }),
}));

function ServerInfo() {
  return builder.objectRef<{ version: string; url: string }>("ServerInfo").implement({
    description: "About the server that answers.",
    fields: (t) => ({
      version: t.exposeString("version", { description: "Of the program." }),
      url: t.exposeString("url", { description: "Where people reach it." }),
    }),
  });
}
