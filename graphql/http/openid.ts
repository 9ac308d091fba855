import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ClientAuth, Configuration } from "openid-client";
import { AppError, isAppError } from "@/core/errors";
import { type SignInError, toSignInError } from "@/core/sign-in-errors";
import type { Database } from "@/db/client";
import { type Identity, signInByOpenId } from "@/engine/accounts/sign-in-openid";
import { authenticateSession } from "@/engine/authorize";
import type { Logger } from "@/engine/context";
import { hashOf } from "@/engine/credentials";
import type { SignedIn } from "@/engine/sessions";
import { clientAddress } from "./address";
import { isSameOrigin, readCookie, sessionCookie } from "./credentials";
import { isSecure, prefixOf } from "./public-url";
import { keepPrivate } from "./sign-in-json";

/** What BESOM_OIDC_* say. */
export interface OpenIdSettings {
  readonly issuer: URL;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined;
  /** For people. */
  readonly name: string;
  readonly allow: readonly string[];
}

/** @returns undefined when it is off @throws AppError BAD_INPUT */
export function readOpenIdSettings(env: NodeJS.ProcessEnv): OpenIdSettings | undefined {
  const given = env.BESOM_OIDC_ISSUER;
  if (!given) return undefined;
  const issuer = URL.canParse(given) ? new URL(given) : undefined;
  if (issuer === undefined || !/^https?:$/.test(issuer.protocol)) {
    throw badSetting(
      "BESOM_OIDC_ISSUER",
      given,
      "the provider's https address, below which .well-known/openid-configuration lies",
    );
  }
  // Tokens in plain text are for a provider on this same machine, in a test or behind a tunnel.
  if (issuer.protocol === "http:" && !isLoopbackName(issuer.hostname)) {
    throw badSetting("BESOM_OIDC_ISSUER", given, "an https address");
  }
  const clientId = env.BESOM_OIDC_CLIENT_ID;
  if (!clientId) throw badSetting("BESOM_OIDC_CLIENT_ID", clientId, "what the provider calls this server");
  const allow = (env.BESOM_OIDC_ALLOW ?? "")
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const wrong = allow.find((domain) => domain !== "*" && !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain));
  if (wrong !== undefined)
    throw badSetting("BESOM_OIDC_ALLOW", wrong, "domains of addresses such as example.org, or *");
  return {
    issuer,
    clientId,
    clientSecret: readSecret(env),
    name: env.BESOM_OIDC_NAME || issuer.hostname,
    allow,
  };
}

