import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "@/core/errors";
import { isSecure, prefixOf } from "./public-url";

/**
 * The name of the session's cookie. Under https a browser takes `__Host-` only with Secure, Path=/ and without Domain, so
 * nothing on another host of the domain, or in plain text, can plant one; below a path prefix `__Secure-` is what is left.
 * Cookies know no ports: two servers on one machine would sign each other's people out, so the name has it.
 */
export function sessionCookie(publicUrl: string): string {
  const { port } = new URL(publicUrl);
  const guard = isSecure(publicUrl) ? (prefixOf(publicUrl) === "" ? "__Host-" : "__Secure-") : "";
  return `${guard}besom_session${port === "" ? "" : `_${port}`}`;
}

/** The `Set-Cookie` that starts a session, or with an empty value and a past date ends it. */
export function toSessionCookie(value: string, publicUrl: string, expires: Date): string {
  return [
    `${sessionCookie(publicUrl)}=${value}`,
    `Path=${prefixOf(publicUrl) || "/"}`,
    "HttpOnly",
    "SameSite=Lax",
    `Expires=${expires.toUTCString()}`,
    ...(isSecure(publicUrl) ? ["Secure"] : []),
  ].join("; ");
}

/** What a request brings to show who it is, before anything is looked up. */
export type Credentials =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "session"; readonly token: string };

/** A header wins over the cookie: a script in a page may act with its own key. Undefined when there is neither. */
export function readCredentials(headers: IncomingHttpHeaders, publicUrl: string): Credentials | undefined {
  const { authorization } = headers;
  if (authorization !== undefined) return { kind: "key", key: readAuthorization(authorization) };
  const token = readCookie(headers.cookie, sessionCookie(publicUrl));
  return token === undefined ? undefined : { kind: "session", token };
}

/** `Bearer KEY`, or `Basic` with the user `api` (any user name is taken, as W&B's clients send `api`) and the key as password. */
export function readAuthorization(value: string): string {
  const [scheme = "", rest = ""] = value.trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case "bearer":
      return rest;
    case "basic": {
      const text = Buffer.from(rest, "base64").toString("utf8");
      return text.slice(text.indexOf(":") + 1);
    }
    default:
      throw new AppError(
        "UNAUTHENTICATED",
        `the authorization header starts with ${JSON.stringify(scheme.slice(0, 20))}; expected Bearer KEY, or Basic with api:KEY`,
      );
  }
}

export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const equals = part.indexOf("=");
    if (part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}

/**
 * Whether a request that carries the cookie comes from a page of ours. Browsers send `Origin` with every POST
 * and every WebSocket; `Sec-Fetch-Site` can't be set by a page. A cookie without either is no browser: refused.
 * A server that people reach by https has no pages in plain text: whoever sits on the wire could write those.
 */
export function isSameOrigin(headers: IncomingHttpHeaders, publicUrl: string): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return headers["sec-fetch-site"] === "same-origin";
  if (!URL.canParse(origin)) return false;
  const from = new URL(origin);
  if (from.origin === new URL(publicUrl).origin) return true;
  return from.host === host && (from.protocol === "https:" || !isSecure(publicUrl));
}
