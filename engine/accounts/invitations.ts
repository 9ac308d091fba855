import { ROLES, type Role } from "@/core/access";
import { AppError } from "@/core/errors";
import {
  countOpenInvitations,
  insertInvitation,
  markInvitationRevoked,
  readInvitation,
} from "@/db/queries/invitations";
import { audit } from "../audit";
import { authorizeEntity, authorizeProject, requireAccount, requireServerAdmin } from "../authorize";
import { badInput, checkId, checkInteger, checkMutationId, checkOneOf } from "../check";
import type { EngineContext } from "../context";
import { once } from "../once";
import { hashKey } from "../run-key";
import { mintSecret, secretAgain } from "../secrets";
import { checkEmail } from "./email";
import { type RealmPath, resolveRealm } from "./realm";

const DEFAULT_DAYS = 7;
const MAX_DAYS = 90;
const DAY_MS = 24 * 3_600_000;
/** That one user has made and nobody has used. */
const MAX_OPEN = 500;
const PURPOSE = "invitation";

export interface CreateInvitationInput extends RealmPath {
  /** In the team or project; member when absent. */
  readonly role?: Role | undefined;
  /** Whoever accepts administers the server. */
  readonly admin?: boolean | undefined;
  readonly email?: string | undefined;
  readonly expiresInDays?: number | undefined;
  readonly clientMutationId?: string | undefined;
}

/**
 * A link that lets one person in, once: to an account where they have none, and with it to a team or a project. For
 * administrators there; without a team or a project for the server's.
 */
export async function createInvitation(
  context: EngineContext,
  input: CreateInvitationInput,
): Promise<{ invitationId: number; token: string | undefined }> {
  const { userId } = requireAccount(context.access);
  const admin = input.admin ?? false;
  const nowhere = input.team === undefined && input.project === undefined && input.entity === undefined;
  if (admin || nowhere) requireServerAdmin(context.access);
  if (nowhere && input.role !== undefined)
    throw badInput("role", input.role, "nothing without a team or a project");
  const realm = nowhere ? undefined : await resolveRealm(context, input, "admin");
  const role = realm && checkOneOf("role", input.role ?? "member", ROLES);
  const email = input.email === undefined ? null : checkEmail(input.email);
  const days = checkInteger("expiresInDays", input.expiresInDays ?? DEFAULT_DAYS, 1, MAX_DAYS);
  const minted = mintSecret(context, PURPOSE);
  const { answer, repeated } = await once(
    context,
    {
      verb: "createInvitation",
      input: { realm: realm?.path, kind: realm?.kind, role, admin, email, days },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      if ((await countOpenInvitations(tx, userId)) >= MAX_OPEN) {
        throw new AppError("RATE_LIMITED", `${MAX_OPEN} invitations of yours are open: revoke some first`);
      }
      const invitationId = await insertInvitation(tx, {
        tokenHash: hashKey(minted.bytes.toString("base64url")),
        entityId: realm?.kind === "team" ? realm.entityId : null,
        projectId: realm?.kind === "project" ? realm.projectId : null,
        role: role ?? null,
        admin,
        email,
        createdBy: userId,
        keptMs: days * DAY_MS,
      });
      const details = { in: realm?.path ?? null, role: role ?? null, admin, email };
      await audit(tx, context, "invitation.create", String(invitationId), details, realm);
      return { invitationId, salt: minted.salt };
    },
  );
  const bytes = repeated ? secretAgain(context, PURPOSE, answer.salt) : minted.bytes;
  return { invitationId: answer.invitationId, token: bytes?.toString("base64url") };
}

/** Its link stops working; what it has brought already stays. For whoever made it, and whoever could make it now. */
export async function revokeInvitation(
  context: EngineContext,
  input: { invitationId: number; clientMutationId?: string | undefined },
): Promise<{ invitationId: number }> {
  const { userId } = requireAccount(context.access);
  const id = checkId("invitationId", input.invitationId);
  const unknown = new AppError("NOT_FOUND", `invitation ${id} is unknown`, { details: { invitationId: id } });
  const found = await readInvitation(context.db.sql, id);
  if (found === undefined) throw unknown;
  const { entityId, projectId } = found;
  if (found.createdBy !== userId) {
    try {
      if (projectId !== null) await authorizeProject(context, projectId, "admin");
      else if (entityId !== null) await authorizeEntity(context, entityId, "admin");
      else requireServerAdmin(context.access);
    } catch {
      throw unknown; // its number says nothing to others
    }
  }
  const { answer } = await once(
    context,
    {
      verb: "revokeInvitation",
      input: { id },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      await markInvitationRevoked(tx, id);
      const place = { entityId: entityId ?? undefined, projectId: projectId ?? undefined };
      await audit(tx, context, "invitation.revoke", String(id), {}, place);
      return { invitationId: id };
    },
  );
  return answer;
}
