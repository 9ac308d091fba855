import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import {
  addressGroup,
  clientAddress,
  noteAddress,
  readAddress,
  readTrustedProxies,
} from "@/graphql/http/address";

const request = (remoteAddress: string, headers: Record<string, string> = {}) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;
const proxies = readTrustedProxies("10.0.0.0/8, 192.0.2.7 fd00::/8");
const seen = (peer: string, headers: Record<string, string>) => readAddress(request(peer, headers), proxies);

test.each<[string, string, Record<string, string>, string]>([
  ["a stranger's header is not read", "203.0.113.5", { "x-forwarded-for": "1.1.1.1" }, "203.0.113.5"],
  ["nor is loopback's, unless it was named", "127.0.0.1", { "x-forwarded-for": "1.1.1.1" }, "127.0.0.1"],
  ["a trusted proxy's is", "10.1.2.3", { "x-forwarded-for": "1.1.1.1" }, "1.1.1.1"],
  ["through IPv6's name of an IPv4 peer too", "::ffff:10.1.2.3", { "x-forwarded-for": "1.1.1.1" }, "1.1.1.1"],
  ["through several proxies", "10.1.2.3", { "x-forwarded-for": "1.1.1.1, 192.0.2.7, 10.9.9.9" }, "1.1.1.1"],
  [
    "what the client wrote before it is not",
    "10.1.2.3",
    { "x-forwarded-for": "6.6.6.6, 1.1.1.1" },
    "1.1.1.1",
  ],
  ["rubbish ends the list", "10.1.2.3", { "x-forwarded-for": "6.6.6.6, unknown, 10.9.9.9" }, "10.9.9.9"],
  ["rubbish alone is nobody's address", "10.1.2.3", { "x-forwarded-for": "<script>" }, "10.1.2.3"],
  ["no header: the proxy itself", "10.1.2.3", {}, "10.1.2.3"],
  ["ports are cut off", "10.1.2.3", { "x-forwarded-for": "1.1.1.1:4711" }, "1.1.1.1"],
  ["IPv6 in brackets", "10.1.2.3", { "x-forwarded-for": "[2001:db8::1]:4711" }, "2001:db8::1"],
  ["RFC 7239", "10.1.2.3", { forwarded: 'for=6.6.6.6, for="[2001:db8::1]:99";proto=https' }, "2001:db8::1"],
  [
    "both headers, agreeing",
    "10.1.2.3",
    { "x-forwarded-for": "1.1.1.1", forwarded: "for=1.1.1.1" },
    "1.1.1.1",
  ],
  [
    "both, disagreeing: one is the client's",
    "10.1.2.3",
    { "x-forwarded-for": "1.1.1.1", forwarded: "for=6.6.6.6" },
    "10.1.2.3",
  ],
  ["proxies by IPv6", "fd00::5", { "x-forwarded-for": "1.1.1.1" }, "1.1.1.1"],
])("%s", (_title, peer, headers, expected) => {
  expect(seen(peer, headers)).toBe(expected);
});

test.each(["10.0.0.0/33", "fd00::/129", "proxy.example", "10.0.0.0/", "10.0.0.1/x", "10.0.0"])(
  "%s is no proxy's address, and the sentence says so",
  (text) => {
    expect(() => readTrustedProxies(`127.0.0.1,${text}`)).toThrow(`BESOM_TRUSTED_PROXIES holds "${text}"`);
  },
);

test("a request's address is read once and asked for anywhere", () => {
  const one = request("10.0.0.1", { "x-forwarded-for": "1.1.1.1" });
  expect(clientAddress(one)).toBe("10.0.0.1");
  expect([noteAddress(one, proxies), clientAddress(one)]).toEqual(["1.1.1.1", "1.1.1.1"]);
});

test("an IPv6 client counts by its network", () => {
  expect(["1.2.3.4", "2001:db8:1:2:3:4:5:6", "2001:db8::1", "::1", "fe80::1%eth0"].map(addressGroup)).toEqual(
    ["1.2.3.4", "2001:db8:1:2::/64", "2001:db8:0:0::/64", "0:0:0:0::/64", "fe80:0:0:0::/64"],
  );
});
