import { updateProfile as update } from "@/db/queries/users";
import { audit } from "../audit";
import { requireAccount } from "../authorize";
import { checkMutationId, checkText } from "../check";
import type { EngineContext } from "../context";
import { once } from "../once";
import { isUniqueViolation } from "../unique";
import { checkEmail, emailTaken } from "./email";

/** How the caller is shown, and reached. What is absent stays, null or "" takes it away. @throws AppError NAME_TAKEN */
export async function updateProfile(
  context: EngineContext,
  input: {
    displayName?: string | null | undefined;
    email?: string | null | undefined;
    clientMutationId?: string | undefined;
  },
): Promise<{ userId: number }> {
  const { userId, admin } = requireAccount(context.access);
  const displayName = input.displayName
    ? checkText("displayName", input.displayName, 200)
    : emptied(input.displayName);
  const email = input.email ? checkEmail(input.email) : emptied(input.email);
  const clientMutationId = checkMutationId(input.clientMutationId);
  try {
    const { answer } = await once(
      context,
      { verb: "updateProfile", input: { displayName, email }, clientMutationId },
      async (tx) => {
        // An administrator can be everybody on this server anyway.
        await update(tx, { userId, displayName, email, emailVerified: admin });
        // One can sign in by the address.
        if (email !== undefined) await audit(tx, context, "user.email", String(userId), { email });
        return { userId };
      },
    );
    return answer;
  } catch (error) {
    throw isUniqueViolation(error) && email ? emailTaken(email) : error;
  }
}

const emptied = (value: string | null | undefined): null | undefined =>
  value === undefined ? undefined : null;
