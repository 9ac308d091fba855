import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ERROR_CODES } from "@/core/errors";

test("docs/api.md lists every code with its status", () => {
  const text = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
  const listed = Object.fromEntries(
    [...text.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [code, Number(status)]),
  );
  expect(listed).toEqual(ERROR_CODES);
});
