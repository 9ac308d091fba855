/**
 * The documents that client, app and agent send: the only part of `graphql/` that they import.
 *
 * How to add one: a file a noun (or a page), `export const Name = toDocument<Result, Variables>(text)` with the
 * operation named like the constant, the types written beside it, and a line here. Dates arrive as ISO text, run
 * parameters as JSON text (`parseJson`), ids as strings, everything that may be absent as null.
 */
export * from "./agent";
export * from "./cli";
export { idOf, textOf, toDocument } from "./document";
export { FAILURE_FRAGMENT, type Failure } from "./failure";
export * from "./sweep";
export * from "./watch";
