import { describe, expect, test } from "vitest";
import { isSameOrigin, sessionCookie, toSessionCookie } from "@/graphql/http/credentials";
import { checkPublicUrl, prefixOf, withoutPrefix } from "@/graphql/http/public-url";

test.each([
  ["http://besom.example", "http://besom.example", ""],
  ["https://besom.example:8443/", "https://besom.example:8443", ""],
  ["https://example.com/besom", "https://example.com/besom", "/besom"],
  ["https://example.com/ml/besom//", "https://example.com/ml/besom", "/ml/besom"],
])("%s is where people reach a server", (text, url, prefix) => {
  expect([checkPublicUrl(text), prefixOf(checkPublicUrl(text))]).toEqual([url, prefix]);
});

test.each([
  "besom.example",
  "ftp://besom.example",
  "https://besom.example?x",
  "https://besom.example#x",
  "https://besom.example/a b",
])("%s is not", (text) => {
  expect(() => checkPublicUrl(text)).toThrow("BESOM_PUBLIC_URL");
});

test("a password in it is refused and not repeated", () => {
  expect(() => checkPublicUrl("https://me:hunter2@besom.example")).toThrow(/^(?!.*hunter2)/s);
});

test.each([
  ["/besom/graphql", "/graphql"],
  ["/besom", "/"],
  ["/besom?x=1", "/?x=1"],
  ["/besom/", "/"],
  ["/graphql", "/graphql"], // a proxy that takes the prefix away itself
  ["/besoms/graphql", "/besoms/graphql"],
])("%s is %s below /besom", (url, path) => {
  expect(withoutPrefix(url, "/besom")).toBe(path);
});

describe("the session's cookie", () => {
  test.each([
    ["http://127.0.0.1:3000", "besom_session_3000", "Path=/; HttpOnly; SameSite=Lax"],
    ["http://besom.example", "besom_session", "Path=/; HttpOnly; SameSite=Lax"],
    ["https://besom.example", "__Host-besom_session", "Path=/; HttpOnly; SameSite=Lax"],
    ["https://besom.example:8443", "__Host-besom_session_8443", "Path=/; HttpOnly; SameSite=Lax"],
    ["https://example.com/besom", "__Secure-besom_session", "Path=/besom; HttpOnly; SameSite=Lax"],
  ])("of %s is as strict as a browser lets it be", (url, name, attributes) => {
    expect(sessionCookie(url)).toBe(name);
    const secure = url.startsWith("https") ? "; Secure" : "";
    expect(toSessionCookie("x", url, new Date(0))).toBe(
      `${name}=x; ${attributes}; Expires=Thu, 01 Jan 1970 00:00:00 GMT${secure}`,
    );
  });
});

describe("a request with the cookie", () => {
  const plain = "http://127.0.0.1:3000";
  const secure = "https://example.com/besom";
  test.each<[string, Record<string, string>, boolean]>([
    [plain, { origin: plain }, true],
    [plain, { origin: "http://localhost:3000", host: "localhost:3000" }, true],
    [plain, { "sec-fetch-site": "same-origin" }, true],
    [plain, { origin: "http://localhost:3001", host: "localhost:3000" }, false],
    [plain, { origin: "http://evil.example", host: "127.0.0.1:3000" }, false],
    [plain, { origin: "null", host: "127.0.0.1:3000" }, false],
    [plain, { origin: "null", "sec-fetch-site": "same-origin" }, false],
    [plain, { origin: "", host: "" }, false],
    [plain, { origin: "http://127.0.0.1:3000.evil.example", host: "127.0.0.1:3000" }, false],
    [plain, { origin: "http://evil.example", "sec-fetch-site": "same-origin" }, false],
    [plain, { "sec-fetch-site": "same-site" }, false],
    [plain, { "sec-fetch-site": "cross-site" }, false],
    [plain, { "sec-fetch-site": "none" }, false],
    [plain, { referer: "http://127.0.0.1:3000/" }, false],
    [plain, {}, false],
    [secure, { origin: "https://example.com" }, true],
    [secure, { origin: "https://alias.example", host: "alias.example" }, true],
    [secure, { origin: "http://example.com", host: "example.com" }, false],
    [secure, { origin: "http://example.com" }, false],
  ])("to %s with %j comes from a page of ours: %s", (url, headers, expected) => {
    expect(isSameOrigin(headers, url)).toBe(expected);
  });
});
