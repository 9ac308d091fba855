import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { isAppError } from "@/core/errors";
import { runLocal } from "@/graphql/local";
import { type Viewer, WhoAmI } from "@/graphql/operations/accounts";
import { toSignIn } from "./paths";

/**
 * One query of a page, as the signed-in user; without a session the way leads to the sign-in page, and from there to
 * `here`. An address that asks for what can't be (a name of control characters, a page behind an invented cursor) is one
 * where nothing is.
 */
export async function ask<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
  here = "/",
): Promise<R> {
  const { answer } = await tryAsk(document, variables, here);
  return answer ?? notFound();
}

/** The same for what somebody types into a field: the API's refusal of it comes back in its own words. */
export async function tryAsk<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
  here = "/",
): Promise<{ answer: R; refusal?: never } | { answer?: never; refusal: string }> {
  const cookie = (await headers()).get("cookie");
  try {
    return { answer: await runLocal(document, variables, cookie) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    if (error.code === "UNAUTHENTICATED") redirect(toSignIn(here));
    if (error.code === "BAD_INPUT") return { refusal: error.message };
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
