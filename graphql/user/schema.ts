import type { Role } from "@/core/access";
import { type DeviceLoginRow, findDeviceLogin } from "@/db/queries/device-logins";
import { type EntityRow, listTeams } from "@/db/queries/entities";
import { type ApiKeyRow, listApiKeys } from "@/db/queries/keys";
import { listSessions, type SessionRow } from "@/db/queries/sessions";
import { countUsers, getViewer, listUsers, type UserRow } from "@/db/queries/users";
import { toUserCode } from "@/engine/accounts/device-login";
import { requireAccount, requireServerAdmin } from "@/engine/authorize";
import { builder } from "../builder";
import { connection, isInteger, readPage, readPosition } from "../connection";
import { KeyScopeType, RoleType } from "../entity/enums";
import { MAX_INTEGER } from "../ids";
import { readSignInFacts } from "../local";
import { Entity, Project, User } from "../refs";
import { VERSION } from "../version";

export const ApiKey = builder.objectRef<ApiKeyRow>("ApiKey").implement({
  description: "A key that speaks for a user. The key itself is shown once, when it is made.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "What it is for." }),
    scope: t.expose("scope", { type: KeyScopeType, description: "The most it may do." }),
    project: t.field({
      type: Project,
      nullable: true,
      description: "The one project that it knows; null for all that its user may see.",
      resolve: ({ projectId }, _args, { loaders }) =>
        projectId === null ? null : loaders.project.load(projectId),
    }),
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

const Session = builder.objectRef<SessionRow>("Session").implement({
  description: "A browser that is signed in.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    current: t.boolean({
      description: "The one that asks.",
      resolve: ({ id }, _args, { access }) => access.kind === "user" && access.sessionId === id,
    }),
    userAgent: t.exposeString("userAgent", { nullable: true, description: "As the browser names itself." }),
    address: t.exposeString("address", {
      nullable: true,
      description: "Where it came from when it signed in.",
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it signed in." }),
    lastSeenAt: t.expose("lastSeenAt", { type: "DateTime", nullable: true, description: "To the minute." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "When it ends." }),
  }),
});

const Membership = builder.objectRef<EntityRow & { role: Role }>("Membership").implement({
  description: "A team that a user is in.",
  fields: (t) => ({
    entity: t.field({ type: Entity, description: "The team.", resolve: ({ name }) => ({ name }) }),
    role: t.expose("role", { type: RoleType, description: "In all of its projects." }),
  }),
});

const DeviceLogin = builder.objectRef<DeviceLoginRow>("DeviceLogin").implement({
  description: "A terminal that waits to be let in (`besom login`).",
  fields: (t) => ({
    userCode: t.exposeString("userCode", { description: "The code that it shows." }),
    label: t.exposeString("label", { description: "What it calls itself." }),
    address: t.exposeString("address", { nullable: true, description: "Where it is." }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "Since when it waits." }),
    expiresAt: t.expose("expiresAt", { type: "DateTime", description: "How long it will." }),
  }),
});

User.implement({
  description: "A person with an account.",
  fields: (t) => ({
    id: t.exposeID("id", { description: "A number as text." }),
    name: t.exposeString("name", { description: "The entity's name, as in paths." }),
    displayName: t.exposeString("displayName", { nullable: true, description: "For people." }),
    email: t.exposeString("email", {
      nullable: true,
      description: "Shown to the user and to administrators of the server.",
    }),
    admin: t.exposeBoolean("admin", { description: "May do everything on this server." }),
    hasPassword: t.exposeBoolean("hasPassword", { description: "Whether one can sign in by a password." }),
    entity: t.field({
      type: Entity,
      description: "The user's own entity.",
      resolve: ({ name }) => ({ name }),
    }),
    teams: t.field({
      type: [Membership],
      description: "The teams that the user is in, by name.",
      resolve: ({ id }, _args, { db, access, loaders }) =>
        access.kind === "user" && access.userId === id ? listTeams(db, access) : loaders.teams.load(id),
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When the account was made." }),
    disabledAt: t.expose("disabledAt", {
      type: "DateTime",
      nullable: true,
      description: "Since when the account can't be used.",
    }),
  }),
});

const UserConnection = connection<UserRow>("User", User, "users");

builder.queryFields((t) => ({
  viewer: t.field({
    type: User,
    nullable: true,
    description: "Who is asking; null for a run's own key.",
    resolve: async (_root, _args, { db, access }) => (await getViewer(db, access)) ?? null,
  }),
  apiKeys: t.field({
    type: [ApiKey],
    description: "The caller's own keys, newest first, revoked ones included.",
    resolve: (_root, _args, { db, access }) => {
      requireAccount(access);
      return listApiKeys(db, access);
    },
  }),
  sessions: t.field({
    type: [Session],
    description: "The browsers in which the caller is signed in, the latest first.",
    resolve: (_root, _args, { db, access }) => {
      requireAccount(access);
      return listSessions(db, access);
    },
  }),
  users: t.field({
    type: UserConnection,
    description:
      "Everybody with an account, in the order of their accounts. For administrators of the server.",
    args: {
      first: t.arg.int({ description: "Length of the page, at most 1000; 50 when absent." }),
      after: t.arg.string({ description: "The endCursor of the page before." }),
    },
    resolve: (_root, { first, after }, { db, access }) => {
      requireServerAdmin(access);
      const position = readPosition(after, ([id]) => (isInteger(id, MAX_INTEGER) ? id : undefined));
      return readPage(first, {
        read: (length) =>
          listUsers(db, access, { first: length, ...(position !== undefined && { after: position }) }),
        toPosition: ({ id }) => [id],
        total: () => countUsers(db, access),
      });
    },
  }),
  deviceLogin: t.field({
    type: DeviceLogin,
    nullable: true,
    description:
      "The terminal that waits with this code, to be looked at before approveDevice; null when there is none.",
    args: { userCode: t.arg.string({ required: true, description: "As the terminal shows it." }) },
    resolve: async (_root, { userCode }, { db, access }) => {
      requireAccount(access);
      return (await findDeviceLogin(db, access, toUserCode(userCode))) ?? null;
    },
  }),
  serverInfo: t.field({
    type: ServerInfo(),
    description: "About this server.",
    resolve: (_root, _args, { publicUrl }) => ({
      version: VERSION,
      url: publicUrl,
      openId: readSignInFacts().openId,
    }),
  }),
}));

function ServerInfo() {
  return builder.objectRef<{ version: string; url: string; openId: string | null }>("ServerInfo").implement({
    description: "About the server that answers.",
    fields: (t) => ({
      version: t.exposeString("version", { description: "Of the program." }),
      url: t.exposeString("url", { description: "Where people reach it." }),
      openId: t.exposeString("openId", {
        nullable: true,
        description: "What the OpenID provider is called by which people sign in; null when there is none.",
      }),
    }),
  });
}
