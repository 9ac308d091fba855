import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { isAppError } from "@/core/errors";
import { runLocal } from "@/graphql/local";

/** One query of a page, as the signed-in user; without a session the way leads to the sign-in page. */
export async function ask<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
): Promise<R> {
  const cookie = (await headers()).get("cookie");
  try {
    return await runLocal(document, variables, cookie);
  } catch (error) {
    if (isAppError(error) && error.code === "UNAUTHENTICATED") redirect("/login");
    throw error;
  }
}
