import type { ServerResponse } from "node:http";

/** On every answer: what is sent is what it says it is, no other site shows our pages in a frame or learns our addresses. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("content-security-policy", "frame-ancestors 'none'");
  response.setHeader("referrer-policy", "same-origin");
}
