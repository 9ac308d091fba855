import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { sha256 } from "@/core/sha256";

/**
 * One operation that a client, a page or the agent sends, with the shape of its answer and of its variables.
 * The types are written beside the text by hand; test/graphql/operations.test.ts validates every document
 * against the schema, and compares the fields that the types promise with those that the text asks for.
 */
export function toDocument<Result, Variables extends Record<string, unknown> = Record<string, never>>(
  source: string,
): TypedDocumentNode<Result, Variables> {
  return parse(source);
}

/** The text as it goes over the wire: byte for byte the same each time, so the server's document cache hits. */
export function textOf<Result, Variables>(document: TypedDocumentNode<Result, Variables>): string {
  const text = document.loc?.source.body;
  if (text === undefined) throw new TypeError("textOf needs a document made by toDocument");
  return text;
}

const ids = new WeakMap<object, string>();

/** What stands for the text: the server knows the documents of this folder by their SHA-256. */
export function idOf<Result, Variables>(document: TypedDocumentNode<Result, Variables>): string {
  const known = ids.get(document);
  if (known !== undefined) return known;
  const id = `sha256:${sha256(textOf(document))}`;
  ids.set(document, id);
  return id;
}
