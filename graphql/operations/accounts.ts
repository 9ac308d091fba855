import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { toDocument } from "./document";
import { FAILURE_FRAGMENT, type Failure } from "./failure";

/** What the pages about people ask and do: accounts, keys, sessions, teams, members, invitations, what happened. */

export type Role = "viewer" | "member" | "admin";
export type KeyScope = "read" | "write" | "full";

export interface Person {
  name: string;
  displayName: string | null;
}

export interface Member {
  user: Person;
  role: Role;
  /** owner: the entity's own user. team: by the team, whatever the project says. */
  source: "owner" | "team" | "project";
  since: string;
}

interface PageInfo {
  hasNextPage: boolean;
  endCursor: string | null;
}

const MEMBERS = "members { user { name displayName } role source since }";

// ------------------------------------------------------------------ the caller

export interface Viewer {
  name: string;
  displayName: string | null;
  admin: boolean;
}

export const WhoAmI = toDocument<{ viewer: Viewer | null }>(/* GraphQL */ `
  query WhoAmI { viewer { name displayName admin } }
`);

export interface Profile extends Viewer {
  email: string | null;
  hasPassword: boolean;
  createdAt: string;
}

export const ProfilePage = toDocument<{ viewer: Profile | null }>(/* GraphQL */ `
  query ProfilePage { viewer { name displayName admin email hasPassword createdAt } }
`);

// ------------------------------------------------------------------ keys

