import { describe, expect, test } from "vitest";
import { toBrowserName } from "@/app/_lib/browser-name";
import { daysFromNow, isLiving } from "@/app/_lib/living";
import { toLocalPath, toSignIn } from "@/app/_lib/paths";
import { readFailure, toRefusal } from "@/app/_live/refusal";
import { RequestError } from "@/app/_live/request";

describe("a browser's name, from what it says of itself", () => {
  test.each([
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      "Chrome 140 on Linux",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
      "Edge 140 on Windows",
    ],
    [
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
      "Firefox 143 on Linux",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
      "Safari 18 on macOS",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
      "Safari 18 on iPhone",
    ],
    [
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
      "Chrome 139 on Android",
    ],
    ["curl/8.5.0", "curl/8.5.0"],
    [null, "Unknown browser"],
  ])("%s", (userAgent, name) => expect(toBrowserName(userAgent)).toBe(name));
});

describe("where a sign-in leads", () => {
  test.each([
    ["/settings/keys", "/settings/keys"],
    ["//elsewhere.example", "/"],
    ["/\\elsewhere.example", "/"],
    ["/\t/elsewhere.example", "/"],
    ["/\n\\elsewhere.example", "/"],
    ["/.//elsewhere.example", "/"],
    ["/x/..//elsewhere.example", "/"],
    ["/lab/digits?filter=a%2Fb#top", "/lab/digits?filter=a%2Fb#top"],
    [["/settings", "/settings/keys"], "/"],
    ["https://elsewhere.example", "/"],
    ["javascript:alert(1)", "/"],
    ["", "/"],
    [undefined, "/"],
  ])("%j -> %s", (next, path) => expect(toLocalPath(next)).toBe(path));

  test("the way back survives the address of the sign-in page", () => {
    const here = "/authorize/device?code=AAAA-BBBB";
    const { searchParams } = new URL(toSignIn(here), "http://x");
    expect(toLocalPath(searchParams.get("next") ?? undefined)).toBe(here);
    expect(toSignIn("/")).toBe("/login");
  });
});

test("a key works until it is revoked or over", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  expect(isLiving({ revokedAt: null, expiresAt: null }, now)).toBe(true);
  expect(isLiving({ revokedAt: null, expiresAt: daysFromNow("1", now) ?? null }, now)).toBe(true);
  expect(isLiving({ revokedAt: null, expiresAt: "2026-01-01T00:00:00Z" }, now)).toBe(false);
  expect(isLiving({ revokedAt: "2026-01-01T00:00:00Z", expiresAt: null }, now)).toBe(false);
  expect(daysFromNow("", now)).toBeUndefined();
});

test("a refusal stands at the field that the server names, as a sentence", () => {
  expect(
    readFailure({ code: "BAD_INPUT", message: "email is 3, expected text", details: { name: "email" } }),
  ).toEqual({
    code: "BAD_INPUT",
    message: "Email is 3, expected text",
    field: "email",
  });
  expect(readFailure({ code: "FORBIDDEN", message: "no", details: { name: 3 } })).not.toHaveProperty("field");
  expect(toRefusal(new RequestError("FORBIDDEN", "not yours"))).toEqual({
    code: "FORBIDDEN",
    message: "Not yours",
  });
  expect(toRefusal(new TypeError("fetch failed")).code).toBe("SERVER_UNREACHABLE");
});
