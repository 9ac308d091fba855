import { AppError } from "@/core/errors";
import { readPassword, setPassword } from "@/db/queries/passwords";
import { deleteOtherSessions } from "@/db/queries/sessions";
import { retrying } from "@/db/transaction";
import { audit } from "../audit";
import { requireAccount } from "../authorize";
import { checkMutationId } from "../check";
import type { EngineContext } from "../context";
import { once, recallOr } from "../once";
import { checkPassword } from "./password";
import { hashPassword, verifyPassword } from "./password-hash";
import { endRights } from "./rights";
import { withThrottle } from "./throttle";

/**
 * Sets the caller's password; whoever has one must show it. All other browsers are signed out. API keys go on: they
 * are listed and revoked one by one.
 * @throws AppError FORBIDDEN when `current` is wrong, BAD_INPUT when the new one is too easy, RATE_LIMITED
 */
export async function changePassword(
  context: EngineContext,
  input: { current?: string | undefined; password: string; clientMutationId?: string | undefined },
): Promise<{ userId: number }> {
  const { db } = context;
  const { userId, sessionId } = requireAccount(context.access);
  // The passwords themselves stay out of it: an answer's hash of its input is a fast one.
  const mutation = {
    verb: "changePassword",
    input: {},
    clientMutationId: checkMutationId(input.clientMutationId),
  };
  return recallOr(context, mutation, async () => {
    const user = await retrying(() => readPassword(db.sql, userId));
    if (user === undefined) throw new AppError("UNAUTHENTICATED", "the account is gone");
    const password = checkPassword(input.password, [user.name, user.email]);
    if (user.hash !== null) {
      await withThrottle(db, [`password:${userId}`], async () => {
        if (await verifyPassword(input.current ?? "", user.hash)) return;
        throw new AppError("FORBIDDEN", "the current password is another one", {
          details: { name: "current" },
        });
      });
    }
    const hash = await hashPassword(password);
    const { answer } = await once(context, mutation, async (tx) => {
      if (!(await setPassword(tx, { userId, hash, before: user.hash }))) {
        throw new AppError("FORBIDDEN", "the password was changed a moment ago", {
          details: { name: "current" },
        });
      }
      const ended = await deleteOtherSessions(tx, { userId, exceptId: sessionId });
      await audit(tx, context, "user.password", user.name, { ended });
      return { userId };
    });
    endRights(db, [userId]);
    return answer;
  });
}
