import { AppError } from "@/core/errors";
import type { Tx } from "@/db/client";
import { lockTeamsLedAlone, setTeamMember } from "@/db/queries/members";
import { deleteOtherSessions } from "@/db/queries/sessions";
import { findUserByName, getViewer, lockAdmins, updateUser } from "@/db/queries/users";
import { audit } from "../audit";
import { requireServerAdmin } from "../authorize";
import { checkMutationId, checkText, show } from "../check";
import type { EngineContext } from "../context";
import { once } from "../once";
import { endRights } from "./rights";

/**
 * Makes a user an administrator of the server or takes that away; disables an account or lets it in again. A disabled
 * user is signed out everywhere and their keys, those of their runs too, are refused; nothing they made is lost.
 * @throws AppError ILLEGAL_MOVE when nobody would be left to administer the server, or a team of one's own
 */
export async function setUser(
  context: EngineContext,
  input: {
    name: string;
    admin?: boolean | undefined;
    disabled?: boolean | undefined;
    /** For who has lost it: they sign in by a link, and set a new one. */
    forgetPassword?: boolean | undefined;
    clientMutationId?: string | undefined;
  },
): Promise<{ userId: number }> {
  requireServerAdmin(context.access);
  const name = checkText("name", input.name, 128);
  const { answer } = await once(
    context,
    {
      verb: "setUser",
      input: { ...input, name, clientMutationId: undefined },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      const admins = await lockAdmins(tx);
      const user = await findUserByName(tx, name);
      if (user === undefined) {
        throw new AppError("NOT_FOUND", `user ${show(name)} is unknown`, { details: { user: name } });
      }
      const { userId, ...before } = user;
      const admin = input.admin ?? before.admin;
      const disabled = input.disabled ?? before.disabled;
      if ((!admin || disabled) && admins.every((id) => id === userId) && admins.length > 0) {
        throw new AppError(
          "ILLEGAL_MOVE",
          `${before.name} is the server's last administrator: make somebody else one first`,
        );
      }
      if (disabled && !before.disabled) await takeOverTeams(tx, context, { userId, name: before.name });
      const forgetPassword = input.forgetPassword ?? false;
      if (forgetPassword || (disabled && !before.disabled))
        await deleteOtherSessions(tx, { userId, exceptId: undefined });
      await updateUser(tx, { userId, admin, disabled, forgetPassword });
      await audit(tx, context, "user.update", before.name, {
        admin,
        disabled,
        ...(forgetPassword && { forgetPassword }),
        before: { admin: before.admin, disabled: before.disabled },
      });
      return { userId };
    },
  );
  endRights(context.db, [answer.userId]);
  return answer;
}

/**
 * A team keeps an admin who can sign in: those that the user led alone are led by whoever disables them. To refuse would
 * let everybody who makes teams fast enough stay.
 */
async function takeOverTeams(
  tx: Tx,
  context: EngineContext,
  { userId, name }: { userId: number; name: string },
): Promise<void> {
  const teams = await lockTeamsLedAlone(tx, userId);
  const [first] = teams;
  if (first === undefined) return;
  const heir = await getViewer(context.db, context.access);
  if (heir === undefined || heir.id === userId) {
    throw new AppError(
      "ILLEGAL_MOVE",
      `you are the last admin of team ${first.name}: make somebody else admin there first`,
      { details: { team: first.name } },
    );
  }
  for (const { entityId, name: team } of teams) {
    await setTeamMember(tx, { entityId, userId: heir.id, role: "admin" });
    await audit(
      tx,
      context,
      "member.set",
      heir.name,
      { in: team, role: "admin", insteadOf: name },
      { entityId },
    );
  }
}
