import { AppError } from "@/core/errors";
import { countTeams, insertTeam, lockEntity, deleteTeam as remove } from "@/db/queries/entities";
import { membersOfEntities } from "@/db/queries/members";
import { audit } from "../audit";
import { requireAccount } from "../authorize";
import { checkMutationId, show } from "../check";
import type { EngineContext } from "../context";
import { once, recallOr } from "../once";
import { checkEntityName } from "../place";
import { isUniqueViolation } from "../unique";
import { resolveRealm, unknownTeam } from "./realm";
import { endRights } from "./rights";

/** That one user is in. */
const MAX_TEAMS = 500;

/** A team with the caller as its first administrator. @throws AppError NAME_TAKEN, NAME_RESERVED, BAD_INPUT */
export async function createTeam(
  context: EngineContext,
  input: { name: string; clientMutationId?: string | undefined },
): Promise<{ team: string }> {
  const { userId } = requireAccount(context.access);
  const name = checkEntityName(input.name);
  const clientMutationId = checkMutationId(input.clientMutationId);
  try {
    const { answer } = await once(
      context,
      { verb: "createTeam", input: { name }, clientMutationId },
      async (tx) => {
        if ((await countTeams(tx, userId)) >= MAX_TEAMS) {
          throw new AppError("RATE_LIMITED", `you are in ${MAX_TEAMS} teams: leave some first`);
        }
        const entityId = await insertTeam(tx, { name, userId });
        await audit(tx, context, "team.create", name, {}, { entityId });
        return { team: name };
      },
    );
    return answer;
  } catch (error) {
    throw isUniqueViolation(error) && error.constraint_name === "entities_name_key" ? nameTaken(name) : error;
  }
}

export const nameTaken = (name: string) =>
  new AppError("NAME_TAKEN", `the name ${show(name)} is taken by a user or a team`, { details: { name } });

/** @throws AppError ILLEGAL_MOVE while it has projects */
export async function deleteTeam(
  context: EngineContext,
  input: { team: string; clientMutationId?: string | undefined },
): Promise<{ team: string }> {
  const { access, db } = context;
  requireAccount(access);
  const clientMutationId = checkMutationId(input.clientMutationId);
  const mutation = { verb: "deleteTeam", input: { team: input.team }, clientMutationId };
  return recallOr(context, mutation, async () => {
    const { entityId, path } = await resolveRealm(context, { team: input.team }, "admin");
    const members = await membersOfEntities(db, access, [entityId]);
    const { answer } = await once(context, mutation, async (tx) => {
      if (!(await lockEntity(tx, entityId))) throw unknownTeam(path);
      if (!(await remove(tx, entityId))) {
        throw new AppError("ILLEGAL_MOVE", `team ${path} has projects: delete them first`, {
          details: { team: path },
        });
      }
      await audit(tx, context, "team.delete", path, {}, { entityId });
      return { team: path };
    });
    endRights(
      db,
      members.map(({ userId }) => userId),
    );
    return answer;
  });
}
