import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isSecure } from "./public-url";

/**
 * On every answer: what is sent is what it says it is; it loads, runs and frames nothing; no other site embeds it or
 * learns our addresses. Pages widen the policy for what they need (`setPageHeaders`).
 */
export function setSecurityHeaders(response: ServerResponse, publicUrl: string): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("referrer-policy", "same-origin");
  // The host alone: what else runs below its domain is not ours to decide.
  if (isSecure(publicUrl)) response.setHeader("strict-transport-security", "max-age=31536000");
}

/** Nothing of ours uses them, so a script that got in can't either. The clipboard stays: pages copy commands. */
const PERMISSIONS = [
  ...[
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
  ],
  ...["microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking"],
]
  .map((name) => `${name}=()`)
  .join(", ");

/**
 * On pages: scripts are ours (`'self'`) or carry the nonce of this very answer. Next takes the nonce from the policy on
 * the request and writes it into each tag that it makes, so an answer never holds an inline script without one.
 */
export function setPageHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  { dev }: { dev: boolean },
): void {
  const nonce = randomBytes(16).toString("base64");
  const policy = pagePolicy(nonce, request.headers.host, dev);
  request.headers["content-security-policy"] = policy;
  response.setHeader("content-security-policy", policy);
  response.setHeader("permissions-policy", PERMISSIONS);
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("x-frame-options", "DENY"); // for browsers that don't know frame-ancestors
}

function pagePolicy(nonce: string, host: string | undefined, dev: boolean): string {
  return [
    "default-src 'self'",
    // React's development build makes functions of text to show where an error came from.
    `script-src 'self' 'nonce-${nonce}'${dev ? " 'unsafe-eval'" : ""}`,
    "script-src-attr 'none'",
    // Charts place their marks by style attributes, and the editors write their own style sheets.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    // Next starts a worker from a blob that only loads the worker's file.
    "worker-src 'self' blob:",
    // Safari before 15.4 does not take 'self' for sockets.
    `connect-src 'self'${sockets(host)}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The name that the browser used; text of a stranger, so only what a host can be made of. */
const sockets = (host = ""): string =>
  /^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i.test(host) ? ` ws://${host} wss://${host}` : "";
