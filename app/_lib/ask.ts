import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { isAppError } from "@/core/errors";
import { runLocal } from "@/graphql/local";
import { type Viewer, WhoAmI } from "@/graphql/operations/accounts";
import { toSignIn } from "./paths";

/**
 * One query of a page, as the signed-in user; without a session the way leads to the sign-in page, and from there to
 * `here`.
 */
export async function ask<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
  here = "/",
): Promise<R> {
  const cookie = (await headers()).get("cookie");
  try {
    return await runLocal(document, variables, cookie);
  } catch (error) {
    if (isAppError(error) && error.code === "UNAUTHENTICATED") redirect(toSignIn(here));
    throw error;
  }
}

/** Who looks at a page that needs no session; undefined for a stranger. */
export async function maybeViewer(): Promise<Viewer | undefined> {
  const cookie = (await headers()).get("cookie");
  try {
    return (await runLocal(WhoAmI, {}, cookie)).viewer ?? undefined;
  } catch (error) {
    if (isAppError(error) && error.code === "UNAUTHENTICATED") return undefined;
    throw error;
  }
}
