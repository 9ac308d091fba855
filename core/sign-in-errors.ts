/** Why signing in by OpenID ended without a session: the way back says one of these words, the page has the sentence. */
export const SIGN_IN_ERRORS = {
  openid_unavailable: "The provider can't be reached at the moment. Try again, or sign in another way.",
  openid_stale: "That took too long, or began in another browser. Try once more.",
  openid_refused: "The provider did not let you in, or its answer could not be trusted.",
  openid_no_account: "You have no account here. Ask for an invitation.",
  openid_disabled: "Your account is disabled. Ask an administrator of this server.",
  openid_unconfirmed:
    "An account here has your address, but nobody has confirmed it. Sign in to it by its password or a link first, then once more with the provider.",
  openid_taken: "That account belongs to another identity at the provider.",
} as const;

export type SignInError = keyof typeof SIGN_IN_ERRORS;

/** Undefined for whatever else somebody wrote into the address. */
export const toSignInError = (word: string | undefined): string | undefined =>
  word !== undefined && Object.hasOwn(SIGN_IN_ERRORS, word) ? SIGN_IN_ERRORS[word as SignInError] : undefined;
