import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { AppError } from "@/core/errors";

/** Proxies whose word on where a request came from is taken. */
export interface TrustedProxies {
  trusts(address: string): boolean;
}

/**
 * BESOM_TRUSTED_PROXIES: addresses and CIDRs, separated by commas or spaces. Nobody else's header counts, loopback's
 * neither: any program on this machine could write it.
 * @throws AppError BAD_INPUT
 */
export function readTrustedProxies(text: string | undefined): TrustedProxies {
  const list = new BlockList();
  for (const part of text?.split(/[\s,]+/).filter(Boolean) ?? []) addTo(list, part);
  return { trusts: (address) => isIP(address) !== 0 && list.check(address, familyOf(address)) };
}

function addTo(list: BlockList, part: string): void {
  const [address = "", prefix] = part.split("/", 2);
  const family = familyOf(address);
  const bits = prefix === undefined ? undefined : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (isIP(address) === 0 || (bits !== undefined && !(bits <= (family === "ipv4" ? 32 : 128)))) {
    throw new AppError(
      "BAD_INPUT",
      `BESOM_TRUSTED_PROXIES holds ${JSON.stringify(part)}, expected addresses and networks such as 127.0.0.1, 10.0.0.0/8, fd00::/8`,
    );
  }
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, bits, family);
}

/**
 * Whose request it is: the peer's address, or what trusted proxies say of it. Each proxy appends the address that it
 * saw, so the list is read from its end for as long as it was written by proxies that we trust; what stands before that
 * the client may have made up. When both headers are there and disagree, one of them came from the client: then it is
 * the proxy's own address that counts.
 */
export function readAddress({ socket, headers }: IncomingMessage, proxies: TrustedProxies): string {
  const peer = plainAddress(socket.remoteAddress ?? "");
  if (!proxies.trusts(peer)) return peer;
  const told = [headers["x-forwarded-for"], readForwarded(headers.forwarded)].flatMap((list) =>
    list === undefined ? [] : [lastUntrusted(String(list).split(","), peer, proxies)],
  );
  const [first = peer] = told;
  return told.every((address) => address === first) ? first : peer;
}

function lastUntrusted(list: readonly string[], peer: string, proxies: TrustedProxies): string {
  let nearest = peer;
  for (const item of list.toReversed()) {
    const address = toAddress(item);
    if (address === undefined) return nearest;
    nearest = address;
    if (!proxies.trusts(address)) return nearest;
  }
  return nearest;
}

/** The `for=` of each part of RFC 7239's header, as a list like X-Forwarded-For's. */
function readForwarded(header: string | undefined): string | undefined {
  return header
    ?.split(",")
    .map((part) => /(?:^|;)\s*for="?([^";]*)"?/i.exec(part)?.[1] ?? "")
    .join(",");
}

/** `1.2.3.4`, `1.2.3.4:567`, `::1`, `[::1]`, `[::1]:567`; undefined for names and what hides (`_gazonk`, `unknown`). */
function toAddress(item: string): string | undefined {
  const text = item.trim().replaceAll('"', "");
  const bare =
    /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? (text.includes(".") ? text.replace(/:\d+$/, "") : text);
  return isIP(bare) === 0 ? undefined : plainAddress(bare);
}

/** A socket that listens on :: names IPv4 peers ::ffff:1.2.3.4. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
const familyOf = (address: string): "ipv4" | "ipv6" => (address.includes(":") ? "ipv6" : "ipv4");

const addresses = new WeakMap<IncomingMessage, string>();

/** Told once, by the server, when a request arrives. */
export function noteAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  const address = readAddress(request, proxies);
  addresses.set(request, address);
  return address;
}

/** Where the request came from, for throttling, logs and sessions. */
export const clientAddress = (request: IncomingMessage): string =>
  addresses.get(request) ?? plainAddress(request.socket.remoteAddress ?? "");

/** What one client can't change at will: with IPv6 everybody has a network of 2^64 addresses. */
export function addressGroup(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.split("%", 1)[0]?.split("::", 2) ?? [];
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const gap = address.includes("::")
    ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0")
    : [];
  return `${[...left, ...gap, ...right].slice(0, 4).join(":")}::/64`;
}
