import {
  type Access,
  type KeyScope,
  ROLES,
  type Role,
  type RunAccess,
  type SystemAccess,
  type UserAccess,
} from "@/core/access";
import { AppError } from "@/core/errors";
import { isApiKey } from "@/core/ids";
import type { Database } from "@/db/client";
import { findApiKey, findRunKey, touchApiKey } from "@/db/queries/keys";
import { readEntityRoles, readProjectRoles } from "@/db/queries/roles";
import { findSession, touchSession } from "@/db/queries/sessions";
import { retrying } from "@/db/transaction";
import { unknownRun } from "./facts";
import { perDatabase, Recent } from "./recent";
import { hashKey } from "./run-key";

/** A revoked key or a lost role may work this much longer, so that a claim costs no query for it. */
const REMEMBERED_MS = 5_000;
const STRENGTH: Readonly<Record<Role, number>> = { viewer: 1, member: 2, admin: 3 };
/** The strongest role that a key lets its user have. */
const CAP: Readonly<Record<KeyScope, number>> = { read: 1, write: 2, full: 3 };

const nothing = () => ({
  keys: new Recent<string, Access>(20_000, REMEMBERED_MS),
  roles: new Recent<string, number>(20_000, REMEMBERED_MS),
});
const memory = perDatabase(nothing);

/** Who holds this API key, or this run-scoped key? @throws AppError UNAUTHENTICATED */
export async function authenticate(db: Database, rawKey: string): Promise<Access> {
  if (!isApiKey(rawKey)) throw unauthenticated("an API key is besom- and 43 letters and digits");
  const hash = hashKey(rawKey);
  const name = hash.toString("base64");
  const { keys } = memory(db);
  const known = keys.get(name);
  if (known !== undefined) return known;
  const access = await retrying(async () => (await userByKey(db, hash)) ?? (await runByKey(db, hash)));
  if (access === undefined) throw unauthenticated("no such API key, or it has ended");
  keys.set(name, access);
  return access;
}

async function userByKey(db: Database, hash: Uint8Array): Promise<Access | undefined> {
  const row = await findApiKey(db.sql, hash);
  if (row === undefined) return undefined;
  const { usedLongAgo, onlyProjectId, ...user } = row;
  if (usedLongAgo) await touchApiKey(db.sql, row.keyId);
  return brand({ kind: "user", ...user, ...(onlyProjectId !== null && { onlyProjectId }) });
}

async function runByKey(db: Database, hash: Uint8Array): Promise<Access | undefined> {
  const row = await findRunKey(db.sql, hash);
  return row && brand({ kind: "run", ...row });
}

/** A browser's cookie. @throws AppError UNAUTHENTICATED */
export async function authenticateSession(db: Database, token: string): Promise<Access> {
  const hash = hashKey(token);
  const name = `session:${hash.toString("base64")}`;
  const { keys } = memory(db);
  const known = keys.get(name);
  if (known !== undefined) return known;
  const row = await retrying(() => findSession(db.sql, hash));
  if (row === undefined) throw unauthenticated("the session has ended: sign in again");
  const { seenLongAgo, ...user } = row;
  if (seenLongAgo) await retrying(() => touchSession(db.sql, row.sessionId));
  const access = brand({ kind: "user", scope: "full", ...user });
  keys.set(name, access);
  return access;
}

/**
 * Forgets what anybody may do. The memory is exchanged, not emptied: who is reading at this moment may have read what
 * was true before, and notes it in the old one. Other servers hear of it by a signal (see emitAccessChange).
 */
export function forgetAccess(db: Database): void {
  Object.assign(memory(db), nothing());
}

/** For the server's own background work and for its pages' own needs; never from a request. */
export const systemAccess = (): Access => brand({ kind: "system" });

interface Asking {
  readonly db: Database;
  readonly access: Access;
}

/**
 * May the caller act as `role` in the project?
 * @param unknown what it is told when it asked for something in the project: the same as if that were not there
 * @throws AppError NOT_FOUND when it may not even know of the project, FORBIDDEN when it may only look
 */
export async function authorizeProject(
  { db, access }: Asking,
  projectId: number,
  role: Role,
  unknown = () => new AppError("NOT_FOUND", `project ${projectId} is unknown`, { details: { projectId } }),
): Promise<void> {
  if (access.kind === "system") return;
  if (access.kind === "run") {
    throw new AppError("FORBIDDEN", `a run's key speaks for run ${access.runId} only: use your own API key`);
  }
  const strength = await projectStrength(db, access, projectId);
  if (strength === 0) throw unknown();
  demand(access, strength, role, `project ${projectId}`);
}

/** The caller's own role in each project, as far as its key lets it act; where it is no user, or sees nothing, there is none. */
export async function projectRoles(
  { db, access }: Asking,
  projectIds: readonly number[],
): Promise<Map<number, Role>> {
  if (access.kind !== "user") return new Map();
  const strengths = await projectStrengths(db, access, projectIds);
  return new Map(
    Array.from(strengths).flatMap(([projectId, strength]) => {
      const role = toRole(access, strength);
      return role === undefined ? [] : [[projectId, role] as const];
    }),
  );
}

/** What a role means for this caller: its key may let it do less. */
export const toRole = ({ scope }: UserAccess, strength: number): Role | undefined =>
  ROLES[Math.min(strength, CAP[scope]) - 1];

export const strengthOf = (role: Role): number => STRENGTH[role];

async function projectStrength(db: Database, access: UserAccess, projectId: number): Promise<number> {
  return (await projectStrengths(db, access, [projectId])).get(projectId) ?? 0;
}

