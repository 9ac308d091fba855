import { parse } from "graphql";
import { expect, test } from "vitest";
import { schema } from "@/graphql/schema";
import { toQuestion } from "@/graphql/socket/question";

const question = (document: ReturnType<typeof parse>, variableValues: Record<string, unknown>) =>
  toQuestion({ schema, document, variableValues });

test("subscriptions that differ only in where they begin ask the same", () => {
  const document = parse(
    "subscription($id: ID!, $cursor: String) { runsChanged(sweepId: $id, cursor: $cursor) { cursor } }",
  );
  const asked = question(document, { id: "abcdefgh", cursor: "1:2:" });
  expect(question(document, { id: "abcdefgh", cursor: "3:4:" })).toBe(asked);
  expect(question(document, { id: "abcdefgh" })).toBe(asked);
  expect(question(document, { id: "hgfedcba", cursor: "1:2:" })).not.toBe(asked);
});

test("a cursor that is asked for elsewhere too is part of the question", () => {
  const document = parse(`subscription($id: ID!, $cursor: String) {
    runsChanged(sweepId: $id, cursor: $cursor) { runs { output(after: $cursor) { __typename } } } }`);
  expect(question(document, { id: "a", cursor: "1:2:" })).not.toBe(
    question(document, { id: "a", cursor: "3:4:" }),
  );
});

test("other documents and other operations ask something else", () => {
  const [one, two] = ["id", "state"].map((field) =>
    parse(`subscription { sweepChanged(sweepId: "a") { ${field} } }`),
  );
  if (one === undefined || two === undefined) throw new Error("two documents expected");
  expect(question(one, {})).toBe(question(one, {}));
  expect(question(one, {})).not.toBe(question(two, {}));
});
