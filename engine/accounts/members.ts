import { ROLES, type Role } from "@/core/access";
import { AppError } from "@/core/errors";
import type { Tx } from "@/db/client";
import { lockEntity } from "@/db/queries/entities";
import {
  hasOtherTeamAdmin,
  readProjectRole,
  readTeamRole,
  removeProjectMember,
  removeTeamMember,
  setProjectMember,
  setTeamMember,
} from "@/db/queries/members";
import { findUserByName } from "@/db/queries/users";
import { audit } from "../audit";
import { requireAccount } from "../authorize";
import { checkMutationId, checkOneOf, checkText, show } from "../check";
import type { EngineContext } from "../context";
import { once, recallOr } from "../once";
import { type Realm, type RealmPath, resolveRealm } from "./realm";
import { endRights } from "./rights";

interface MemberPath extends RealmPath {
  /** By name. */
  readonly user: string;
  readonly clientMutationId?: string | undefined;
}

export interface MemberAnswer {
  readonly userId: number;
  readonly entityId: number;
  readonly projectId: number | null;
}

/**
 * Gives a user a role in a team or a project, or another one. For administrators there.
 * @throws AppError NOT_FOUND, FORBIDDEN, ILLEGAL_MOVE when it would leave a team without an administrator
 */
export async function setMember(
  context: EngineContext,
  input: MemberPath & { readonly role: Role },
): Promise<MemberAnswer> {
  const role = checkOneOf("role", input.role, ROLES);
  const realm = await resolveRealm(context, input, "admin");
  const user = await findMember(context, input.user);
  if (user.disabled) {
    throw new AppError("ILLEGAL_MOVE", `user ${user.name} is disabled: enable the account first`);
  }
  const { answer } = await once(
    context,
    {
      verb: "setMember",
      input: { realm: realm.path, kind: realm.kind, user: user.name, role },
      clientMutationId: checkMutationId(input.clientMutationId),
    },
    async (tx) => {
      const before = await lockRole(tx, realm, user);
      if (realm.kind === "team") {
        if (role !== "admin" && before === "admin") await keepAnAdmin(tx, realm, user);
        await setTeamMember(tx, { ...realm, userId: user.userId, role });
      } else await setProjectMember(tx, { ...realm, userId: user.userId, role });
      await audit(
        tx,
        context,
        "member.set",
        user.name,
        { in: realm.path, role, before: before ?? null },
        realm,
      );
      return toAnswer(realm, user.userId);
    },
  );
  endRights(context.db, [user.userId]);
  return answer;
}

/**
 * Takes a user's role in a team or a project away, and with it whatever they can do there: their keys and those of
 * their runs are refused at once. For administrators there, and for oneself.
 */
export async function removeMember(context: EngineContext, input: MemberPath): Promise<MemberAnswer> {
  const { userId } = requireAccount(context.access);
  const { clientMutationId, ...named } = input;
  const mutation = {
    verb: "removeMember",
    input: named,
    clientMutationId: checkMutationId(clientMutationId),
  };
  // Whoever left a team knows nothing of it any more.
  return recallOr(context, mutation, async () => {
    const user = await findMember(context, input.user);
    const realm = await resolveRealm(context, input, user.userId === userId ? "viewer" : "admin");
    const { answer } = await once(context, mutation, async (tx) => {
      const before = await lockRole(tx, realm, user);
      if (realm.kind === "team" && before === "admin") await keepAnAdmin(tx, realm, user);
      const removed =
        realm.kind === "team"
          ? await removeTeamMember(tx, { ...realm, userId: user.userId })
          : await removeProjectMember(tx, { ...realm, userId: user.userId });
      if (!removed) throw notThere(realm, user.name);
      await audit(tx, context, "member.remove", user.name, { in: realm.path, before: before ?? null }, realm);
      return toAnswer(realm, user.userId);
    });
    endRights(context.db, [user.userId]);
    return answer;
  });
}

interface FoundUser {
  readonly userId: number;
  readonly entityId: number;
  readonly name: string;
  readonly disabled: boolean;
}

async function findMember({ db, access }: EngineContext, name: string): Promise<FoundUser> {
  requireAccount(access);
  const user = await findUserByName(db.sql, checkText("user", name, 128));
  if (user !== undefined) return user;
  throw new AppError("NOT_FOUND", `user ${show(name)} is unknown: invite whoever has no account yet`, {
    details: { user: name },
  });
}

/** Changes of one entity's members wait for each other here, so that its last administrator stays. */
async function lockRole(tx: Tx, realm: Realm, user: FoundUser): Promise<Role | undefined> {
  if (!(await lockEntity(tx, realm.entityId))) {
    throw new AppError("NOT_FOUND", `${realm.kind} ${realm.path} is unknown`);
  }
  if (realm.kind === "team") return readTeamRole(tx, { entityId: realm.entityId, userId: user.userId });
  if (user.entityId === realm.entityId) {
    throw new AppError("ILLEGAL_MOVE", `${user.name} owns ${realm.path}: an owner is always its admin`);
  }
  return readProjectRole(tx, { projectId: realm.projectId, userId: user.userId });
}

async function keepAnAdmin(tx: Tx, { entityId, path }: Realm, { userId, name }: FoundUser): Promise<void> {
  if (await hasOtherTeamAdmin(tx, { entityId, userId })) return;
  throw new AppError(
    "ILLEGAL_MOVE",
    `${name} is the last admin of team ${path}: make somebody else admin first, or delete the team`,
    { details: { team: path, user: name } },
  );
}

function notThere(realm: Realm, name: string): AppError {
  const hint =
    realm.kind === "project" ? " itself: a role by the team or as owner isn't taken away here" : "";
  return new AppError("NOT_FOUND", `${name} is no member of ${realm.kind} ${realm.path}${hint}`, {
    details: { user: name },
  });
}

const toAnswer = (realm: Realm, userId: number): MemberAnswer => ({
  userId,
  entityId: realm.entityId,
  projectId: realm.kind === "project" ? realm.projectId : null,
});