async function projectStrengths(
  db: Database,
  access: UserAccess,
  projectIds: readonly number[],
): Promise<Map<number, number>> {
  const { roles } = memory(db);
  const nameOf = (projectId: number) =>
    access.admin ? `admin/${projectId}` : `${access.userId}/${projectId}`;
  const { onlyProjectId } = access;
  const strengths = new Map<number, number>();
  const unknown: number[] = [];
  for (const projectId of projectIds) {
    if (onlyProjectId !== undefined && onlyProjectId !== projectId) continue;
    const known = roles.get(nameOf(projectId));
    if (known === undefined) unknown.push(projectId);
    else strengths.set(projectId, known);
  }
  if (unknown.length === 0) return strengths;
  const asked = { userId: access.userId, projectIds: unknown };
  for (const [projectId, own] of await retrying(() => readProjectRoles(db.sql, asked))) {
    const strength = access.admin ? STRENGTH.admin : strongest(own);
    // "None" is not kept: a project that is made in the next second must be found.
    if (strength === 0) continue;
    roles.set(nameOf(projectId), strength);
    strengths.set(projectId, strength);
  }
  return strengths;
}

/**
 * May the caller act as `role` in the entity: make projects there, or lead the team?
 * @throws AppError NOT_FOUND, FORBIDDEN
 */
export async function authorizeEntity(
  { db, access }: Asking,
  entityId: number,
  role: Role,
  name = String(entityId),
): Promise<void> {
  if (access.kind === "system") return;
  if (access.kind === "run")
    throw new AppError("FORBIDDEN", "a run's key can't make a project: use your own API key");
  const strength = await entityStrength(db, access, entityId);
  if (strength === 0) {
    throw new AppError("NOT_FOUND", `entity ${JSON.stringify(name)} is unknown`, {
      details: { entity: name },
    });
  }
  demand(access, strength, role, `entity ${name}`);
}

async function entityStrength(db: Database, access: UserAccess, entityId: number): Promise<number> {
  if (access.onlyProjectId !== undefined) return 0;
  if (access.admin || access.entityId === entityId) return STRENGTH.admin;
  return strongest(await retrying(() => readEntityRoles(db.sql, { userId: access.userId, entityId })));
}

/** @param strength the user's own, before the key's cap */
function demand(access: UserAccess, strength: number, role: Role, where: string): void {
  if (strength < STRENGTH[role]) {
    throw new AppError("FORBIDDEN", `this needs the role ${role} in ${where}: ask one of its admins`, {
      details: { role },
    });
  }
  if (CAP[access.scope] < STRENGTH[role]) throw capped(access, `this needs the role ${role} in ${where}`);
}

/** May the caller speak for this run? Its own key may, and whoever is `role` in its project. */
export async function authorizeRun(
  asking: Asking,
  run: { readonly runId: number; readonly projectId: number },
  role: Role,
): Promise<void> {
  if (asking.access.kind !== "run")
    return authorizeProject(asking, run.projectId, role, () => unknownRun(run.runId));
  if (asking.access.runId === run.runId) return;
  throw new AppError(
    "FORBIDDEN",
    `this key speaks for run ${asking.access.runId}, not for run ${run.runId}`,
    {
      details: { runId: run.runId },
    },
  );
}

/** The same for one attempt: a run's key speaks for the attempt it was given to, which is what fences the others off. */
export async function authorizeAttempt(
  asking: Asking,
  run: { readonly runId: number; readonly projectId: number },
  attempt: number,
  role: Role,
): Promise<void> {
  await authorizeRun(asking, run, role);
  if (asking.access.kind !== "run" || asking.access.attempt === attempt) return;
  throw new AppError(
    "FORBIDDEN",
    `this key speaks for attempt ${asking.access.attempt} of run ${run.runId}, not for attempt ${attempt}`,
    { details: { runId: run.runId, attempt } },
  );
}

/** The user behind the call. @throws AppError FORBIDDEN for run-scoped keys */
export function requireUser(access: Access): UserAccess {
  if (access.kind === "user") return access;
  throw new AppError("FORBIDDEN", `a ${access.kind} key can't do this: use your own API key`);
}

/**
 * The user behind the call, with all of that user's rights: for what concerns accounts, keys and who may do what.
 * @throws AppError FORBIDDEN for keys that are less than full
 */
export function requireAccount(access: Access): UserAccess {
  const user = requireUser(access);
  if (user.scope !== "full" || user.onlyProjectId !== undefined) {
    throw capped(user, "accounts, keys and members are changed with full rights only");
  }
  return user;
}

/** @throws AppError FORBIDDEN */
export function requireServerAdmin(access: Access): UserAccess {
  const user = requireAccount(access);
  if (user.admin) return user;
  throw new AppError("FORBIDDEN", "this is for administrators of the server only");
}

function capped({ scope, onlyProjectId }: UserAccess, why: string): AppError {
  const limit = onlyProjectId === undefined ? "" : ` and project ${onlyProjectId} alone`;
  return new AppError(
    "FORBIDDEN",
    `${why}; this key's scope is ${scope}${limit}: use another key, or sign in`,
    {
      details: { scope, ...(onlyProjectId !== undefined && { onlyProjectId }) },
    },
  );
}

function strongest(roles: readonly Role[]): number {
  return roles.reduce((most, role) => Math.max(most, STRENGTH[role]), 0);
}

const unauthenticated = (why: string) => new AppError("UNAUTHENTICATED", `not signed in: ${why}`);

const brand = (access: UserAccess | RunAccess | SystemAccess): Access => access as Access;
