import type { Role } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Database, Tx } from "@/db/client";
import { lockEntity } from "@/db/queries/entities";
import {
  findInvitation,
  type Invitation,
  lockInvitation,
  markInvitationUsed,
} from "@/db/queries/invitations";
import { readProjectRole, readTeamRole, setProjectMember, setTeamMember } from "@/db/queries/members";
import { readEntityRoles, readProjectRoles } from "@/db/queries/roles";
import { insertUser, updateUser } from "@/db/queries/users";
import { inTransaction, retrying } from "@/db/transaction";
import { auditAs } from "../audit";
import { requireAccount, strengthOf } from "../authorize";
import { checkText, maybeText } from "../check";
import type { EngineContext } from "../context";
import { checkEntityName } from "../place";
import { hashKey } from "../run-key";
import { type Browser, newSessionToken, openSession, type SignedIn } from "../sessions";
import { isUniqueViolation } from "../unique";
import { emailTaken } from "./email";
import { checkPassword } from "./password";
import { hashPassword } from "./password-hash";
import { endRights } from "./rights";
import { nameTaken } from "./teams";

/** What whoever holds the link may know before they accept. */
export interface InvitationView {
  readonly by: { readonly name: string; readonly displayName: string | null };
  readonly team: string | null;
  readonly project: { readonly entity: string; readonly name: string } | null;
  readonly role: Role | null;
  readonly admin: boolean;
  readonly email: string | null;
  readonly expiresAt: Date;
}

/** Looks only. @throws AppError UNAUTHENTICATED when the link is unknown, used, too old or taken back */
export async function viewInvitation(db: Database, token: unknown): Promise<InvitationView> {
  const tokenHash = hashKey(checkText("token", token, 200));
  const found = await retrying(() => findInvitation(db.sql, tokenHash));
  const invitation = demandOpen(found);
  const { by, byDisplayName, team, project, projectEntity, role, admin, email, expiresAt } = invitation;
  return {
    by: { name: by, displayName: byDisplayName },
    team,
    project: project === null || projectEntity === null ? null : { entity: projectEntity, name: project },
    role,
    admin,
    email,
    expiresAt,
  };
}

/** As somebody who has an account. Where they have a stronger role already, they keep it. */
export async function acceptInvitation(
  context: EngineContext,
  { token }: { token: unknown },
): Promise<{ path: string }> {
  const { userId } = requireAccount(context.access);
  const tokenHash = hashKey(checkText("token", token, 200));
  const path = await inTransaction(context.db, async (tx) => {
    const found = await lockInvitation(tx, tokenHash);
    // A second click of the one who has accepted.
    if (found?.usedBy === userId) return pathOf(found);
    const invitation = demandOpen(found);
    await join(tx, invitation, userId);
    return pathOf(invitation);
  });
  endRights(context.db, [userId]);
  return { path };
}

/** As somebody new: makes the account and signs the browser in. @throws AppError NAME_TAKEN, BAD_INPUT */
export async function acceptInvitationAsNew(
  db: Database,
  given: { token: unknown; name: unknown; displayName?: unknown; password: unknown },
  browser: Browser,
): Promise<SignedIn & { path: string }> {
  const tokenHash = hashKey(checkText("token", given.token, 200));
  const name = checkEntityName(given.name);
  const displayName = maybeText("displayName", given.displayName || null, 200);
  const { email } = demandOpen(await retrying(() => findInvitation(db.sql, tokenHash)));
  const passwordHash = await hashPassword(checkPassword(given.password, [name, email]));
  const session = newSessionToken();
  try {
    return await inTransaction(db, async (tx) => {
      const invitation = demandOpen(await lockInvitation(tx, tokenHash));
      const { userId } = await insertUser(tx, {
        name,
        admin: false,
        displayName,
        email,
        // Any team's admin may type an address into an invitation, and accept it themselves.
        emailVerified: invitation.byAdmin,
        passwordHash,
      });
      await auditAs(tx, userId, "user.create", name, { invitation: invitation.id, by: invitation.by });
      await join(tx, invitation, userId);
      return { ...(await openSession(tx, { session, userId, browser })), path: pathOf(invitation) };
    });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw error.constraint_name === "entities_name_key" ? nameTaken(name) : emailTaken(email ?? "");
  }
}

/** @throws AppError UNAUTHENTICATED */
function demandOpen(invitation: Invitation | undefined): Invitation {
  if (invitation?.open) return invitation;
  throw new AppError("UNAUTHENTICATED", "this invitation is used up, too old or taken back: ask for another");
}

/** Uses the invitation up, under its lock. */
async function join(tx: Tx, invitation: Invitation, userId: number): Promise<void> {
  const { id, entityId, projectId, role, admin } = invitation;
  const place = { entityId: entityId ?? undefined, projectId: projectId ?? undefined };
  if (entityId !== null && !(await lockEntity(tx, entityId))) throw noRights();
  await demandInviter(tx, invitation);
  if (role !== null && entityId !== null) {
    const known = await readTeamRole(tx, { entityId, userId });
    if (isStronger(role, known)) await setTeamMember(tx, { entityId, userId, role });
  }
  if (role !== null && projectId !== null) {
    const known = await readProjectRole(tx, { projectId, userId });
    if (isStronger(role, known)) await setProjectMember(tx, { projectId, userId, role });
  }
  if (admin) await updateUser(tx, { userId, admin: true, disabled: false });
  await markInvitationUsed(tx, { id, userId });
  await auditAs(tx, userId, "invitation.accept", String(id), { role, admin, by: invitation.by }, place);
}

const isStronger = (role: Role, known: Role | undefined): boolean =>
  known === undefined || strengthOf(role) > strengthOf(known);

/** Nobody grants more than they have: an invitation counts as long as whoever made it could make it today. */
async function demandInviter(tx: Tx, invitation: Invitation): Promise<void> {
  const { createdBy, entityId, projectId, admin, byAdmin } = invitation;
  if (byAdmin) return;
  if (admin || (entityId === null && projectId === null)) throw noRights();
  const roles =
    projectId !== null
      ? ((await readProjectRoles(tx, { userId: createdBy, projectIds: [projectId] })).get(projectId) ?? [])
      : await readEntityRoles(tx, { userId: createdBy, entityId: entityId ?? 0 });
  if (!roles.includes("admin")) throw noRights();
}

const noRights = () =>
  new AppError(
    "UNAUTHENTICATED",
    "whoever made this invitation may not invite there any more: ask for another",
  );

/** Where to go then. */
function pathOf({ team, project, projectEntity }: Invitation): string {
  if (project !== null && projectEntity !== null) return `/${projectEntity}/${project}`;
  return team === null ? "/" : `/${team}`;
}
