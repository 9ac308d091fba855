import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseSweepConfig } from "@/core/sweep-config";
import { DISTRIBUTIONS } from "@/core/sweep-config/shape";
import { codesOf } from "./support";

const page = readFileSync("docs/sweep-file.md", "utf8");
const SOURCE = "core/sweep-config";

test("the page on sweep files lists every code that the parser gives, and no others", () => {
  const source = readdirSync(SOURCE)
    .map((name) => readFileSync(join(SOURCE, name), "utf8"))
    .join("\n");
  const given = new Set([...source.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"/g)].map(([, code]) => code));
  given.delete("CONFIG_INVALID"); // of serialize.ts: an error of ours, not of a file
  given.add("CONSTRAINTS_LEAVE_NOTHING"); // of compute/search: found out when the sweep is made
  const listed = new Set([...page.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, code]) => code));
  expect([...listed].sort()).toEqual([...given].sort());
});

test("it lists every distribution", () => {
  expect(DISTRIBUTIONS.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
});

test("its examples are read without an error", () => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
  const answers = examples.map((text) => parseSweepConfig(text));
  expect(answers.map(({ errors }) => codesOf(errors))).toEqual([[], [], [], []]);
  expect(
    answers.map(({ warnings }) => codesOf(warnings).filter((code) => code !== "PROGRAM_MISSING")),
  ).toEqual([[], [], [], []]);
});
