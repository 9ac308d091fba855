import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

export async function ask<R, V extends Record<string, unknown>>(
  _document: TypedDocumentNode<R, V>,
  _variables: V,
): Promise<R> {
  throw new Error("not yet");
}
