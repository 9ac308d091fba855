import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, specifiedRules, validate } from "graphql";
import { expect, test } from "vitest";
import { limitDocument } from "@/graphql/limits";
import { schema } from "@/graphql/schema";

const DOCS = join(import.meta.dirname, "../../docs");
const blocks = readdirSync(DOCS)
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) =>
    [...readFileSync(join(DOCS, name), "utf8").matchAll(/```graphql\n(.*?)```/gs)].map(
      ([, text = ""], i) => ({
        where: `docs/${name}, ${i + 1}`,
        text,
      }),
    ),
  );

test("there are documents in docs/", () => expect(blocks.length).toBeGreaterThan(1));

test.each(blocks)("the document in $where is one that the API takes", ({ text }) => {
  expect(validate(schema, parse(text), [...specifiedRules, limitDocument])).toEqual([]);
});
