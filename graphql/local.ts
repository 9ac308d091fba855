import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { AppError, type ErrorCode } from "@/core/errors";
import { textOf } from "./operations";

/**
 * Pages on the server run their queries in-process: no HTTP, no socket, no second authentication scheme.
 *
 * Next bundles its own copies of our modules, so this side imports neither the schema nor the database. What it
 * shares with the server's side is one function on `globalThis`, which hot reload does not touch, under a name that
 * carries its version; only plain data goes through it (`instanceof` fails across copies).
 */
export interface LocalRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  /** The browser's `cookie` header as it came: the session decides what the page may see. */
  readonly cookie: string | undefined;
}
export interface LocalAnswer {
  readonly data?: unknown;
  readonly errors?: readonly {
    message: string;
    extensions?: { code?: string; details?: Record<string, unknown> };
  }[];
}
export type LocalDoor = (request: LocalRequest) => Promise<LocalAnswer>;

const DOOR = Symbol.for("besom.graphql.local/1");
type Doors = { [DOOR]?: LocalDoor };

/** @returns takes it away again */
export function openLocalDoor(door: LocalDoor): () => void {
  const doors = globalThis as Doors;
  doors[DOOR] = door;
  return () => {
    if (doors[DOOR] === door) delete doors[DOOR];
  };
}

/** What the sign-in page may know before anybody has signed in: no session, so no query. */
export interface SignInFacts {
  /** The OpenID provider's name; null when there is none. */
  readonly openId: string | null;
}
const FACTS = Symbol.for("besom.signInFacts/1");
type Facts = { [FACTS]?: SignInFacts };

export function publishSignInFacts(facts: SignInFacts): void {
  (globalThis as Facts)[FACTS] = { openId: facts.openId };
}
export const readSignInFacts = (): SignInFacts => (globalThis as Facts)[FACTS] ?? { openId: null };

/**
 * Runs a query for a page. Give it the request's `cookie` header, e.g. `(await headers()).get("cookie")`.
 * @throws AppError UNAUTHENTICATED without a living session, and whatever the query met
 */
export async function runLocal<Result, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
  cookie: string | null | undefined,
): Promise<Result> {
  const door = (globalThis as Doors)[DOOR];
  if (door === undefined) {
    throw new AppError(
      "UNAVAILABLE",
      "the pages run outside of Besom's server: start it with npm start or npm run dev",
    );
  }
  const { data, errors } = await door({ query: textOf(document), variables, cookie: cookie ?? undefined });
  const [first] = errors ?? [];
  if (first !== undefined) {
    const { code = "INTERNAL", details } = first.extensions ?? {};
    throw new AppError(code as ErrorCode, first.message, { details: details ?? {} });
  }
  // Plain objects: React hands them to the browser's side, and graphql-js makes objects without a prototype.
  return structuredClone(data) as Result;
}