/** From a file it stands neither in the process's environment nor in a unit's text. */
function readSecret({
  BESOM_OIDC_CLIENT_SECRET: secret,
  BESOM_OIDC_CLIENT_SECRET_FILE: file,
}: NodeJS.ProcessEnv) {
  if (!file) return secret || undefined;
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (cause) {
    throw new AppError(
      "BAD_INPUT",
      `BESOM_OIDC_CLIENT_SECRET_FILE can't be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

const isLoopbackName = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
const badSetting = (name: string, value: unknown, expected: string) =>
  new AppError("BAD_INPUT", `${name} is ${value ? JSON.stringify(value) : "not set"}, expected ${expected}`);

export interface OpenIdOptions {
  settings: OpenIdSettings;
  db: Database;
  publicUrl: string;
  log: Logger;
  admit(request: IncomingMessage, response: ServerResponse, signedIn: SignedIn): Promise<void>;
}

/** Between the two doors, in the browser: lost after this. */
const ATTEMPT_S = 600;
const TIMEOUT_S = 10;
const CALLBACK = "/login/oidc/callback";

/** What has to come back, with the browser that went. */
interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** SHA-256 of the session's token of who was signed in and left from a page of ours: only to them an identity is tied. */
  readonly session?: string | undefined;
}

/**
 * Authorization code flow with PKCE, state and nonce. What must come back waits in an HttpOnly cookie of the browser that
 * went, for ten minutes; it needs no signature, since it grants nothing: a code counts only with the verifier whose hash
 * the provider saw, and a token only with the nonce.
 *
 * The provider is asked who it is when the first person comes; when it is out of reach they are told so, and all other
 * ways to sign in work on.
 */
export function openOpenId({ settings, db, publicUrl, log, admit }: OpenIdOptions) {
  const cookieName = sessionCookie(publicUrl).replace("besom_session", "besom_oidc");
  const redirectUri = `${publicUrl}${CALLBACK}`;
  let discovered: Promise<Configuration> | undefined;

  const discover = async () => {
    const client = await library();
    discovered ??= client
      .discovery(
        settings.issuer,
        settings.clientId,
        undefined,
        settings.clientSecret === undefined ? client.None() : bySecret(client, settings.clientSecret),
        {
          timeout: TIMEOUT_S,
          ...(settings.issuer.protocol === "http:" && { execute: [client.allowInsecureRequests] }),
        },
      )
      .catch((error: unknown) => {
        discovered = undefined; // asked again when the next one comes
        throw error;
      });
    return { client, config: await discovered };
  };

  const setCookie = (value: string, maxAgeS: number) =>
    [
      `${cookieName}=${value}`,
      `Path=${prefixOf(publicUrl) || "/"}`,
      "HttpOnly",
      "SameSite=Lax", // the provider sends the browser back from another site
      `Max-Age=${maxAgeS}`,
      ...(isSecure(publicUrl) ? ["Secure"] : []),
    ].join("; ");
  const backToLogin = (response: ServerResponse, error: SignInError) => {
    response.writeHead(303, { location: `${publicUrl}/login?error=${error}` }).end();
  };

  /** `GET /login/oidc`: off to the provider. */
  const leave = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    keepPrivate(response);
    try {
      const { client, config } = await discover();
      const attempt: Attempt = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        session: isFromOurPage(request, publicUrl) ? sessionOf(request) : undefined,
      };
      const target = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: "openid profile email",
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: "S256",
      });
      response.setHeader("set-cookie", setCookie(encode(attempt), ATTEMPT_S));
      response.writeHead(302, { location: target.href }).end();
    } catch (error) {
      log.warn(
        { err: error, issuer: settings.issuer.href },
        "the OpenID provider is out of reach, or not one",
      );
      backToLogin(response, "openid_unavailable");
    }
  };

  /** `GET /login/oidc/callback`: back from there, with a code. */
  const comeBack = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    keepPrivate(response);
    const attempt = decode(readCookie(request.headers.cookie, cookieName));
    response.setHeader("set-cookie", setCookie("", 0));
    if (attempt === undefined) return backToLogin(response, "openid_stale");
    try {
      const identity = await redeem(new URL(request.url ?? "/", publicUrl).search, attempt);
      const currentUserId = await currentUser(request, attempt);
      const visitor = { address: clientAddress(request), userAgent: request.headers["user-agent"] };
      const signedIn = await signInByOpenId(db, identity, { allow: settings.allow, currentUserId }, visitor);
      await admit(request, response, signedIn);
      response.writeHead(303, { location: `${publicUrl}/` }).end();
    } catch (error) {
      if (isAppError(error) && toSignInError(String(error.details.reason)) !== undefined)
        return backToLogin(response, error.details.reason as SignInError);
      log.warn({ err: error, issuer: settings.issuer.href }, "signing in by OpenID failed");
      backToLogin(response, isOutage(error) ? "openid_unavailable" : "openid_refused");
    }
  };

  const redeem = async (search: string, attempt: Attempt): Promise<Identity> => {
    const { client, config } = await discover();
    const tokens = await client.authorizationCodeGrant(config, new URL(`${redirectUri}${search}`), {
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      pkceCodeVerifier: attempt.verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error("the provider gave no ID token");
    // Many providers put no more than the subject into the token, and tell the rest when asked.
    const told =
      claims.email === undefined && config.serverMetadata().userinfo_endpoint !== undefined
        ? { ...claims, ...(await client.fetchUserInfo(config, tokens.access_token, claims.sub)) }
        : claims;
    return {
      issuer: claims.iss,
      subject: claims.sub,
      verifiedEmail: told.email_verified === true ? toText(told.email)?.toLowerCase() : undefined,
      preferredUsername: toText(told.preferred_username),
      displayName: toText(told.name),
    };
  };

  const sessionOf = (request: IncomingMessage): string | undefined => {
    const token = readCookie(request.headers.cookie, sessionCookie(publicUrl));
    return token && hashOf(token);
  };
  /** Undefined too when it is not who left: another site may have sent the browser off, or brought it our cookie. */
  const currentUser = async (request: IncomingMessage, { session }: Attempt): Promise<number | undefined> => {
    const token = readCookie(request.headers.cookie, sessionCookie(publicUrl));
    if (token === undefined || hashOf(token) !== session) return undefined;
    const access = await authenticateSession(db, token).catch(() => undefined);
    return access?.kind === "user" ? access.userId : undefined;
  };

  return { leave, comeBack };
}

/** As the provider likes it; without a word from it in the header, as the specification has it. */
function bySecret(client: Awaited<ReturnType<typeof library>>, secret: string): ClientAuth {
  const inHeader = client.ClientSecretBasic(secret);
  const inBody = client.ClientSecretPost(secret);
  return (provider, ...rest) => {
    const methods = provider.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return (methods.includes("client_secret_basic") ? inHeader : inBody)(provider, ...rest);
  };
}

/** Read when it is used: most servers have no provider. */
const library = () => import("openid-client");

const encode = (attempt: Attempt): string => Buffer.from(JSON.stringify(attempt)).toString("base64url");

function decode(text: string | undefined): Attempt | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text ?? "", "base64url").toString("utf8"));
    const { state, nonce, verifier, session } = value as Partial<Record<string, unknown>>;
    if (typeof state !== "string" || typeof nonce !== "string" || typeof verifier !== "string")
      return undefined;
    return { state, nonce, verifier, session: typeof session === "string" ? session : undefined };
  } catch {
    return undefined;
  }
}

/** A link has no `Origin`. `Sec-Fetch-Site` is not sent in plain text, `Referer` can be withheld by another site, not forged. */
function isFromOurPage({ headers }: IncomingMessage, publicUrl: string): boolean {
  const { "sec-fetch-site": site, referer: origin, host } = headers;
  if (site !== undefined) return site === "same-origin";
  return origin !== undefined && isSameOrigin({ origin, host }, publicUrl);
}

const toText = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" && value.length <= 254 ? value.trim() : undefined;

/** fetch's own errors, and its time-out. */
const isOutage = (error: unknown): boolean => {
  const names = [error, error instanceof Error ? error.cause : undefined].map((one) =>
    one instanceof Error ? one.name : "",
  );
  return names.includes("TimeoutError") || names.includes("TypeError");
};
