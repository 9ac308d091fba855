import { AppError } from "@/core/errors";

/**
 * Where people reach this server: an origin, and the path below which a proxy has put it if it has no host of its own.
 * @returns without a slash at its end: the start of every printed address
 * @throws AppError BAD_INPUT
 */
export function checkPublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === "";
  if (bare && !/[?#]/.test(text)) {
    const prefix = url.pathname.replace(/\/+$/, "");
    if (/^(?:\/[\w.~-]+)*$/.test(prefix)) return url.origin + prefix;
  }
  throw new AppError(
    "BAD_INPUT",
    `BESOM_PUBLIC_URL is ${JSON.stringify(bare ? text : hideSecret(text))}, expected http(s)://HOST, http(s)://HOST:PORT or http(s)://HOST/PATH, the path of letters, digits and . _ ~ -`,
  );
}

/** A name and a password before the host are refused, and not repeated. */
const hideSecret = (text: string): string => text.replace(/\/\/[^/@]*@/, "//...@");

/** `/besom` of https://host/besom; empty at the root. */
export const prefixOf = (publicUrl: string): string => new URL(publicUrl).pathname.replace(/\/+$/, "");

export const isSecure = (publicUrl: string): boolean => publicUrl.startsWith("https:");

/** The path as the doors know it, whether or not the proxy before us took the prefix away. */
export function withoutPrefix(url: string, prefix: string): string {
  if (prefix === "" || !url.startsWith(prefix)) return url;
  const rest = url.slice(prefix.length);
  if (rest === "") return "/";
  return rest.startsWith("/") ? rest : rest.startsWith("?") ? `/${rest}` : url;
}
