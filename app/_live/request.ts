import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { withBase } from "@/app/_lib/base";
import { idOf, textOf } from "@/graphql/operations/document";

/** A refusal that the server explained; everything else (no network, a proxy's page) is an `Error` of another kind. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Answer<R> {
  data?: R | null;
  errors?: readonly { message: string; extensions?: { code?: string } }[];
}

/** One query or mutation from the browser, as the signed-in user (the session's cookie goes along). */
export async function request<R, V extends Record<string, unknown>>(
  document: TypedDocumentNode<R, V>,
  variables: V,
  signal?: AbortSignal,
): Promise<R> {
  const send = (asked: object) =>
    fetch(withBase("/graphql"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...asked, variables }),
      ...(signal && { signal }),
    });
  let response = await send({ documentId: idOf(document) });
  let answer = (await response.json()) as Answer<R>;
  if (answer.errors?.[0]?.extensions?.code === "PERSISTED_DOCUMENT_NOT_FOUND") {
    // The server was exchanged for another version while the page was open.
    response = await send({ query: textOf(document) });
    answer = (await response.json()) as Answer<R>;
  }
  const error = answer.errors?.[0];
  if (error) throw new RequestError(error.extensions?.code ?? "INTERNAL", error.message);
  if (!answer.data) throw new RequestError("INTERNAL", `the server answered ${response.status} without data`);
  return answer.data;
}

/** A click is sent once, whatever the network does. `crypto.randomUUID` exists in secure contexts only; a server on a LAN is plain HTTP. */
export const newMutationId = (): string =>
  crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;
