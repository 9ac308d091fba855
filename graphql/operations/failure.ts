/** What every payload's `error` holds when the verb was refused; absent (null) when it was done. */
export interface Failure {
  /** One of `core/errors.ts`; a server newer than this client may send others. */
  code: string;
  message: string;
  details: unknown;
}

/** Ask for it with `error { ...Failure }`. */
export const FAILURE_FRAGMENT = /* GraphQL */ `
  fragment Failure on Failure { code message details }
`;
