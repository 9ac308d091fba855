import { createHmac, randomBytes } from "node:crypto";
import type { EngineContext } from "./context";

/** 256 bits that are shown once and kept as SHA-256. */
export interface Secret {
  readonly bytes: Buffer;
  /** Kept with the answer of the verb; worth nothing without the caller's own key. */
  readonly salt: string;
}

/**
 * A new secret: derived from the caller's API key and a random salt, so that a repeated call shows the same one
 * although it is kept nowhere. A browser session has no key to derive from; its secrets are shown once only.
 */
export function mintSecret({ secret }: Pick<EngineContext, "secret">, purpose: string): Secret {
  const salt = randomBytes(16).toString("base64url");
  return { salt, bytes: secret === undefined ? randomBytes(32) : derive(secret, purpose, salt) };
}

/** The secret that the first of several equal calls minted; undefined to a browser session. */
export function secretAgain(
  { secret }: Pick<EngineContext, "secret">,
  purpose: string,
  salt: string,
): Buffer | undefined {
  return secret === undefined ? undefined : derive(secret, purpose, salt);
}

const derive = (secret: string, purpose: string, salt: string): Buffer =>
  createHmac("sha256", secret).update(`${purpose}:${salt}`).digest();
