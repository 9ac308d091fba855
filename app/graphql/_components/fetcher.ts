import type { GraphiQLProps } from "graphiql";
import { createClient } from "graphql-ws/client";
import { withBase } from "@/app/_lib/base";

type Fetch = GraphiQLProps["fetcher"];

/** Queries and mutations by HTTP, subscriptions on a socket, both with the session's cookie. */
export function openFetcher(): { fetch: Fetch; close(): void } {
  const live = createClient({
    url: location.origin.replace(/^http/, "ws") + withBase("/graphql"),
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
  });
  const fetch: Fetch = async ({ query, variables, operationName }, options) => {
    const payload = { query, variables, operationName };
    if (isSubscription(options?.documentAST, operationName)) return live.iterate(payload) as never;
    const response = await globalThis.fetch(withBase("/graphql"), {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(payload),
    });
    return response.json();
  };
  return { fetch, close: () => void live.dispose() };
}

type Document = NonNullable<Parameters<Fetch>[1]>["documentAST"];

/** Of several operations in the editor the one under the cursor is run. */
function isSubscription(document: Document, name: string | null | undefined): boolean {
  const operations = (document?.definitions ?? []).filter((one) => one.kind === "OperationDefinition");
  const chosen = operations.find((one) => one.name?.value === name) ?? operations[0];
  return chosen?.operation === "subscription";
}
