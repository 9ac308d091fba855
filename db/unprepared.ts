import type { PendingQuery, Row } from "postgres";

/**
 * Sent under no name: the server forgets it at once. A statement that is put together from what its caller wants has as
 * many texts as callers have ideas, and each would stay prepared in every connection; planned with its values in view it is
 * also the better plan.
 */
export function unprepared<T extends readonly (Row | undefined)[]>(query: PendingQuery<T>): PendingQuery<T> {
  // postgres.js reads it when it sends the query; its types don't know of it for tagged templates.
  Object.assign((query as unknown as { options: object }).options, { prepare: false });
  return query;
}
