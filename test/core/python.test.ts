import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { toPythonJson, toPythonText } from "@/core/python";
import { parseJson } from "@/core/value";

/** [json.dumps(value), str(value)] as Python 3.11 wrote them. */
const rows = JSON.parse(readFileSync("test/fixtures/reference/python-text.json", "utf8")) as [
  string,
  string,
][];

describe("Python's text", () => {
  test.each(rows)("of %s is %s", (json, text) => {
    expect(toPythonText(parseJson(json))).toBe(text);
  });

  test.each(rows)("of %s as JSON is json.dumps'", (json) => {
    expect(toPythonJson(parseJson(json))).toBe(json);
  });
});