export interface ProjectName {
  id: string;
  name: string;
  entity: { name: string };
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scope: KeyScope;
  project: ProjectName | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

export const KeysPage = toDocument<
  { apiKeys: ApiKey[]; projects: { nodes: ProjectName[] }; serverInfo: { url: string } },
  { first: number }
>(/* GraphQL */ `
  query KeysPage($first: Int!) {
    apiKeys { id name prefix scope project { ...ProjectName } createdAt expiresAt lastUsedAt revokedAt }
    projects(first: $first) { nodes { ...ProjectName } }
    serverInfo { url }
  }
  fragment ProjectName on Project { id name entity { name } }
`);

// ------------------------------------------------------------------ sessions

export interface Session {
  id: string;
  current: boolean;
  userAgent: string | null;
  address: string | null;
  createdAt: string;
  lastSeenAt: string | null;
  expiresAt: string;
}

export const SessionsPage = toDocument<{ sessions: Session[] }>(/* GraphQL */ `
  query SessionsPage { sessions { id current userAgent address createdAt lastSeenAt expiresAt } }
`);

// ------------------------------------------------------------------ a terminal that signs in

export interface DeviceLogin {
  userCode: string;
  /** What the terminal calls itself: its host. */
  label: string;
  address: string | null;
  createdAt: string;
}

export const DevicePage = toDocument<
  { viewer: Viewer | null; deviceLogin: DeviceLogin | null; serverInfo: { url: string } },
  { userCode: string }
>(/* GraphQL */ `
  query DevicePage($userCode: String!) {
    viewer { name displayName admin }
    deviceLogin(userCode: $userCode) { userCode label address createdAt }
    serverInfo { url }
  }
`);

// ------------------------------------------------------------------ teams

export const TeamsPage = toDocument<{
  viewer: { teams: { role: Role; entity: { name: string; members: { user: Person }[] } }[] } | null;
}>(/* GraphQL */ `
  query TeamsPage {
    viewer { teams { role entity { name members { user { name displayName } } } } }
  }
`);

export interface Team {
  name: string;
  kind: "user" | "team";
  viewerRole: Role | null;
  createdAt: string;
  members: Member[];
  projects: { totalCount: number; nodes: { id: string; name: string }[] };
}

export const TeamPage = toDocument<{ viewer: Viewer | null; entity: Team | null }, { name: string }>(
  /* GraphQL */ `
  query TeamPage($name: String!) {
    viewer { name displayName admin }
    entity(name: $name) {
      name kind viewerRole createdAt ${MEMBERS}
      projects(first: 100) { totalCount nodes { id name } }
    }
  }
`,
);

// ------------------------------------------------------------------ invitations

export interface Invitation {
  id: string;
  team: { name: string } | null;
  project: ProjectName | null;
  role: Role | null;
  admin: boolean;
  email: string | null;
  createdBy: Person;
  createdAt: string;
  expiresAt: string;
  usedAt: string | null;
  usedBy: Person | null;
  revokedAt: string | null;
}

/** Of a team, of a project, or (without either) of the server. */
export const Invitations = toDocument<
  { invitations: Invitation[] },
  { team?: string; entity?: string; project?: string }
>(/* GraphQL */ `
  query Invitations($team: String, $entity: String, $project: String) {
    invitations(team: $team, entity: $entity, project: $project) {
      id team { name } project { id name entity { name } } role admin email
      createdBy { name displayName } createdAt expiresAt usedAt usedBy { name displayName } revokedAt
    }
  }
`);

// ------------------------------------------------------------------ users of the server

export interface ServerUser extends Profile {
  id: string;
  disabledAt: string | null;
}

export const UsersPage = toDocument<
  { viewer: Viewer | null; users: { totalCount: number; nodes: ServerUser[]; pageInfo: PageInfo } },
  { first: number; after: string | null }
>(/* GraphQL */ `
  query UsersPage($first: Int!, $after: String) {
    viewer { name displayName admin }
    users(first: $first, after: $after) {
      totalCount
      nodes { id name displayName admin email hasPassword createdAt disabledAt }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

// ------------------------------------------------------------------ what happened

export interface AuditEvent {
  id: string;
  at: string;
  user: Person | null;
  caller: string;
  action: string;
  target: string | null;
  details: unknown;
}

export const AuditPage = toDocument<
  { auditEvents: { nodes: AuditEvent[]; pageInfo: PageInfo } },
  { first: number; after: string | null }
>(/* GraphQL */ `
  query AuditPage($first: Int!, $after: String) {
    auditEvents(first: $first, after: $after) {
      nodes { id at user { name displayName } caller action target details }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

// ------------------------------------------------------------------ a project's settings

export interface ProjectSettings extends ProjectName {
  entity: { name: string; kind: "user" | "team" };
  description: string | null;
  keepOutputDays: number | null;
  keepHistoryDays: number | null;
  viewerRole: Role | null;
  members: Member[];
  sweeps: { totalCount: number };
}

export const ProjectSettingsPage = toDocument<
  { viewer: Viewer | null; project: ProjectSettings | null },
  { entity: string; name: string }
>(/* GraphQL */ `
  query ProjectSettingsPage($entity: String!, $name: String!) {
    viewer { name displayName admin }
    project(entity: $entity, name: $name) {
      id name entity { name kind } description keepOutputDays keepHistoryDays viewerRole
      ${MEMBERS}
      sweeps(first: 1) { totalCount }
    }
  }
`);

// ------------------------------------------------------------------ verbs

/** Every verb's answer: `done` holds what it brought, or why it was refused. */
export interface Done<Answer> extends Record<string, unknown> {
  done: Answer & { error: Failure | null };
}
export type Verb<Input, Answer> = TypedDocumentNode<Done<Answer>, { input: Input }>;

const toVerb = <Input, Answer = unknown>(mutation: string, fields = ""): Verb<Input, Answer> => {
  const name = mutation.charAt(0).toUpperCase() + mutation.slice(1);
  return toDocument<Done<Answer>, { input: Input }>(/* GraphQL */ `
  mutation ${name}($input: ${name}Input!) {
    done: ${mutation}(input: $input) { ${fields} error { ...Failure } }
  }
  ${FAILURE_FRAGMENT}
`);
};

/** A team, or a project by its entity and name. */
export type Place = { team: string } | { entity: string; project: string };

export const UpdateProfile = toVerb<{ displayName: string; email: string }>("updateProfile");
export const ChangePassword = toVerb<{ current?: string; password: string }>("changePassword");

export const CreateApiKey = toVerb<
  { name: string; scope: KeyScope; entity?: string; project?: string; expiresAt?: string },
  { key: string | null; keyId: string | null }
>("createApiKey", "key keyId");
export const RevokeApiKey = toVerb<{ keyId: string }>("revokeApiKey");

export const EndSession = toVerb<{ sessionId: string }>("endSession");
export const EndOtherSessions = toVerb<Record<string, never>>("endOtherSessions");

export const CreateTeam = toVerb<{ name: string }, { team: { name: string } | null }>(
  "createTeam",
  "team { name }",
);
export const DeleteTeam = toVerb<{ team: string }>("deleteTeam");

export const SetMember = toVerb<Place & { user: string; role: Role }>("setMember");
export const RemoveMember = toVerb<Place & { user: string }>("removeMember");

export const CreateInvitation = toVerb<
  Partial<{ team: string; entity: string; project: string }> & {
    role?: Role;
    admin?: boolean;
    email?: string;
    expiresInDays?: number;
  },
  { url: string | null; invitation: { id: string; expiresAt: string } | null }
>("createInvitation", "url invitation { id expiresAt }");
export const RevokeInvitation = toVerb<{ invitationId: string }>("revokeInvitation");

export const SetUser = toVerb<{ name: string; admin?: boolean; disabled?: boolean }>("setUser");

export const UpdateProject = toVerb<{
  projectId: string;
  /** Empty takes it away. */
  description?: string;
  /** 0: the server's own setting holds. */
  keepOutputDays?: number;
  keepHistoryDays?: number;
}>("updateProject");
export const DeleteProject = toVerb<{ projectId: string; confirm: string }>("deleteProject");

export const ApproveDevice = toVerb<{ userCode: string; approve: boolean }>("approveDevice");
