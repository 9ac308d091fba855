import { describe, expect, test } from "vitest";
import { MOST_CHARACTERS, readRows, readSearch, toAddress } from "@/app/_lib/address";

describe("what stands in an address after the question mark", () => {
  test("counts once, without blanks around it", () => {
    expect(readSearch({ q: ["first", "second"], sort: " -createdAt ", tab: undefined, show: [] })).toEqual({
      q: "first",
      sort: "-createdAt",
    });
  });

  test("holds no character that no text can hold, and no more of them than the API takes", () => {
    expect(readSearch({ q: "a\u0000b\u001b\u0085", sort: "\u0000" })).toEqual({ q: "ab" });
    expect(readSearch({ q: "x".repeat(5_000) }).q).toHaveLength(MOST_CHARACTERS);
  });

  test.each([
    [undefined, 50],
    ["", 50],
    ["many", 50],
    ["1.5", 50],
    ["0", 50],
    ["-3", 50],
    ["1e400", 50],
    ["3", 3],
    ["200", 200],
    ["100000", 1_000],
  ])("asks by show=%s for %i rows", (text, rows) =>
    expect(readRows(text, { first: 50, most: 1_000 })).toBe(rows),
  );

  test("leads back to all of it", () => {
    expect(toAddress("/lab/digits", { tab: "runs", q: "lr<0.01" })).toBe("/lab/digits?tab=runs&q=lr%3C0.01");
    expect(toAddress("/", {})).toBe("/");
  });
});
