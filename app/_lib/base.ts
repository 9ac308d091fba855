/**
 * The path of the server's public address, below which a proxy shows it (`/besom`), or nothing. next.config.js builds it
 * in; Next's own links know it, everything else (fetch, sockets, forms, the address bar) asks here.
 */
const BASE = process.env.BESOM_PATH ?? "";

/** `/graphql` -> `/besom/graphql` */
export const withBase = (path: string): string => BASE + path;

/** `/besom/settings` -> `/settings`, as Next's links are written. */
export const withoutBase = (path: string): string =>
  BASE !== "" && path.startsWith(`${BASE}/`) ? path.slice(BASE.length) : path;
